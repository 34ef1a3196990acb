// One request of a batch in, its line of the results out.

import { ApiError, errorBody, invalid } from './api-error.ts';
import type { Ending } from './batch-stats.ts';
import type { CacheUse } from './cache.ts';
import { checkRequest, type MessageRequest } from './check-request.ts';
import { compose } from './compose.ts';
import { refusalOf, type Asked } from './failures.ts';
import { draw } from './random.ts';
import type { JsonObject } from './shape.ts';
import { bill } from './stats.ts';
import type { World } from './world.ts';

export interface Ended {
  ending: Ending;
  line: string;
}

/** A request as it stands in its batch. */
interface Entry {
  customId: string;
  params: JsonObject;
  /** Makes the ids in the answer. */
  serial: string;
  /** Milliseconds. */
  dueAt: number;
}

/** Processes the request; only an answer is billed. */
export function answerInBatch(entry: Entry, world: World): Ended {
  try {
    return answer(entry, world);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    return ended(entry.customId, 'errored', `,"error":${errorBody(error, null)}`);
  }
}

/** @param more What the result has besides its type, as JSON after a comma. */
export function ended(customId: string, ending: Ending, more = ''): Ended {
  return { ending, line: `{"custom_id":"${customId}","result":{"type":"${ending}"${more}}}\n` };
}

function answer(entry: Entry, world: World): Ended {
  const { customId, params, serial } = entry;
  refuseInBatch(params);
  const request = checkRequest(params, world.prefixOf);
  const { model, ticket } = request;
  const asked: Asked = { model, ticket, attempt: world.attempt(model, ticket), inBatch: true };

  const failure = world.failureFor(asked);
  const refusal = failure === null ? null : refusalOf(failure);
  if (refusal !== null) throw refusal;
  const what = failure?.what ?? null;
  if (what === 'expired') return ended(customId, 'expired');

  const use = cacheUse(request, asked, entry.dueAt, world);
  const message = compose(request, { serial, use, what, tier: 'batch' });
  bill(world.stats.of(model), message.tokens, 'batch');
  return ended(customId, 'succeeded', `,"message":${message.body}`);
}

/** @throws ApiError 400 for what is allowed outside of batches, or differently refused there. */
function refuseInBatch(params: JsonObject): void {
  if (params['stream'] === true) throw invalid('stream: not supported in a batch');
  if (params['max_tokens'] === 0) throw invalid('max_tokens: 0 is not supported in a batch');
}

function cacheUse(request: MessageRequest, asked: Asked, at: number, world: World): CacheUse {
  const { model, marks, facts, ticket } = request;
  const luck = draw(world.seed, `batch cache ${asked.attempt} ${model} ${ticket}`);
  const isMiss = luck >= world.batches.cacheHits;
  const use = world.cache.use(model, marks, facts.smallestPrefix, { at, isMiss });
  use.begin();
  return use;
}

// Batches are worked off: their requests in, the lines of their results out.

import { ApiError, errorBody, invalid } from './api-error.ts';
import { dueAt, type Batch, type BatchRequest, type Ending } from './batch.ts';
import type { CacheUse } from './cache.ts';
import { checkRequest, type MessageRequest } from './check-request.ts';
import { answerTo } from './messages.ts';
import { draw } from './random.ts';
import type { JsonObject } from './shape.ts';
import type { World } from './world.ts';

/** Does in every batch what is due by now, and ends those whose time has come. */
export function workOff(world: World): void {
  const now = world.now();
  for (const batch of world.batches.running) {
    processDue(batch, Math.min(now, batch.canceledAt ?? now, batch.endsAt), world);
    if (now >= batch.endsAt) end(batch, world);
  }
}

/** @param until Milliseconds. */
function processDue(batch: Batch, until: number, world: World): void {
  const { requests, serial } = batch;
  while (batch.processed < requests.length && dueAt(batch, batch.processed) <= until) {
    const place = batch.processed;
    batch.processed += 1;
    const request = requests[place];
    if (request === undefined || request.params === null) continue;
    const { customId, params } = request;
    const entry = {
      customId,
      params,
      serial: `${serial}_${place + 1}`,
      dueAt: dueAt(batch, place),
    };
    settle(batch, request, answerInBatch(entry, world), world);
  }
}

/** What is not done by the end is canceled if that was asked for, and expired if not. */
function end(batch: Batch, world: World): void {
  const ending: Ending = batch.canceledAt === null ? 'expired' : 'canceled';
  for (const request of batch.requests.slice(batch.processed)) {
    settle(batch, request, ended(request.customId, ending), world);
  }
  batch.endedAt = batch.endsAt;
  world.batches.running.delete(batch);
}

function settle(batch: Batch, request: BatchRequest, { ending, line }: Ended, world: World): void {
  request.params = null;
  request.line = line;
  batch.counts[ending] += 1;
  world.obstacles.watch?.settled?.(ending);
}

interface Ended {
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
function answerInBatch(entry: Entry, world: World): Ended {
  try {
    return answer(entry, world);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    return ended(entry.customId, 'errored', `,"error":${errorBody(error, null)}`);
  }
}

/** @param more What the result has besides its type, as JSON after a comma. */
function ended(customId: string, ending: Ending, more = ''): Ended {
  return { ending, line: `{"custom_id":"${customId}","result":{"type":"${ending}"${more}}}\n` };
}

function answer(entry: Entry, world: World): Ended {
  const { customId, params, serial } = entry;
  refuseInBatch(params);
  const request = checkRequest(params, world.prefixOf);
  const { model, ticket } = request;
  const attempt = world.attempt(model, ticket);
  const use = cacheUse(request, attempt, entry.dueAt, world);
  const found = answerTo(request, { serial, use, tier: 'batch', attempt }, world);
  if (found === null) return ended(customId, 'expired');
  const { message, tokens } = found;
  if (tokens !== null) {
    use.begin();
    world.obstacles.watch?.billed?.(model, tokens, 'batch');
  }
  return ended(customId, 'succeeded', `,"message":${JSON.stringify(message)}`);
}

/** @throws ApiError 400 for what is allowed outside of batches, or differently refused there. */
function refuseInBatch(params: JsonObject): void {
  if (params['stream'] === true) throw invalid('stream: not supported in a batch');
  if (params['max_tokens'] === 0) throw invalid('max_tokens: 0 is not supported in a batch');
}

function cacheUse(request: MessageRequest, attempt: number, at: number, world: World): CacheUse {
  const { model, marks, facts, ticket } = request;
  const luck = draw(`batch cache ${attempt} ${model} ${ticket}`);
  const isMiss = luck >= (world.options.batches?.cacheHits ?? CACHE_HITS);
  return world.cache.use(model, marks, facts.smallestPrefix, { at, isMiss });
}

const CACHE_HITS = 0.9;

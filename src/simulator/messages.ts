import type { CacheUse } from './cache.ts';
import { checkRequest, type MessageRequest } from './check-request.ts';
import { compose } from './compose.ts';
import type { Answer, Asked, Call } from './obstacles.ts';
import { jsonReply, NEVER, type Reply } from './reply.ts';
import { streamReply } from './stream.ts';
import { latencyOf, type World } from './world.ts';

/**
 * `POST /v1/messages`.
 *
 * @throws ApiError for what the API refuses.
 */
export function createMessage({ body, serial }: Call, world: World): Reply {
  const request = checkRequest(body, world.prefixOf);
  const { model, ticket, marks, facts } = request;
  const attempt = world.attempt(model, ticket);
  const use = world.cache.use(model, marks, facts.smallestPrefix);
  const circumstances = { serial, use, tier: 'standard', attempt } as const;

  const answer = answerTo(request, circumstances, world);
  if (answer === null) return { ...jsonReply(200, ''), delivery: NEVER };
  const { message, tokens, reply = {} } = answer;
  const good = request.isStream ? streamReply(message) : jsonReply(200, JSON.stringify(message));
  const sent = { ...good, ...reply };
  if (tokens === null) return sent;
  return {
    ...sent,
    afterMs: latencyOf(world.options.latency ?? 0, model, `${attempt} ${model} ${ticket}`),
    done(isDelivered) {
      use.begin();
      world.obstacles.watch?.billed?.(model, tokens, isDelivered ? 'delivered' : 'lost');
    },
  };
}

interface Circumstances {
  /** Makes the ids in the message. */
  serial: string;
  use: CacheUse;
  tier: 'standard' | 'batch';
  attempt: number;
}

/** The answer, past whatever stands in its way; null if there is none. */
export function answerTo(
  request: MessageRequest,
  circumstances: Circumstances,
  { obstacles }: World,
): Answer | null {
  const { model, ticket, tool, inputTokens } = request;
  const { use, tier, attempt } = circumstances;
  const answer = (): Answer => compose(request, circumstances);
  if (obstacles.message === undefined) return answer();
  const asked: Asked = {
    model,
    ticket,
    attempt,
    tool,
    inBatch: tier === 'batch',
    newTokens: inputTokens - use.read,
  };
  return obstacles.message(asked, answer);
}

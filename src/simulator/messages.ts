import type { Call } from './call.ts';
import { checkRequest } from './check-request.ts';
import { compose } from './compose.ts';
import { refusalOf, type Asked } from './failures.ts';
import { latencyOf } from './latency.ts';
import { deliveryAfterWork, replyWithoutWork } from './losses.ts';
import { jsonReply, type Reply } from './reply.ts';
import { bill } from './stats.ts';
import type { World } from './world.ts';

/**
 * `POST /v1/messages`.
 *
 * @throws ApiError for what the API refuses.
 */
export function createMessage({ body, serial }: Call, world: World): Reply {
  const request = checkRequest(body, world.prefixOf);
  const { model, ticket } = request;
  const asked: Asked = { model, ticket, attempt: world.attempt(model, ticket), inBatch: false };

  const failure = world.failureFor(asked);
  const refusal = failure === null ? null : refusalOf(failure);
  if (refusal !== null) throw refusal;
  const what = failure?.what ?? null;
  const unpaid = what === null ? null : replyWithoutWork(what);
  if (unpaid !== null) return unpaid;

  const use = world.cache.use(model, request.marks, request.facts.smallestPrefix);
  world.limits.admit(model, request.inputTokens - use.read);

  const message = compose(request, { serial, use, what, tier: 'standard' });
  return {
    ...jsonReply(200, message.body),
    afterMs: latencyOf(world.latency, model, world.seed, `${asked.attempt} ${model} ${ticket}`),
    delivery: what === null ? 'whole' : deliveryAfterWork(what),
    done(isDelivered) {
      use.begin();
      world.limits.spend(model, message.tokens.output);
      bill(world.stats.of(model), message.tokens, isDelivered ? 'delivered' : 'lost');
    },
  };
}

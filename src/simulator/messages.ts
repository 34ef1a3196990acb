import type { PromptCache } from './cache.ts';
import { checkRequest, type MessageRequest } from './check-request.ts';
import { cutOff, inWords, toolCall, toolInput, type Draft } from './draft.ts';
import {
  isLoss,
  refusalOf,
  type Asked,
  type FindFailure,
  type Loss,
  type What,
} from './failures.ts';
import { latencyOf, type Latency } from './latency.ts';
import type { RateLimits } from './limits.ts';
import type { Prefix } from './prefix.ts';
import { jsonReply, type Reply } from './reply.ts';
import type { JsonObject } from './shape.ts';
import { isSpoil, spoil } from './spoil.ts';
import { bill, type ModelStats, type Tokens } from './stats.ts';

/** What a request meets. */
export interface World {
  seed: number;
  latency: Latency;
  failureFor: FindFailure;
  limits: RateLimits;
  cache: PromptCache;
  prefixOf: (body: JsonObject) => Prefix;
  /** How often this model has been asked this text, this time counted. */
  attempt: (model: string, ticket: string) => number;
  statsOf: (model: string) => ModelStats;
}

/**
 * `POST /v1/messages`.
 *
 * @param serial Makes the ids in the answer.
 * @throws ApiError for what the API refuses.
 */
export function createMessage(body: JsonObject, serial: string, world: World): Reply {
  const request = checkRequest(body, world.prefixOf);
  const { model, ticket } = request;
  const asked: Asked = { model, ticket, attempt: world.attempt(model, ticket) };

  const failure = world.failureFor(asked);
  const refusal = failure === null ? null : refusalOf(failure);
  if (refusal !== null) throw refusal;
  const what = failure?.what ?? null;
  const loss = what !== null && isLoss(what) ? what : null;
  const unpaid = loss === null ? null : unpaidReply(loss);
  if (unpaid !== null) return unpaid;

  const use = world.cache.use(model, request.marks, request.facts.smallestPrefix);
  const input = request.inputTokens - use.read - use.write5m - use.write1h;
  world.limits.admit(model, input + use.write5m + use.write1h);

  const draft = write(request, serial, what);
  const tokens: Tokens = {
    input,
    cacheRead: use.read,
    cacheWrite5m: use.write5m,
    cacheWrite1h: use.write1h,
    output: draft.outputTokens,
  };
  return {
    ...jsonReply(200, messageBody(request, serial, draft, tokens)),
    afterMs: latencyOf(world.latency, model, world.seed, `${asked.attempt} ${model} ${ticket}`),
    delivery: deliveryOf(loss),
    done(delivered) {
      use.begin();
      world.limits.spend(model, tokens.output);
      bill(world.statsOf(model), tokens, delivered);
    },
  };
}

function unpaidReply(loss: Loss): Reply | null {
  if (loss === 'dropped_before') return { ...jsonReply(200, ''), delivery: 'dropped' };
  if (loss === 'hang') return { ...jsonReply(200, ''), delivery: 'never' };
  if (loss === 'html_page') return { ...jsonReply(200, PAGE), contentType: 'text/html' };
  return null;
}

const PAGE = '<!doctype html><title>Simulated proxy</title><p>Please sign in to the network.</p>';

function deliveryOf(loss: Loss | null): Reply['delivery'] {
  if (loss === 'dropped_after') return 'dropped';
  return loss === 'truncated_json' ? 'truncated' : 'whole';
}

function write(request: MessageRequest, serial: string, what: What | null): Draft {
  const { tool, facts, model, ticket, prefix, maxTokens } = request;
  if (tool === null)
    return cutOff(inWords('Simulated: no tool to call.', facts.density), maxTokens);
  const classifier = prefix.classifierFor(tool);
  const input = toolInput(classifier, classifier.read(ticket, model));
  const good = toolCall(`toolu_sim_${serial}`, tool.name, input, facts.density);
  const isSpoilt = what !== null && isSpoil(what);
  return cutOff(isSpoilt ? spoil(what, good, classifier.fields, facts.density) : good, maxTokens);
}

function messageBody(
  request: MessageRequest,
  serial: string,
  draft: Draft,
  tokens: Tokens,
): string {
  const isRefusal = draft.stop === 'refusal';
  return JSON.stringify({
    id: `msg_sim_${serial}`,
    type: 'message',
    role: 'assistant',
    model: request.model,
    content: draft.content,
    container: null,
    diagnostics: null,
    stop_reason: draft.stop,
    stop_sequence: null,
    stop_details: isRefusal ? { type: 'refusal', category: null, explanation: null } : null,
    usage: {
      input_tokens: tokens.input,
      cache_creation_input_tokens: tokens.cacheWrite5m + tokens.cacheWrite1h,
      cache_read_input_tokens: tokens.cacheRead,
      cache_creation: {
        ephemeral_5m_input_tokens: tokens.cacheWrite5m,
        ephemeral_1h_input_tokens: tokens.cacheWrite1h,
      },
      output_tokens: tokens.output,
      output_tokens_details: null,
      server_tool_use: null,
      service_tier: 'standard',
      speed: 'standard',
      inference_geo: 'not_available',
    },
  });
}

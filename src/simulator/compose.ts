// A checked request in, the message that answers it out, with what it is billed for.

import type { CacheUse } from './cache.ts';
import type { MessageRequest } from './check-request.ts';
import { cutOff, inWords, thoughtThrough, toolCall, toolInput, type Draft } from './draft.ts';
import type { What } from './failures.ts';
import { isSpoil, spoil } from './spoil.ts';
import type { Tokens } from './stats.ts';

export interface Composed {
  /** The message as JSON. */
  body: string;
  tokens: Tokens;
}

interface Circumstances {
  /** Makes the ids in the message. */
  serial: string;
  use: CacheUse;
  /** Only a spoil makes a difference here. */
  what: What | null;
  tier: 'standard' | 'batch';
}

export function compose(request: MessageRequest, circumstances: Circumstances): Composed {
  const { use } = circumstances;
  const draft = write(request, circumstances);
  const tokens: Tokens = {
    input: request.inputTokens - use.read - use.write5m - use.write1h,
    cacheRead: use.read,
    cacheWrite5m: use.write5m,
    cacheWrite1h: use.write1h,
    output: draft.outputTokens,
  };
  return { body: messageBody(request, circumstances, draft, tokens), tokens };
}

function write(request: MessageRequest, { serial, what }: Circumstances): Draft {
  const { tool, facts, model, ticket, prefix, maxTokens, thinkingTokens } = request;
  if (tool === null)
    return cutOff(inWords('Simulated: no tool to call.', facts.density), maxTokens);
  const classifier = prefix.classifierFor(tool);
  const input = toolInput(classifier, classifier.read(ticket, model));
  const good = toolCall(`toolu_sim_${serial}`, tool.name, input, facts.density);
  const isSpoilt = what !== null && isSpoil(what);
  const said = isSpoilt ? spoil(what, good, classifier.fields, facts.density) : good;
  return cutOff(thoughtThrough(said, thinkingTokens), maxTokens);
}

function messageBody(
  request: MessageRequest,
  { serial, tier }: Circumstances,
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
      service_tier: tier,
      speed: 'standard',
      inference_geo: 'not_available',
    },
  });
}

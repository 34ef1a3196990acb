// A checked request in, the message that answers it out, with what it is billed for.

import type { CacheUse } from './cache.ts';
import type { MessageRequest } from './check-request.ts';
import type { Classifier, Reading } from './labels.ts';
import { tokensOf } from './model-facts.ts';
import type { Tokens } from './obstacles.ts';
import type { JsonObject } from './shape.ts';

export interface Composed {
  message: Message;
  tokens: Tokens;
}

/** The API's object. */
export interface Message extends JsonObject {
  content: Content[];
  stop_reason: Draft['stop'];
  usage: { output_tokens: number } & JsonObject;
}

export type Content =
  | { type: 'text'; text: string; citations: null }
  | { type: 'thinking'; thinking: string; signature: string }
  | { type: 'tool_use'; id: string; name: string; input: JsonObject; caller: { type: 'direct' } };

interface Circumstances {
  /** Makes the ids in the message. */
  serial: string;
  use: CacheUse;
  tier: 'standard' | 'batch';
}

export function compose(request: MessageRequest, circumstances: Circumstances): Composed {
  const { use, serial } = circumstances;
  const draft = write(request, serial);
  const tokens: Tokens = {
    input: request.inputTokens - use.read - use.write5m - use.write1h,
    cacheRead: use.read,
    cacheWrite5m: use.write5m,
    cacheWrite1h: use.write1h,
    output: draft.outputTokens,
  };
  return { message: messageOf(request, circumstances, draft, tokens), tokens };
}

/** What a model says, before it is counted. */
interface Draft {
  content: Content[];
  stop: 'tool_use' | 'end_turn' | 'max_tokens';
  outputTokens: number;
}

function write(request: MessageRequest, serial: string): Draft {
  const { tool, facts, model, ticket, prefix, maxTokens, thinkingTokens } = request;
  if (tool === null) {
    return cutOff(inWords('Simulated: no tool to call.', facts.density), maxTokens);
  }
  const classifier = prefix.classifierFor(tool);
  const input = toolInput(classifier, classifier.read(ticket, model));
  const call = toolCall(`toolu_sim_${serial}`, tool.name, input, facts.density);
  return cutOff(thoughtThrough(call, thinkingTokens), maxTokens);
}

function messageOf(
  request: MessageRequest,
  { serial, tier }: Circumstances,
  draft: Draft,
  tokens: Tokens,
): Message {
  return {
    id: `msg_sim_${serial}`,
    type: 'message',
    role: 'assistant',
    model: request.model,
    content: draft.content,
    container: null,
    diagnostics: null,
    stop_reason: draft.stop,
    stop_sequence: null,
    stop_details: null,
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
  };
}

/** The tool's input: labels and confidences as read, and texts that nobody can take for a model's. */
function toolInput(classifier: Classifier, reading: Reading): JsonObject {
  const input: JsonObject = {};
  let texts = 0;
  for (const field of classifier.fields) {
    if (field.kind === 'label') input[field.name] = reading.labels[field.name];
    if (field.kind === 'number') input[field.name] = reading.confidence[field.of ?? ''] ?? 0.5;
    if (field.kind === 'other') input[field.name] = field.empty;
    if (field.kind === 'text') {
      input[field.name] = texts === 0 ? summarise(reading) : explain(reading);
      texts += 1;
    }
  }
  return input;
}

function toolCall(id: string, name: string, input: JsonObject, density: 10 | 13): Draft {
  const outputTokens = tokensOf(JSON.stringify(input), density);
  const call: Content = { type: 'tool_use', id, name, input, caller: { type: 'direct' } };
  return { content: [call], stop: 'tool_use', outputTokens };
}

function inWords(text: string, density: 10 | 13): Draft {
  const outputTokens = tokensOf(text, density);
  return { content: [{ type: 'text', text, citations: null }], stop: 'end_turn', outputTokens };
}

/** The same after so many tokens of thought, which the API does not show. */
function thoughtThrough(draft: Draft, tokens: number): Draft {
  if (tokens === 0) return draft;
  const thought: Content = { type: 'thinking', thinking: '', signature: 'c2ltdWxhdGVk' };
  return {
    ...draft,
    content: [thought, ...draft.content],
    outputTokens: draft.outputTokens + tokens,
  };
}

/** Ends an answer that is longer than `maxTokens`: of a tool call, the fields that were complete. */
function cutOff(draft: Draft, maxTokens: number): Draft {
  if (draft.outputTokens <= maxTokens) return draft;
  const share = maxTokens / draft.outputTokens;
  const content = draft.content.flatMap((block) => cutBlock(block, share));
  return { content: maxTokens === 0 ? [] : content, stop: 'max_tokens', outputTokens: maxTokens };
}

const SUMMARY_LENGTH = 120;

function summarise({ subject, body }: Reading): string {
  const text = `Simulated: ${subject.trim() || body.trim()}`.replace(/\s+/g, ' ');
  if (text.length <= SUMMARY_LENGTH) return text;
  // Whole words, and so no half of a surrogate pair; a first word that is too long is left out.
  return text.slice(0, text.lastIndexOf(' ', SUMMARY_LENGTH)).trimEnd();
}

function explain({ words }: Reading): string {
  if (words.length === 0) return 'Simulated: no word of the ticket is known from the prompt.';
  return `Simulated: nearest words ${words.join(', ')}.`;
}

function cutBlock(block: Content, share: number): Content[] {
  if (block.type === 'thinking') return [block];
  if (block.type === 'text')
    return [{ ...block, text: block.text.slice(0, block.text.length * share) }];
  const length = JSON.stringify(block.input).length * share;
  const input: JsonObject = {};
  for (const [name, value] of Object.entries(block.input)) {
    if (JSON.stringify({ ...input, [name]: value }).length > length) break;
    input[name] = value;
  }
  return [{ ...block, input }];
}

// A good message in, and out comes one of another shape, as gateways and other servers send them. The
// work was done, and is billed for what it took, whatever the message says of it.

import type { Answer } from '../../src/simulator/obstacles.ts';
import { isObject, type JsonObject } from '../../src/simulator/shape.ts';

export type OddMessage = keyof typeof ODD_MESSAGES;

export function isOddMessage(what: string): what is OddMessage {
  return Object.hasOwn(ODD_MESSAGES, what);
}

export function makeOdd(what: OddMessage, answer: Answer): Answer {
  const { message } = answer;
  return isObject(message) ? { ...answer, message: ODD_MESSAGES[what](message) } : answer;
}

/** JSON leaves out what is undefined. */
export const ODD_MESSAGES = {
  message_null: () => null,
  message_list: (message) => [message],
  message_text: (message) => JSON.stringify(message),
  message_error: () => ({ type: 'error', error: { type: 'api_error', message: 'Simulated' } }),

  content_null: (message) => ({ ...message, content: null }),
  content_missing: (message) => ({ ...message, content: undefined }),
  content_text: (message) => ({ ...message, content: 'Simulated' }),
  content_object: (message) => ({ ...message, content: contentOf(message)[0] }),
  content_null_blocks: (message) => ({ ...message, content: [null, ...contentOf(message), null] }),
  content_odd_blocks: (message) => ({
    ...message,
    content: [[], 'text', 7, { type: null }, { type: 'new_kind' }, ...contentOf(message)],
  }),
  two_calls: (message) => ({
    ...message,
    content: contentOf(message).flatMap((block) => [block, { ...block, id: 'toolu_sim_second' }]),
  }),
  json_in_text: (message) => ({
    ...message,
    stop_reason: 'end_turn',
    content: contentOf(message).map(({ input }) => ({
      type: 'text',
      text: `\`\`\`json\n${JSON.stringify(input, null, 2)}\n\`\`\``,
    })),
  }),

  input_text: (message) => withInput(message, (input) => JSON.stringify(input)),
  input_nested: (message) => withInput(message, (input, name) => ({ [name]: input })),
  input_null: (message) => withInput(message, () => null),
  input_list: (message) => withInput(message, (input) => [input]),
  confidence_text: (message) => withInput(message, (input) => eachNumber(input, String)),
  confidence_huge: (message) => withInput(message, (input) => eachNumber(input, () => 1e308)),
  labels_listed: (message) =>
    withInput(message, (input) =>
      Object.fromEntries(Object.entries(input).map(([name, value]) => [name, [value]])),
    ),

  usage_missing: (message) => ({ ...message, usage: undefined }),
  usage_null: (message) => ({ ...message, usage: null }),
  usage_empty: (message) => ({ ...message, usage: {} }),
  usage_list: (message) => ({ ...message, usage: [message['usage']] }),
  usage_text: (message) => withUsage(message, String),
  usage_words: (message) => withUsage(message, () => 'many'),
  usage_object: (message) => withUsage(message, (tokens) => ({ tokens })),
  usage_negative: (message) => withUsage(message, (tokens) => -tokens - 1),
  usage_fraction: (message) => withUsage(message, (tokens) => tokens + 0.5),
  // JSON knows no NaN; what has it writes null.
  usage_nan: (message) => withUsage(message, () => Number.NaN),
  usage_huge: (message) => withUsage(message, () => 1e308),
  usage_openai: (message) => ({
    ...message,
    usage: { prompt_tokens: 700, completion_tokens: 90, total_tokens: 790 },
  }),

  other_model: (message) => ({ ...message, model: 'gpt-4o-mini' }),
  routed_model: (message) => ({
    ...message,
    model: `us.anthropic.${String(message['model'])}-20251001-v1:0`,
  }),
  model_missing: (message) => ({ ...message, model: undefined }),
  model_object: (message) => ({ ...message, model: { name: message['model'] } }),

  stop_pause_turn: (message) => ({ ...message, stop_reason: 'pause_turn', content: [] }),
  stop_context_window: (message) => ({
    ...message,
    stop_reason: 'model_context_window_exceeded',
    content: [],
  }),
  stop_missing: (message) => ({ ...message, stop_reason: undefined }),
  id_missing: (message) => ({ ...message, id: undefined }),
} as const satisfies Record<string, (message: JsonObject) => unknown>;

function contentOf({ content }: JsonObject): JsonObject[] {
  return Array.isArray(content) ? content.filter(isObject) : [];
}

function withInput(
  message: JsonObject,
  change: (input: JsonObject, name: string) => unknown,
): JsonObject {
  const content = contentOf(message).map((block) => {
    const { input, name } = block;
    return isObject(input) ? { ...block, input: change(input, String(name)) } : block;
  });
  return { ...message, content };
}

function eachNumber(input: JsonObject, change: (value: number) => unknown): JsonObject {
  const entries = Object.entries(input);
  return Object.fromEntries(
    entries.map(([name, value]) => [name, typeof value === 'number' ? change(value) : value]),
  );
}

function withUsage(message: JsonObject, change: (tokens: number) => unknown): JsonObject {
  const { usage } = message;
  return isObject(usage) ? { ...message, usage: eachNumber(usage, change) } : message;
}

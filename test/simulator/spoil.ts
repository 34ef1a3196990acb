// A good answer in, and out comes what a client must not take for one. Each is billed like any other.

import { fieldsOf, type Field } from '../../src/simulator/lessons.ts';
import { modelFacts, tokensOf } from '../../src/simulator/model-facts.ts';
import type { Answer, Asked } from '../../src/simulator/obstacles.ts';
import { isObject, type JsonObject } from '../../src/simulator/shape.ts';

export type Spoil = keyof typeof SPOILS;

export function isSpoil(what: string): what is Spoil {
  return Object.hasOwn(SPOILS, what);
}

/** An answer that calls no tool comes back as it is. */
export function spoil(what: Spoil, answer: Answer, { tool, model }: Asked): Answer {
  const call = callIn(answer.message);
  if (call === null || tool === null) return answer;
  const { density } = modelFacts(model);
  const fields = fieldsOf(tool.schema);
  const spoilt: Spoilt = SPOILS[what]({ ...call, fields });
  const { says, outputTokens, ...changes } = spoilt;
  const now = outputTokens ?? tokensOf(says ?? '', density);
  return changed(answer, changes, now - tokensOf(JSON.stringify(call.input), density));
}

/** @param more tokens of output than there were */
function changed(answer: Answer, changes: JsonObject, more: number): Answer {
  const { message, tokens } = answer;
  if (!isObject(message) || !isObject(message['usage']) || tokens === null) return answer;
  const output = tokens.output + more;
  const usage = { ...message['usage'], output_tokens: output };
  return { ...answer, message: { ...message, ...changes, usage }, tokens: { ...tokens, output } };
}

interface ToolCall {
  block: JsonObject;
  name: string;
  input: JsonObject;
}

export function callIn(message: unknown): ToolCall | null {
  const content = isObject(message) ? message['content'] : null;
  const blocks: unknown[] = Array.isArray(content) ? content : [];
  const block = blocks.filter(isObject).find(({ type }) => type === 'tool_use');
  if (block === undefined || !isObject(block['input'])) return null;
  return { block, name: String(block['name']), input: block['input'] };
}

interface Good extends ToolCall {
  fields: Field[];
}

/** What is other in the message, and what its output is counted by. */
interface Spoilt {
  content: unknown[];
  stop_reason?: string;
  stop_details?: JsonObject;
  says?: string;
  outputTokens?: number;
}

const SPOILS = {
  wrong_label: (good) => again(good, first(good, 'label', 'no_such_label')),
  other_case: (good) => again(good, capitals(good)),
  confidence_out_of_range: (good) => again(good, first(good, 'number', 1.5)),
  confidence_not_a_number: (good) => again(good, first(good, 'number', 'high')),
  missing_field: ({ block, input }) => calling(block, withoutFirst(input)),
  long_summary: (good) => again(good, first(good, 'text', LONG)),
  other_tool: ({ block, name, input }) => calling({ ...block, name: `${name}_other` }, input),
  text_answer: () => ({
    content: [{ type: 'text', text: WORDS, citations: null }],
    stop_reason: 'end_turn',
    says: WORDS,
  }),
  refused: () => ({
    content: [],
    stop_reason: 'refusal',
    stop_details: { type: 'refusal', category: null, explanation: null },
    outputTokens: 1,
  }),
  cut_off: ({ block, input }) => ({
    ...calling(block, firstHalf(input)),
    stop_reason: 'max_tokens',
  }),
} as const satisfies Record<string, (good: Good) => Spoilt>;

const LONG = `Simulated: ${'a summary that goes on '.repeat(10)}`.trimEnd();
const WORDS = 'Simulated: this ticket needs no tool.';

function again({ block, input }: Good, changes: JsonObject): Spoilt {
  return calling(block, { ...input, ...changes });
}

function calling(block: JsonObject, input: JsonObject): Spoilt {
  return { content: [{ ...block, input }], says: JSON.stringify(input) };
}

function first({ fields }: Good, kind: Field['kind'], value: unknown): JsonObject {
  const field = fields.find((candidate) => candidate.kind === kind);
  return field === undefined ? {} : { [field.name]: value };
}

function capitals({ fields, input }: Good): JsonObject {
  const labels = fields.filter((field) => field.kind === 'label');
  return Object.fromEntries(labels.map(({ name }) => [name, String(input[name]).toUpperCase()]));
}

function withoutFirst(input: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(input).slice(1));
}

function firstHalf(input: JsonObject): JsonObject {
  const entries = Object.entries(input);
  return Object.fromEntries(entries.slice(0, entries.length / 2));
}

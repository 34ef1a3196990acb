// A good answer in, and out comes what a client must not take for one. Each is billed like any other.

import { cutOff, inWords, toolCall, type Draft } from './draft.ts';
import type { Field } from './fields.ts';
import type { JsonObject } from './shape.ts';

export type Spoil = keyof typeof SPOILS;

export function isSpoil(what: string): what is Spoil {
  return Object.hasOwn(SPOILS, what);
}

/** A draft that calls no tool comes back as it is. */
export function spoil(what: Spoil, draft: Draft, fields: Field[], density: 10 | 13): Draft {
  const call = draft.content[0];
  if (call?.type !== 'tool_use') return draft;
  const again = (input: JsonObject, name = call.name): Draft =>
    toolCall(call.id, name, input, density);
  return SPOILS[what]({ draft, name: call.name, input: call.input, fields, density, again });
}

interface Good {
  draft: Draft;
  name: string;
  input: JsonObject;
  fields: Field[];
  density: 10 | 13;
  again(input: JsonObject, name?: string): Draft;
}

const SPOILS = {
  wrong_label: (good) => good.again({ ...good.input, ...first(good, 'label', 'no_such_label') }),
  other_case: (good) => good.again({ ...good.input, ...capitals(good) }),
  confidence_out_of_range: (good) => good.again({ ...good.input, ...first(good, 'number', 1.5) }),
  confidence_not_a_number: (good) =>
    good.again({ ...good.input, ...first(good, 'number', 'high') }),
  missing_field: (good) => good.again(withoutFirst(good.input)),
  long_summary: (good) => good.again({ ...good.input, ...first(good, 'text', LONG) }),
  other_tool: (good) => good.again(good.input, `${good.name}_other`),
  text_answer: (good) => inWords('Simulated: this ticket needs no tool.', good.density),
  refused: () => ({ content: [], stop: 'refusal', outputTokens: 1 }),
  cut_off: (good) => cutOff(good.draft, Math.floor(good.draft.outputTokens / 2)),
} as const satisfies Record<string, (good: Good) => Draft>;

const LONG = `Simulated: ${'a summary that goes on '.repeat(10)}`.trimEnd();

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

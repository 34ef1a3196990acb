// Claude's message → labels and confidences, or why it is no answer.
import { isObject } from '../ground/is-object.ts';
import type { Playbook } from '../playbook/playbook.ts';
import { TOOL_NAME } from '../playbook/prompt.ts';
import { CONFIDENCE_OF, FIELDS, type Field, type ValidAnswer } from '../ticket.ts';
import type { Block, Message } from './message.ts';
import type { AnsweredBy } from './models.ts';

export type Reading =
  | ({ kind: 'valid' } & Pick<ValidAnswer, 'labels' | 'confidence' | 'summary' | 'routingReason'>)
  | { kind: 'invalid'; why: string };

const SUMMARY_CHARS = 120;

/** Reasons to stop that leave no whole answer, whatever stands before them. */
const CUT_SHORT: ReadonlyMap<string | null, string> = new Map([
  ['max_tokens', 'the answer was cut off at max_tokens'],
  ['model_context_window_exceeded', "the answer was cut off: the model's context window is full"],
  ['pause_turn', 'the model paused before its answer was whole (pause_turn)'],
]);

/** How deep servers have been seen to pack the input: as JSON text, or under a name of their own. */
const WRAPPINGS = 3;

/**
 * `strict` promises the schema only for an answer that was neither refused nor cut off, so all is checked.
 * Of several calls none counts unless they agree on every label: nobody knows which one is meant.
 * @param isOfPlaybook false for an answer to another playbook's prompt: its labels are taken as they are
 */
export function readAnswer(
  { model, stopReason, refusalCategory, blocks }: Message,
  by: AnsweredBy,
  playbook: Playbook,
  isOfPlaybook = true,
): Reading {
  if (by.kind === 'stranger') return invalid(`answered by ${nameOf(model)}`);
  if (stopReason === 'refusal') {
    const category = refusalCategory === null ? '' : ` (${nameOf(refusalCategory)})`;
    return invalid(`the model refused to answer${category}`);
  }
  const short = CUT_SHORT.get(stopReason);
  if (short !== undefined) return invalid(short);
  const calls = blocks.filter(({ type, name }) => type === 'tool_use' && name === TOOL_NAME);
  const readings = calls.map(({ input }) => readInput(unwrapped(input), playbook, isOfPlaybook));
  const [first] = readings;
  if (!first) return invalid(`${insteadOf(blocks)} instead of a call of ${TOOL_NAME}`);
  const isOne = readings.every((other) => labelsOf(other) === labelsOf(first));
  return isOne ? first : invalid(`${calls.length} calls of ${TOOL_NAME} that differ`);
}

function labelsOf(reading: Reading): string {
  return reading.kind === 'valid' ? Object.values(reading.labels).join() : reading.why;
}

function insteadOf(blocks: readonly Block[]): string {
  const other = blocks.find(({ type }) => type === 'tool_use');
  if (other) return `a call of ${nameOf(other.name)}`;
  return blocks.some(({ type, text }) => type === 'text' && text?.trim()) ? 'text' : 'nothing';
}

/** Some servers hand a tool's input on as the JSON text that the model wrote, or one level deeper. */
function unwrapped(input: unknown): unknown {
  let inner = input;
  for (let depth = 0; depth < WRAPPINGS; depth++) {
    if (typeof inner === 'string') inner = parsed(inner);
    if (Array.isArray(inner) && inner.length === 1) inner = inner[0];
    if (!isObject(inner) || FIELDS.some((field) => isObject(inner) && field in inner)) return inner;
    const [only, ...others] = Object.values(inner);
    if (others.length > 0 || !(isObject(only) || typeof only === 'string')) return inner;
    inner = only;
  }
  return inner;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function readInput(input: unknown, playbook: Playbook, isOfPlaybook: boolean): Reading {
  const fields = new Map(Object.entries(isObject(input) ? input : {}));
  const labels: Partial<Record<Field, string>> = {};
  const confidence: Partial<Record<Field, number>> = {};
  for (const field of FIELDS) {
    const said = fields.get(field);
    const own = playbook.labels[field].find((known) => sameLabel(known.name, said));
    const label = own?.name ?? (isOfPlaybook || typeof said !== 'string' ? '' : said);
    if (label === '') return invalid(`${field} ${shown(said)} is not a label`);
    const sureness = fields.get(CONFIDENCE_OF[field]);
    if (typeof sureness !== 'number' || !(sureness >= 0 && sureness <= 1)) {
      return invalid(`${CONFIDENCE_OF[field]} ${shown(sureness)} is not a number from 0 to 1`);
    }
    labels[field] = label;
    confidence[field] = sureness;
  }
  const isLean = playbook.lean || !isOfPlaybook;
  const summary = sentence(fields.get('summary'), isLean);
  if (summary === null) return invalid('no summary');
  const routingReason = sentence(fields.get('routing_reason'), isLean);
  if (routingReason === null) return invalid('no routing_reason');
  if (!isComplete(labels) || !isComplete(confidence)) return invalid('a field is missing');
  return { kind: 'valid', labels, confidence, summary: cut(summary), routingReason };
}

/** Null for what is no text; with `--lean` none is asked for. */
function sentence(said: unknown, isLean: boolean): string | null {
  if (typeof said === 'string') return said;
  return isLean && said === undefined ? '' : null;
}

// The API does not hold to the capitalisation of enum values, even with `strict: true`.
function sameLabel(label: string, said: unknown): boolean {
  return typeof said === 'string' && said.toLowerCase() === label.toLowerCase();
}

function cut(summary: string): string {
  const points = Array.from(summary.slice(0, 4 * SUMMARY_CHARS));
  return points.length > SUMMARY_CHARS
    ? `${points.slice(0, SUMMARY_CHARS - 1).join('')}…`
    : summary;
}

function shown(value: unknown): string {
  if (value === undefined) return '(missing)';
  // Not by `JSON.stringify`, which ends on what is nested too deeply.
  if (typeof value === 'object' && value !== null) {
    return Array.isArray(value) ? '(a list)' : '(an object)';
  }
  const text = JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}

/** A name that a server gave, without quotes. */
function nameOf(name: string | null): string {
  return name === null ? 'something without a name' : shown(name).replace(/^"|"$/g, '');
}

function isComplete<T>(values: Partial<Record<Field, T>>): values is Record<Field, T> {
  return FIELDS.every((field) => values[field] !== undefined);
}

function invalid(why: string): Reading {
  return { kind: 'invalid', why };
}

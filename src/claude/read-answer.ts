// Claude's message → labels and confidences, or why it is no answer.
import type { Message } from '@anthropic-ai/sdk/resources/messages';
import { isObject } from '../ground/is-object.ts';
import type { Playbook } from '../playbook/playbook.ts';
import { TOOL_NAME } from '../playbook/prompt.ts';
import { CONFIDENCE_OF, FIELDS, type Field, type ValidAnswer } from '../ticket.ts';

export type Reading =
  | ({ kind: 'valid' } & Pick<ValidAnswer, 'labels' | 'confidence' | 'summary' | 'routingReason'>)
  | { kind: 'invalid'; why: string };

const SUMMARY_CHARS = 120;

/**
 * `strict` promises the schema only for an answer that was neither refused nor cut off, so all is checked.
 * @param isOfPlaybook false for an answer to another playbook's prompt: its labels are taken as they are
 */
export function readAnswer(message: Message, playbook: Playbook, isOfPlaybook = true): Reading {
  if (message.stop_reason === 'refusal') return invalid('the model refused to answer');
  if (message.stop_reason === 'max_tokens') return invalid('the answer was cut off at max_tokens');
  const call = message.content.find(
    (block) => block.type === 'tool_use' && block.name === TOOL_NAME,
  );
  if (call?.type !== 'tool_use') return invalid(`no call of ${TOOL_NAME}`);
  return readInput(call.input, playbook, isOfPlaybook);
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
  const points = Array.from(summary);
  return points.length > SUMMARY_CHARS
    ? `${points.slice(0, SUMMARY_CHARS - 1).join('')}…`
    : summary;
}

function shown(value: unknown): string {
  if (value === undefined) return '(missing)';
  const text = JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}

function isComplete<T>(values: Partial<Record<Field, T>>): values is Record<Field, T> {
  return FIELDS.every((field) => values[field] !== undefined);
}

function invalid(why: string): Reading {
  return { kind: 'invalid', why };
}

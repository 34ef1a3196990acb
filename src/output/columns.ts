// Routed → our columns, in the documented order.
import { usd } from '../ground/money.ts';
import { printable } from '../ground/printable.ts';
import {
  CONFIDENCE_OF,
  FIELDS,
  type Answer,
  type Field,
  type Routed,
  type Usage,
  escalationText,
  lowestConfidence,
} from '../ticket.ts';

/** A number is given as its plain decimal digits, so that no writer makes it `1.2e-7`. */
export type Cell = string | boolean | null | { digits: string };

type Paid = Extract<Answer, { usage: Usage }>;

type CellOf = (routed: Routed, paid: readonly Paid[]) => Cell;

const COLUMNS: [name: string, cell: CellOf][] = [
  ['ticket_id', ({ ticket }) => ticket.id],
  ['queue', ({ queue }) => queue],
  ['sla_minutes', ({ slaMinutes }) => digits(slaMinutes)],
  ['rule', ({ rule }) => rule],
  ...FIELDS.flatMap((field): typeof COLUMNS => [
    [field, ({ answer }) => answer?.labels[field] ?? null],
    [CONFIDENCE_OF[field], (routed) => confidence(routed, field)],
  ]),
  ['summary', ({ answer }) => answer?.summary ?? null],
  ['routing_reason', ({ answer }) => answer?.routingReason ?? null],
  ['min_confidence', ({ answer }) => answer && digits(lowestConfidence(answer))],
  ['status', statusOf],
  ['triage_reason', ({ triage }) => triage?.detail ?? null],
  ['model_used', ({ answer }) => answer && modelUsed(answer)],
  ['escalated', ({ escalated }) => escalated],
  ['escalation_reason', ({ escalations }) => escalationText(escalations) || null],
  ['language', ({ ticket }) => ticket.language],
  ['reused', ({ answer }, paid) => (answer ? paid.every(({ reused }) => reused) : null)],
  ['attempts', ({ asked }) => sum(unshared(asked), ({ attempts }) => attempts)],
  ['latency_ms', (_, paid) => latency(paid)],
  ['input_tokens', (_, paid) => sum(unshared(paid), ({ usage }) => usage.input)],
  ['cache_read_tokens', (_, paid) => sum(unshared(paid), ({ usage }) => usage.cacheRead)],
  ['cache_write_tokens', (_, paid) => sum(unshared(paid), ({ usage }) => usage.cacheWrite)],
  ['output_tokens', (_, paid) => sum(unshared(paid), ({ usage }) => usage.output)],
  [
    'cost_usd',
    (_, paid) => ({ digits: usd(unshared(paid).reduce((all, { cost }) => all + cost, 0)) }),
  ],
];

/** Names of our columns, each with the prefix. */
export function columnNames(prefix: string): string[] {
  return [...COLUMNS.map(([name]) => name), 'playbook', 'classified_at'].map(
    (name) => prefix + name,
  );
}

/** One cell a column, in the order of `columnNames`. @param playbook its identity */
export function cellsOf(routed: Routed, playbook: string): Cell[] {
  const paid = routed.asked.filter((answer) => answer.kind !== 'none');
  const cells = COLUMNS.map(([name, cellOf]) => {
    const cell = cellOf(routed, paid);
    // An id is the input's own; what models and servers said may hold anything.
    return typeof cell === 'string' && name !== 'ticket_id' ? printable(cell).trim() : cell;
  });
  cells.push(playbook, routed.answer?.answeredAt ?? null);
  return cells;
}

export type Status = 'classified' | 'needs_human_triage' | 'simulated';

export function statusOf({ answer, triage }: Pick<Routed, 'answer' | 'triage'>): Status {
  if (triage) return 'needs_human_triage';
  return answer?.simulated ? 'simulated' : 'classified';
}

function modelUsed({ model, simulated }: Answer): string {
  return simulated ? `simulated/${model}` : model;
}

function confidence({ answer }: Routed, field: Field): Cell {
  return answer && digits(answer.confidence[field]);
}

/** What answers cost stands on the first row that shows them, so that a column's sum is right. */
function unshared<T extends Answer>(asked: readonly T[]): T[] {
  return asked.filter(({ shared }) => !shared);
}

function sum<T>(items: readonly T[], amount: (item: T) => number): Cell {
  return digits(items.reduce((all, item) => all + amount(item), 0));
}

/** Of a batch there is none. */
function latency(paid: readonly Paid[]): Cell {
  const timed = paid.flatMap(({ latencyMs }) => latencyMs ?? []);
  return timed.length < paid.length ? null : sum(timed, (milliseconds) => milliseconds);
}

function digits(value: number): Cell {
  const text = String(value);
  return { digits: text.includes('e') ? value.toFixed(20).replace(/\.?0+$/, '') : text };
}

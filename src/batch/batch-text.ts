// What is told of batches, in words.
import { halfNanosOf, roundedUsd } from '../ground/money.ts';
import type { OpenBatch } from '../ledger/open-batches.ts';
import { plural, span, thousands } from '../ground/figures.ts';
import { shellWord } from '../ground/shell-word.ts';
import { textTable } from '../ground/text-table.ts';
import type { Closed } from './close-batch.ts';
import type { Collected } from './collect.ts';

/** `2 batches (1,800 tickets) are running, the oldest for 12 min`, without a full stop. */
export function runningText(open: readonly OpenBatch[], now: number): string {
  const oldest = Math.min(...open.map(({ time }) => Date.parse(time)));
  const age = span(Math.max(0, (now - oldest) / 1_000));
  const [are, since] =
    open.length === 1 ? ['is running', `for ${age}`] : ['are running', `the oldest for ${age}`];
  return `${batchesIn(open)} (${plural(ticketsIn(open), 'ticket')}) ${are}, ${since}`;
}

export interface ToldBatch {
  batch: OpenBatch;
  /** `unknown`: nobody knows whether it was made; `elsewhere`: at another host than was asked. */
  state: 'running' | 'canceling' | 'ended' | 'missing' | 'unknown' | 'elsewhere';
}

const STATES: Record<ToldBatch['state'], string> = {
  running: 'running',
  canceling: 'being canceled',
  ended: 'ended, to be collected',
  missing: 'not known just now',
  unknown: 'perhaps made',
  elsewhere: 'at another host',
};

const WIDTH = 80;

/** Each open batch on a line of at most 80 columns, and what to do with them. */
export function batchTable(told: readonly ToldBatch[], ledger: string, now: number): string[] {
  if (told.length === 0) return [`No batch of ${ledger} is open.`];
  const rows = told.map(({ batch, state }) => [
    batch.id ?? batch.batch,
    thousands(batch.texts.length),
    span(Math.max(0, (now - Date.parse(batch.time)) / 1_000)),
    STATES[state],
    roundedUsd(halfNanosOf(batch.at_most_usd)),
  ]);
  const table = textTable([['Batch', 'tickets', 'age', 'state', 'at most'], ...rows], WIDTH);
  const open = told.map(({ batch }) => batch);
  const sum = `${plural(ticketsIn(open), 'ticket')}, at most ${mostText(open)}.`;
  const advice = 'The command that sent them collects them; `batches cancel` gives them up.';
  return [...table, '', sum, advice];
}

/** While batches are out; null where none is. */
export function waitingText(open: readonly OpenBatch[], now: number): string | null {
  return open.length === 0 ? null : runningText(open, now);
}

/** The most that open batches can cost together: `$1.20`. */
export function mostText(open: readonly OpenBatch[]): string {
  return roundedUsd(open.reduce((sum, { at_most_usd }) => sum + halfNanosOf(at_most_usd), 0));
}

/** `collected msgbatch_01: 898 answered, 2 expired, $1.20`. */
export function collectedText({ line, cost, lost }: Collected, simulated: boolean): string {
  const { id, answered, expired, canceled } = line;
  const counts = { errored: line.errored - lost.requests, expired, canceled };
  const parts = Object.entries(counts)
    .filter(([, count]) => count > 0)
    .map(([name, count]) => `${thousands(count)} ${name}`);
  const money = `${simulated ? 'simulated ' : ''}${roundedUsd(cost)}`;
  const what = `collected ${id}: ${[`${thousands(answered)} answered`, ...parts, money].join(', ')}`;
  return lost.requests === 0 ? what : `${what}. ${lostText(id, lost)}`;
}

function lostText(id: string, { requests, most }: Closed['lost']): string {
  const [results, them] =
    requests === 1 ? ['1 result', 'it'] : [`${thousands(requests)} results`, 'them'];
  return (
    `${results} could not be read: at most ${roundedUsd(most)} was paid for ${them}, ` +
    `and ${id} stays on the server.`
  );
}

/** @param why it was, in a few words */
export function writtenOffText(
  id: string,
  { requests, most }: Closed['lost'],
  why: string,
): string {
  const tickets = plural(requests, 'ticket');
  return `${id} is written off, as ${why}: ${tickets} without an answer, for which at most ${roundedUsd(most)} was paid.`;
}

/** What a run leaves that could not be collected. @param ledger its path */
export function uncollectedText(open: readonly OpenBatch[], ledger: string | null): string[] {
  const [are, them] = open.length === 1 ? ['is', 'it'] : ['are', 'them'];
  return [
    `${batchesIn(open)} (${plural(ticketsIn(open), 'ticket')}) ${are} not collected, for at most ${mostText(open)}. To give ${them} up:`,
    `  ${cancelCommand(ledger)}`,
  ];
}

/** What goes on without this program. @param ledger its path */
export function leftText(open: readonly OpenBatch[], ledger: string | null, now: number): string[] {
  return [
    `${runningText(open, now)}, and will cost at most ${mostText(open)}.`,
    `${open.length === 1 ? 'It goes' : 'They go'} on without this program. To give up what is not answered:`,
    `  ${cancelCommand(ledger)}`,
  ];
}

function cancelCommand(ledger: string | null): string {
  const named = ledger === null ? '' : ` --ledger ${shellWord(ledger)}`;
  return `ticket-classify batches cancel${named}`;
}

function batchesIn(open: readonly OpenBatch[]): string {
  return open.length === 1 ? '1 batch' : `${thousands(open.length)} batches`;
}

function ticketsIn(open: readonly OpenBatch[]): number {
  return open.reduce((sum, { texts }) => sum + texts.length, 0);
}

// How far the run is in; one line that says so, for a terminal or for a log, out.
import { roundedUsd } from '../ground/money.ts';
import { percent, perSecond, plural, span, thousands } from '../ground/figures.ts';

export interface Standing {
  tickets: number;
  escalated: number;
  triage: number;
  /** Of this run, in half nano-dollars. */
  cost: number;
  simulated: boolean;
  /** What is waited for before there can be rows; null if nothing is. */
  waiting: string | null;
  /** Of the input, 0 to 1; null where its size is unknown. */
  done: number | null;
  ticketsPerSecond: number | null;
  secondsLeft: number | null;
  secondsGone: number;
}

/** What a line is made of: `rank` 0 is always said, the highest rank gives way first. */
interface Part {
  text: string;
  rank: number;
}

/** Never wider than `columns` less one, as some terminals break a line that fills them. */
export function progressLine(standing: Standing, columns: number): string {
  const width = Math.max(0, columns - 1);
  if (standing.waiting !== null) return standing.waiting.slice(0, width);
  if (standing.tickets === 0) {
    return `waiting for the first answer, ${Math.floor(standing.secondsGone)} s`.slice(0, width);
  }
  let parts = partsOf(standing, columns);
  while (parts.length > 1 && joined(parts).length > width) parts = withoutHighest(parts);
  return joined(parts).slice(0, width);
}

/** `2026-11-22T10:31:00Z 12,345 tickets, 41 %, 87/s, 12 % escalated, 3 for triage, $0.42` */
export function progressLogLine(standing: Standing, at: Date): string {
  const time = at.toISOString().replace(/\.\d+Z$/, 'Z');
  if (standing.waiting !== null) return `${time} ${standing.waiting}, ${money(standing)}`;
  const parts = [
    plural(standing.tickets, 'ticket'),
    standing.done === null ? '' : share(standing.done),
    standing.ticketsPerSecond === null ? '' : perSecond(standing.ticketsPerSecond),
    standing.tickets === 0 ? '' : escalated(standing),
    `${thousands(standing.triage)} for triage`,
    money(standing),
  ];
  return `${time} ${parts.filter((part) => part !== '').join(', ')}`;
}

function partsOf(standing: Standing, columns: number): Part[] {
  const { done, ticketsPerSecond, secondsLeft, triage } = standing;
  const parts = [
    { text: done === null ? '' : bar(done, columns), rank: 4 },
    { text: done === null ? '' : share(done), rank: 0 },
    { text: plural(standing.tickets, 'ticket'), rank: done === null ? 0 : 5 },
    { text: ticketsPerSecond === null ? '' : perSecond(ticketsPerSecond), rank: 7 },
    { text: secondsLeft === null ? '' : `${left(secondsLeft)} left`, rank: 1 },
    { text: money(standing), rank: 2 },
    { text: escalated(standing), rank: 6 },
    { text: triage === 0 ? '' : `${thousands(triage)} for triage`, rank: 3 },
  ];
  return parts.filter((part) => part.text !== '');
}

/** Of one size for a terminal, so that it does not jump when the figures beside it grow. */
function bar(done: number, columns: number): string {
  const size = Math.min(30, Math.max(8, Math.floor(columns / 6)));
  const full = Math.floor(done * size);
  return '█'.repeat(full) + '░'.repeat(size - full);
}

/** In whole minutes from one on: nobody knows the seconds. */
function left(seconds: number): string {
  return span(seconds > 60 ? Math.ceil(seconds / 60) * 60 : Math.ceil(seconds));
}

function withoutHighest(parts: Part[]): Part[] {
  const highest = Math.max(...parts.map((part) => part.rank));
  return parts.filter((part) => part.rank !== highest);
}

function joined(parts: Part[]): string {
  return parts.map((part) => part.text).join('  ');
}

/** Rounded down: 100 % is said only when all is done. */
function share(done: number): string {
  return `${Math.floor(done * 100)} %`;
}

function escalated(standing: Standing): string {
  return `${percent(standing.escalated / standing.tickets)} escalated`;
}

function money({ cost, simulated }: Standing): string {
  return `${simulated ? 'simulated ' : ''}${roundedUsd(cost)}`;
}

// How far the run is in; one line that says so, for a terminal or for a log, out.
import { roundedUsd } from '../claude/cost.ts';
import { percent, span, thousands } from './figures.ts';

export interface Standing {
  tickets: number;
  escalated: number;
  triage: number;
  /** Of this run, in half nano-dollars. */
  cost: number;
  simulated: boolean;
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

const BAR_RANK = 4;
const BAR = { narrowest: 8, widest: 30 };

/** Never wider than `columns` less one, as some terminals break a line that fills them. */
export function progressLine(standing: Standing, columns: number): string {
  const width = Math.max(0, columns - 1);
  const { done } = standing;
  if (standing.tickets === 0) {
    return `waiting for the first answer, ${span(Math.floor(standing.secondsGone))}`.slice(
      0,
      width,
    );
  }
  const bar: Part[] = done === null ? [] : [{ text: '░'.repeat(BAR.narrowest), rank: BAR_RANK }];
  let parts = [...bar, ...figures(standing)];
  while (parts.length > 1 && joined(parts).length > width) parts = withoutHighest(parts);
  const line = joined(parts);
  if (done === null || !parts.some((part) => part.rank === BAR_RANK)) return line.slice(0, width);
  const size = Math.min(BAR.widest, BAR.narrowest + width - line.length);
  const full = Math.floor(done * size);
  return '█'.repeat(full) + '░'.repeat(size - full) + line.slice(BAR.narrowest);
}

/** `2026-11-22T10:31:00Z 12,345 tickets, 41 %, 87/s, 12 % escalated, 3 for triage, $0.42` */
export function progressLogLine(standing: Standing, at: Date): string {
  const time = at.toISOString().replace(/\.\d+Z$/, 'Z');
  const parts = [
    `${thousands(standing.tickets)} tickets`,
    standing.done === null ? '' : share(standing.done),
    standing.ticketsPerSecond === null ? '' : `${rate(standing.ticketsPerSecond)}/s`,
    standing.tickets === 0 ? '' : escalated(standing),
    `${thousands(standing.triage)} for triage`,
    money(standing),
  ];
  return `${time} ${parts.filter((part) => part !== '').join(', ')}`;
}

function figures(standing: Standing): Part[] {
  const { done, ticketsPerSecond, secondsLeft, triage } = standing;
  const parts = [
    { text: done === null ? '' : share(done), rank: 0 },
    { text: `${thousands(standing.tickets)} tickets`, rank: done === null ? 0 : 5 },
    { text: ticketsPerSecond === null ? '' : `${rate(ticketsPerSecond)}/s`, rank: 7 },
    { text: secondsLeft === null ? '' : `${span(secondsLeft)} left`, rank: 1 },
    { text: money(standing), rank: 2 },
    { text: escalated(standing), rank: 6 },
    { text: triage === 0 ? '' : `${thousands(triage)} for triage`, rank: 3 },
  ];
  return parts.filter((part) => part.text !== '');
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

function rate(perSecond: number): string {
  return perSecond < 10 ? perSecond.toFixed(1) : thousands(perSecond);
}

function escalated(standing: Standing): string {
  return `${percent(standing.escalated / standing.tickets)} escalated`;
}

function money({ cost, simulated }: Standing): string {
  return `${simulated ? 'simulated ' : ''}${roundedUsd(cost)}`;
}

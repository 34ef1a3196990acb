// A random schedule of calls played against a budget, in virtual time, with its laws checked on the way.
import * as fc from 'fast-check';
import { expect } from 'vitest';
import { openBudget, type BudgetOptions, type Reservation } from '../../src/claude/budget.ts';
import { Failure } from '../../src/ground/errors.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const START = Date.UTC(2026, 10, 22);

export interface Schedule {
  concurrency: number;
  caps: BudgetOptions['caps'];
  spentBefore: { at: number; cost: number }[];
  /** In input order: what each ticket's calls come to, the last one no refusal. */
  tickets: { most: number; calls: Call[] }[];
}

interface Call {
  takes: number;
  /** Of the most it can cost. */
  share: number;
  fate: 'answered' | 'refused' | 'lost';
}

const call: fc.Arbitrary<Call> = fc.record({
  takes: fc.oneof(fc.nat(3), fc.nat(8 * HOUR)),
  share: fc.double({ min: 0, max: 1, noNaN: true }),
  fate: fc.constantFrom('answered', 'answered', 'refused', 'lost'),
});

const cap = fc.option(fc.integer({ min: 1, max: 2_000 }));

export const schedules: fc.Arbitrary<Schedule> = fc.record({
  concurrency: fc.integer({ min: 1, max: 20 }),
  caps: fc.record({ perRun: cap, perDay: cap }),
  spentBefore: fc.array(
    fc.record({
      at: fc.integer({ min: START - 30 * HOUR, max: START }),
      cost: fc.nat(200),
    }),
    { maxLength: 5 },
  ),
  tickets: fc.array(
    fc.record({
      most: fc.integer({ min: 1, max: 150 }),
      calls: fc.array(call, { minLength: 1, maxLength: 3 }),
    }),
    { minLength: 1, maxLength: 40 },
  ),
});

/** What was or may have been paid; `at` is null while the call is in the air. */
interface Paid {
  at: number | null;
  cost: number;
}

export interface Played {
  /** Whether a call had to wait for another's money. */
  waited: boolean;
  exhausted: boolean;
}

export async function play(schedule: Schedule): Promise<Played> {
  const { caps, concurrency, spentBefore, tickets } = schedule;
  let now = START;
  const stop = new AbortController();
  const budget = openBudget({ caps, spentBefore, now: () => now, stop: stop.signal });
  const events: { at: number; happen: () => void }[] = [];
  const ready = tickets.map(({ most, calls }, place) => ({ place, most, calls: [...calls] }));
  const waiting = new Map<number, number>();
  const paid: Paid[] = [];
  const broken: unknown[] = [];
  let busy = 0;
  let ended = 0;
  let waited = false;

  function later(after: number, happen: () => void): void {
    events.push({ at: now + after, happen });
  }

  /** Gives places in input order, as a lane does. */
  function admit(): void {
    ready.sort((a, b) => a.place - b.place);
    while (busy < concurrency && ready.length > 0 && !stop.signal.aborted) {
      const next = ready.shift();
      if (!next) return;
      busy++;
      waiting.set(next.place, next.most);
      budget
        .reserve(next.place, next.most)
        .then((reservation) => granted(next, reservation), refused)
        .catch((error: unknown) => broken.push(error));
    }
  }

  function granted(ticket: Schedule['tickets'][number] & { place: number }, money: Reservation) {
    const { place, most, calls } = ticket;
    waiting.delete(place);
    expect(Math.min(place, ...waiting.keys()), 'overtaken').toBe(place);
    const { takes, share, fate } = calls.shift() ?? { takes: 0, share: 1, fate: 'answered' };
    const costs = { answered: Math.floor(share * most), refused: 0, lost: most };
    // The server may bill it as soon as it is sent.
    const own: Paid = { at: null, cost: costs[fate] };
    paid.push(own);
    checkCaps();
    later(takes, () => {
      own.at = now;
      if (fate === 'lost') money.keep();
      else money.settle(own.cost);
      later(0, () => {
        busy--;
        if (fate !== 'answered' && calls.length > 0) later(1, () => back(ticket));
        else ended++;
        admit();
      });
    });
  }

  function back(ticket: (typeof ready)[number]): void {
    ready.push(ticket);
    admit();
  }

  function refused(reason: unknown): void {
    expect(reason).toBeInstanceOf(Failure);
    expect(paid.every(({ at }) => at !== null)).toBe(true);
    const [first] = [...waiting].toSorted(([a], [b]) => a - b);
    if (!stop.signal.aborted) expect(first?.[1]).toBeGreaterThan(budget.left() ?? Infinity);
    stop.abort(reason);
  }

  function checkCaps(): void {
    const ofRun = sum(paid);
    const before = spentBefore.filter(({ at }) => at > now - DAY);
    const ofDay = sum(before) + sum(paid.filter(({ at }) => at === null || at > now - DAY));
    expect(ofRun).toBeLessThanOrEqual(caps.perRun ?? Infinity);
    expect(ofDay).toBeLessThanOrEqual(caps.perDay ?? Infinity);
  }

  admit();
  while (true) {
    await new Promise((resolve) => setImmediate(resolve));
    if (broken.length > 0) throw broken[0];
    waited ||= waiting.size > 0;
    const next = events.toSorted((a, b) => a.at - b.at)[0];
    if (!next) break;
    events.splice(events.indexOf(next), 1);
    now = next.at;
    next.happen();
  }
  const exhausted = stop.signal.aborted;
  expect(budget.spent()).toBe(sum(paid));
  if (!exhausted) expect(ended, 'nothing hangs').toBe(tickets.length);
  if (!exhausted) expect(waiting.size).toBe(0);
  return { waited, exhausted };
}

function sum(costs: readonly { cost: number }[]): number {
  return costs.reduce((total, { cost }) => total + cost, 0);
}

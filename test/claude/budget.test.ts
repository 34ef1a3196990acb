import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { halfNanosOf } from '../../src/ground/money.ts';
import { openBudget, type Budget, type BudgetOptions } from '../../src/claude/budget.ts';
import { Failure } from '../../src/ground/errors.ts';
import { play, schedules } from './schedule.ts';

const HOUR = 3_600_000;
const NOON = Date.UTC(2026, 10, 22, 12);

interface Given extends Partial<BudgetOptions['caps']> {
  spentBefore?: BudgetOptions['spentBefore'];
}

function open({ perRun = null, perDay = null, spentBefore = [] }: Given) {
  const time = { now: NOON };
  const stop = new AbortController();
  const caps = { perRun, perDay };
  const budget = openBudget({ caps, spentBefore, now: () => time.now, stop: stop.signal });
  return { budget, time, stop, asked: asker(budget) };
}

/** Asks for money and remembers, in order, who was granted or refused it. */
function asker(budget: Budget) {
  const heard: string[] = [];
  const reserve = (place: number, most: number) => {
    const reservation = budget.reserve(place, most);
    reservation.then(
      () => heard.push(`${place} granted`),
      () => heard.push(`${place} refused`),
    );
    return reservation;
  };
  return { heard, reserve };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('money', () => {
  test('without a cap is there for everyone, and is counted', async () => {
    const { budget, asked } = open({});
    const first = await asked.reserve(0, 100);
    const second = await asked.reserve(1, 1e12);
    first.settle(40);
    second.keep();
    expect(budget.left()).toBeNull();
    expect([budget.spent(), budget.unknown()]).toEqual([40 + 1e12, 1e12]);
  });

  test('that is set aside is neither left nor spent; what was not needed is left again', async () => {
    const { budget, asked } = open({ perRun: 100 });
    const reservation = await asked.reserve(0, 60);
    expect([budget.spent(), budget.left()]).toEqual([0, 40]);
    reservation.settle(10);
    expect([budget.spent(), budget.left()]).toEqual([10, 90]);
  });

  test('of a lost call stays booked; only the first word on a call counts', async () => {
    const { budget, asked } = open({ perRun: 100 });
    const lost = await asked.reserve(0, 60);
    lost.keep();
    lost.settle(0);
    const settled = await asked.reserve(1, 40);
    settled.settle(5);
    settled.keep();
    settled.settle(7);
    expect([budget.spent(), budget.unknown(), budget.left()]).toEqual([65, 60, 35]);
  });

  test.each([{ perRun: 100 }, { perDay: 100 }])(
    'is there for exactly as much as %j leaves, and not for one more',
    async (caps) => {
      const { budget, asked } = open(caps);
      (await asked.reserve(0, 100)).settle(40);
      (await asked.reserve(1, 60)).settle(50);
      expect(budget.left()).toBe(10);
      await expect(asked.reserve(2, 11)).rejects.toBeInstanceOf(Failure);
    },
  );

  test('that was spent beyond the cap leaves nothing, not less', async () => {
    const { budget, asked } = open({ perRun: 100 });
    (await asked.reserve(0, 60)).settle(130);
    expect(budget.left()).toBe(0);
  });
});

describe('who waits', () => {
  test('is served in input order, and the small do not overtake', async () => {
    const { asked } = open({ perRun: 100 });
    const first = await asked.reserve(0, 90);
    for (const [place, most] of [
      [3, 50],
      [7, 5],
      [5, 5],
    ] as const) {
      void asked.reserve(place, most);
    }
    await turn();
    expect(asked.heard).toEqual(['0 granted']);
    first.settle(10);
    await turn();
    expect(asked.heard).toEqual(['0 granted', '3 granted', '5 granted', '7 granted']);
  });

  test('waits while anything is in the air, though it would not be enough', async () => {
    const { asked } = open({ perRun: 100 });
    const [first, second] = await Promise.all([asked.reserve(0, 30), asked.reserve(1, 30)]);
    asked.reserve(2, 60).catch(() => {});
    first?.settle(30);
    await turn();
    expect(asked.heard).toEqual(['0 granted', '1 granted']);
    second?.settle(0);
    await turn();
    expect(asked.heard).toContain('2 granted');
  });

  test('is refused, with all others, once nothing in the air can make room', async () => {
    const { asked } = open({ perRun: 100 });
    const first = await asked.reserve(0, 80);
    asked.reserve(1, 60).catch(() => {});
    asked.reserve(2, 1).catch(() => {});
    first.keep();
    await turn();
    expect(asked.heard.slice(1)).toEqual(['1 refused', '2 refused']);
    await expect(asked.reserve(3, 1)).rejects.toBeInstanceOf(Failure);
  });

  test('waits no longer once the run is stopped', async () => {
    const { budget, asked, stop } = open({ perRun: 100 });
    const first = await asked.reserve(0, 100);
    const second = asked.reserve(1, 50);
    stop.abort(new Error('stopped'));
    await expect(second).rejects.toThrow('stopped');
    await expect(asked.reserve(2, 1)).rejects.toThrow('stopped');
    first.settle(20);
    await turn();
    expect(asked.heard).toEqual(['0 granted', '1 refused', '2 refused']);
    expect([budget.spent(), budget.left()]).toEqual([20, 80]);
  });
});

describe('the last 24 hours', () => {
  test('count what earlier runs spent, and nothing older', async () => {
    const spentBefore = [
      { at: NOON - 1 * HOUR, cost: 30 },
      { at: NOON - 24 * HOUR, cost: 500 },
      { at: NOON - 24 * HOUR + 1, cost: 20 },
      { at: NOON + HOUR, cost: 5 },
    ];
    expect(open({ perDay: 100, spentBefore }).budget.left()).toBe(45);
  });

  test('free room as the clock goes on, also for what this run spent', async () => {
    const spentBefore = [{ at: NOON - 20 * HOUR, cost: 60 }];
    const { budget, asked, time } = open({ perDay: 100, spentBefore });
    (await asked.reserve(0, 40)).settle(40);
    expect(budget.left()).toBe(0);
    time.now += 4 * HOUR - 1;
    expect(budget.left()).toBe(0);
    time.now += 1;
    expect(budget.left()).toBe(60);
    time.now += 20 * HOUR;
    expect(budget.left()).toBe(100);
    expect(budget.spent()).toBe(40);
  });

  test('lose nothing too early, be it in the middle of a minute', async () => {
    const { budget, asked, time } = open({ perDay: 100 });
    time.now += 10_000;
    (await asked.reserve(0, 30)).settle(30);
    time.now += 40_000;
    (await asked.reserve(1, 20)).settle(20);
    time.now += 24 * HOUR - 1;
    expect(budget.left()).toBeLessThanOrEqual(80);
    time.now += 60_000;
    expect(budget.left()).toBe(100);
  });

  test('hold what a wrong clock dated ahead no longer than if it were spent now', () => {
    const spentBefore = [{ at: NOON + 1_000 * HOUR, cost: 30 }];
    const { budget, time } = open({ perDay: 100, spentBefore });
    expect(budget.left()).toBe(70);
    time.now += 24 * HOUR;
    expect(budget.left()).toBe(100);
  });

  test('a call that finds no room waits while another is in the air, and gets what time frees', async () => {
    const spentBefore = [{ at: NOON - 23 * HOUR, cost: 60 }];
    const { asked, time } = open({ perDay: 100, spentBefore });
    const first = await asked.reserve(0, 40);
    void asked.reserve(1, 50);
    time.now += HOUR;
    first.keep();
    await turn();
    expect(asked.heard).toEqual(['0 granted', '1 granted']);
  });
});

describe('what is said', () => {
  const dollars = halfNanosOf;

  async function refusal(given: Given, spent: number, lost: number, most: number) {
    const { asked } = open(given);
    const [first, second] = [await asked.reserve(0, spent), await asked.reserve(1, lost)];
    first.settle(spent);
    second.keep();
    return asked.reserve(2, most).then(
      () => null,
      (failure: Failure) => failure,
    );
  }

  const before = (hours: number, cost: number) => ({ at: NOON - hours * HOUR, cost });

  test.each<[string, Given, [number, number, number], string, string, string | null]>([
    [
      'of a run',
      { perRun: dollars(25) },
      [dollars(24.93), 0, dollars(0.12)],
      '--max-cost $25 is nearly used up: $24.93 is spent, and the next call could cost $0.12.',
      'Each run may spend as much; allow more with --max-cost <usd>.',
      null,
    ],
    [
      'of lost calls',
      { perRun: dollars(1.5) },
      [dollars(1.2), dollars(0.2), dollars(0.12)],
      '--max-cost $1.5 is nearly used up: $1.40 is spent ($0.20 of it for calls of unknown cost), and the next call could cost $0.12.',
      'Each run may spend as much; allow more with --max-cost <usd>.',
      null,
    ],
    [
      'of a cap below a single call',
      { perRun: dollars(0.01) },
      [0, 0, dollars(0.0376)],
      '--max-cost $0.01 is less than the next call could cost: $0.0376.',
      '',
      null,
    ],
    [
      'of a day, with the time when there is room again',
      {
        perRun: dollars(10),
        perDay: dollars(10),
        spentBefore: [
          before(23, dollars(0.05)),
          before(22.0001, dollars(2)),
          before(1, dollars(7)),
        ],
      },
      [dollars(0.9), 0, dollars(0.12)],
      '--max-cost-per-day $10 is nearly used up: $9.95 is spent in the last 24 hours, and the next call could cost $0.12.',
      'There is room again from 2026-11-22T14:00:00Z on. To go on before, allow more: --max-cost-per-day <usd>.',
      '2026-11-22T14:00:00.000Z',
    ],
    [
      'of a day too small for a single call, whatever the time',
      { perDay: dollars(0.1) },
      [0, 0, dollars(0.12)],
      '--max-cost-per-day $0.1 is less than the next call could cost: $0.12.',
      'To go on, allow more: --max-cost-per-day <usd>.',
      null,
    ],
  ])('%s', async (_, given, [spent, lost, most], message, hint, goOnAt) => {
    const failure = await refusal(given, spent, lost, most);
    expect(failure).toMatchObject({ exit: 3, message, hint });
    expect(failure?.goOnAt?.toISOString() ?? null).toBe(goOnAt);
  });
});

test('no schedule of answers, refusals and losses passes a cap, overtakes, or hangs', async () => {
  const seen = { waited: 0, exhausted: 0, completed: 0 };
  await fc.assert(
    fc.asyncProperty(schedules, async (schedule) => {
      const { waited, exhausted } = await play(schedule);
      if (waited) seen.waited++;
      if (exhausted) seen.exhausted++;
      else seen.completed++;
    }),
    { numRuns: 500 },
  );
  // Else the schedules would show little.
  expect(Math.min(seen.waited, seen.exhausted, seen.completed)).toBeGreaterThan(50);
});

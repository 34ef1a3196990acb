// The budget over HTTP, against what the simulator would have billed.
import { afterEach, expect, test, vi } from 'vitest';
import { halfNanosOf } from '../../src/ground/money.ts';
import { askClaude } from '../../src/claude/ask-claude.ts';
import { openBudget } from '../../src/claude/budget.ts';
import { openClient } from '../../src/claude/client.ts';
import { costOf } from '../../src/claude/cost.ts';
import { MODELS, type Model } from '../../src/claude/models.ts';
import { Failure } from '../../src/ground/errors.ts';
import {
  startSimulator,
  type Simulator,
  type SimulatorOptions,
} from '../simulator/faulty-server.ts';
import type { Billed } from '../simulator/stats.ts';
import type { Answer, NoAnswer } from '../../src/ticket.ts';
import { supportPlaybook, ticket } from '../example.ts';
import { hurriedClock } from '../program.ts';

const FAST = 'claude-haiku-4-5';
const STRONG = 'claude-sonnet-4-6';
const playbook = await supportPlaybook();

let simulator: Simulator;
afterEach(() => simulator.close());

interface Given extends SimulatorOptions {
  perRun?: number | null;
  perDay?: number | null;
  concurrency?: number;
}

/** Caps are in dollars. */
async function desk({ perRun = null, perDay = null, concurrency = 20, ...given }: Given) {
  simulator = await startSimulator({ latency: 3, ...given });
  const stop = new AbortController();
  const leave = new AbortController();
  const abandoned: NoAnswer[] = [];
  const answers: Answer[] = [];
  const clock = hurriedClock();
  const caps = {
    perRun: perRun === null ? null : halfNanosOf(perRun),
    perDay: perDay === null ? null : halfNanosOf(perDay),
  };
  const budget = openBudget({ caps, spentBefore: [], now: clock.now, stop: stop.signal });
  const access = { apiKey: 'test', authToken: null, baseURL: simulator.url };
  const { ask } = askClaude({
    prefixTokens: () => 0,
    client: await openClient({ ...access, log: () => {} }),
    playbook,
    models: new Map(Object.entries(MODELS)),
    concurrency,
    maxWait: { seconds: 600, text: '10m' },
    timeoutSeconds: 60,
    isCapped: false,
    budget,
    clock,
    note: () => {},
    log: () => {},
    stop: stop.signal,
    leave: leave.signal,
    end: (failure) => stop.abort(failure),
    abandoned: (asked) => abandoned.push(asked),
  });

  /** Every third ticket asks both models. Resolves, once nothing is under way, with what it ended by. */
  async function askMany(count: number): Promise<unknown> {
    const asked = Array.from({ length: count }, async (_, place) => {
      const one = ticket({ place, id: `T-${place}`, body: `Ticket number ${place}. `.repeat(9) });
      answers.push(await ask(FAST, one));
      if (place % 3 === 0) answers.push(await ask(STRONG, one));
    });
    const ended = await Promise.allSettled(asked);
    return ended.find(({ status }) => status === 'rejected') ? stop.signal.reason : null;
  }

  return { ask, askMany, answers, abandoned, budget, caps, stop, leave };
}

/** What the simulator would have billed, lost answers and all. */
function billed(): number {
  return Object.entries(simulator.stats.models).reduce((sum, [name, { delivered, lost }]) => {
    const model = MODELS[name];
    if (!model) throw new Error(name);
    return sum + costOfBilled(delivered, model) + costOfBilled(lost, model);
  }, 0);
}

function costOfBilled({ cacheWrite5m, ...tokens }: Billed, model: Model): number {
  return costOf({ ...tokens, cacheWrite: cacheWrite5m }, model);
}

const unknownOf = (asked: readonly Answer[]) =>
  asked.reduce((sum, { unknownCost }) => sum + unknownCost, 0);

test.each<[string, Given]>([
  ['a run', { perRun: 0.4 }],
  ['a day', { perDay: 0.4 }],
  ['a run on a long day', { perRun: 0.4, perDay: 100 }],
  ['a run with a single call at a time', { perRun: 0.3, concurrency: 1 }],
])('the cap of %s is not passed, and nearly used up', async (_, given) => {
  const { askMany, answers, budget } = await desk(given);
  const failure = await askMany(400);
  expect(failure).toMatchObject({ exit: 3, message: expect.stringContaining('is nearly used up') });
  const cap = halfNanosOf(given.perRun ?? given.perDay ?? 0);
  expect(billed()).toBeLessThanOrEqual(cap);
  expect(billed()).toBe(budget.spent());
  // The most that a call on the strong model can cost.
  expect(billed()).toBeGreaterThan(cap - halfNanosOf(0.05));
  expect(answers.length).toBeGreaterThan(20);
  expect(simulator.stats.mostInFlight > 1).toBe(given.concurrency !== 1);
});

test('a cap of a few cents on the fast model alone lets some tickets through', async () => {
  const { ask, budget, stop } = await desk({ perRun: 0.06 });
  const asked = Array.from({ length: 200 }, (_, place) =>
    ask(FAST, ticket({ place, body: `Ticket number ${place}` })),
  );
  const ended = await Promise.allSettled(asked);
  expect(stop.signal.reason).toBeInstanceOf(Failure);
  expect(billed()).toBe(budget.spent());
  expect(budget.spent()).toBeLessThanOrEqual(halfNanosOf(0.06));
  // The first in the input are those that are answered.
  const answered = ended.map(({ status }) => status === 'fulfilled');
  expect(answered.lastIndexOf(true)).toBe(answered.indexOf(false) - 1);
  expect(answered.indexOf(false)).toBeGreaterThan(20);
});

test('a cap below a single call sends none', async () => {
  const { askMany } = await desk({ perRun: 0.01 });
  const message = expect.stringMatching(
    /^--max-cost \$0\.01 is less than the next call could cost/,
  );
  expect(await askMany(30)).toMatchObject({ exit: 3, message });
  expect(simulator.stats.requests).toBe(0);
});

test('a cap that is large enough ends nothing', async () => {
  const { askMany, budget } = await desk({ perRun: 2 });
  expect(await askMany(60)).toBeNull();
  expect(billed()).toBe(budget.spent());
});

test('dropped connections and garbled answers stay booked at their most, refusals cost nothing', async () => {
  const { askMany, answers, abandoned, budget } = await desk({
    perRun: 1.5,
    failures: [
      { what: 'dropped_after', rate: 0.1 },
      { what: 'dropped_before', rate: 0.1 },
      { what: 'truncated_json', rate: 0.1 },
      { what: 'overloaded', rate: 0.1 },
      { what: 'rate_limited', rate: 0.1 },
      { what: 'invalid_request', rate: 0.1 },
      { what: 'server_error', rate: 0.1 },
    ],
  });
  expect(await askMany(600)).toMatchObject({
    exit: 3,
    message: expect.stringContaining('for calls of unknown cost'),
  });
  const lost = Object.values(simulator.stats.models).reduce((sum, of) => sum + of.lost.answers, 0);
  expect(lost).toBeGreaterThan(5);
  const known = answers.reduce(
    (sum, answer) => sum + (answer.kind === 'none' ? 0 : answer.cost),
    0,
  );
  const unknown = unknownOf([...answers, ...abandoned]);
  expect(unknown).toBe(budget.unknown());
  expect(known + unknown).toBe(budget.spent());
  expect(billed()).toBeLessThan(budget.spent());
  expect(budget.spent()).toBeLessThanOrEqual(halfNanosOf(1.5));
});

test('only refusals cost nothing at all', async () => {
  const { ask, budget } = await desk({ perRun: 1, failures: [{ what: 'server_error' }] });
  const answer = await ask(FAST, ticket());
  expect(answer).toMatchObject({ kind: 'none', unknown: 0, unknownCost: 0 });
  expect([budget.spent(), budget.left()]).toEqual([0, halfNanosOf(1)]);
});

/** Turns of the event loop until `holds`. */
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setImmediate(resolve));
}

test('a call that times out stays booked, its retry is settled', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  try {
    const { ask, budget } = await desk({ latency: 0, failures: [{ what: 'hang', first: 1 }] });
    const asked = ask(FAST, ticket());
    await until(() => simulator.stats.inFlight === 1);
    vi.advanceTimersByTime(60_000);
    const answer = await asked;
    if (answer.kind === 'none') throw new Error(answer.why);
    expect(answer).toMatchObject({ attempts: 2, unknown: 1 });
    expect(answer.unknownCost).toBeGreaterThan(answer.cost);
    expect(budget.unknown()).toBe(answer.unknownCost);
    expect(budget.spent()).toBe(answer.cost + answer.unknownCost);
  } finally {
    vi.useRealTimers();
  }
});

test('what ends the run leaves no call to those whom it frees money for', async () => {
  const { ask, budget, stop } = await desk({ perRun: 1 });
  await ask(FAST, ticket({ body: 'the first' }));
  simulator.set({ failures: [{ what: 'unauthorized' }] });
  // Room for one call, not for two.
  await budget.reserve(0, (budget.left() ?? 0) - halfNanosOf(0.015));
  const asked = [1, 2, 3].map((place) => ask(FAST, ticket({ place, body: `place ${place}` })));
  await Promise.allSettled(asked);
  expect(stop.signal.reason).toMatchObject({ exit: 2 });
  expect(simulator.stats.requests).toBe(2);
});

test('calls that are cut off stay booked, and those who wait for money go home', async () => {
  const { askMany, abandoned, budget, stop, leave, ask } = await desk({ perRun: 0.12 });
  // The lane opens with each answer.
  for (const body of ['a', 'b', 'c', 'd', 'e', 'f']) await ask(FAST, ticket({ body }));
  simulator.set({ failures: [{ what: 'hang' }] });
  const known = budget.spent();
  const ended = askMany(30);
  await until(() => simulator.stats.inFlight >= 5);
  const inAir = simulator.stats.inFlight;
  stop.abort(new Error('interrupted'));
  leave.abort(new Error('interrupted'));
  expect(await ended).toMatchObject({ message: 'interrupted' });
  expect(inAir).toBeLessThan(20);
  expect(abandoned.reduce((sum, { unknown }) => sum + unknown, 0)).toBe(abandoned.length);
  expect(abandoned.length).toBeGreaterThanOrEqual(inAir);
  expect(unknownOf(abandoned)).toBe(budget.unknown());
  expect(budget.spent()).toBe(known + budget.unknown());
});

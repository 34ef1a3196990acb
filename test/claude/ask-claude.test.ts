import { afterEach, describe, expect, test } from 'vitest';
import { askClaude } from '../../src/claude/ask-claude.ts';
import { openBudget } from '../../src/claude/budget.ts';
import { openClient } from '../../src/claude/client.ts';
import { costOf } from '../../src/claude/cost.ts';
import { modelFacts, tariff, type Model } from '../../src/claude/models.ts';
import type { Failure } from '../../src/ground/errors.ts';
import {
  startSimulator,
  type Simulator,
  type SimulatorOptions,
} from '../simulator/faulty-server.ts';
import type { Ask, NoAnswer } from '../../src/ticket.ts';
import { supportPlaybook, ticket } from '../example.ts';
import { hurriedClock } from '../program.ts';

const FAST = 'claude-haiku-4-5';
const playbook = await supportPlaybook();

let simulator: Simulator;
afterEach(() => simulator.close());

interface Given extends SimulatorOptions {
  concurrency?: number;
  maxWaitSeconds?: number;
  isCapped?: boolean;
  models?: Map<string, Model>;
  system?: string;
  clock?: ReturnType<typeof hurriedClock>;
}

async function asking({
  concurrency = 5,
  maxWaitSeconds = 600,
  isCapped = false,
  models,
  system,
  clock = hurriedClock(),
  ...given
}: Given = {}) {
  simulator = await startSimulator({ record: true, ...given });
  const notes: string[] = [];
  const logs: string[] = [];
  const abandoned: NoAnswer[] = [];
  const stop = new AbortController();
  const access = { apiKey: 'test', authToken: null, baseURL: simulator.url };
  const client = await openClient({ ...access, log: (text) => logs.push(text) });
  const { ask } = askClaude({
    prefixTokens: () => 0,
    client,
    playbook: { ...playbook, ...(system !== undefined && { system }) },
    models: models ?? tariff(new Map()),
    concurrency,
    maxWait: { seconds: maxWaitSeconds, text: '10m' },
    timeoutSeconds: 60,
    isCapped,
    budget: openBudget({
      caps: { perRun: null, perDay: null },
      spentBefore: [],
      now: clock.now,
      stop: stop.signal,
    }),
    clock,
    note: (text) => notes.push(text),
    log: (text) => logs.push(text),
    stop: stop.signal,
    leave: new AbortController().signal,
    end: (failure: Failure) => stop.abort(failure),
    abandoned: (asked) => abandoned.push(asked),
  });
  return { ask, notes, logs, clock, stop, abandoned };
}

const many = (ask: Ask, count: number) =>
  Promise.all(
    Array.from({ length: count }, (_, place) =>
      ask(FAST, ticket({ place, id: `T-${place}`, body: `Ticket number ${place}` })),
    ),
  );

describe('an answer', () => {
  test('carries labels, usage, cost, attempts and request id, and is marked as simulated', async () => {
    const { ask } = await asking();
    const answer = await ask(FAST, ticket());
    if (answer.kind !== 'valid') throw new Error(answer.why);
    expect(answer.labels.team).toBe('billing');
    expect(answer).toMatchObject({ attempts: 1, unknown: 0, simulated: true, reused: false });
    expect(answer.requestId).toMatch(/^req_sim_/);
    const facts = modelFacts(FAST, undefined);
    if (!facts) throw new Error('no facts');
    expect(answer.cost).toBe(costOf(answer.usage, facts));
    expect(answer.usage.cacheWrite).toBeGreaterThan(4096);
  });

  test.each([
    ['wrong_label', 'is not a label'],
    ['confidence_out_of_range', 'is not a number from 0 to 1'],
    ['text_answer', 'text instead of a call of classify_ticket'],
    ['refused', 'refused'],
    ['cut_off', 'cut off at max_tokens'],
  ] as const)('that is spoilt by %s is invalid, and paid for', async (what, why) => {
    const { ask } = await asking({ failures: [{ what }] });
    const answer = await ask(FAST, ticket());
    expect(answer.kind).toBe('invalid');
    expect(answer).toMatchObject({ why: expect.stringContaining(why), attempts: 1 });
    expect(answer.kind !== 'none' && answer.cost).toBeGreaterThan(0);
  });
});

describe('retries', () => {
  test.each([
    ['overloaded', 0],
    ['rate_limited', 0],
    ['server_error', 0],
    ['dropped_before', 2],
    ['dropped_after', 2],
    ['truncated_json', 2],
    ['html_page', 2],
  ] as const)('%s twice is overcome', async (what, unknown) => {
    const { ask, clock } = await asking({ failures: [{ what, first: 2 }] });
    const answer = await ask(FAST, ticket());
    expect(answer).toMatchObject({ kind: 'valid', attempts: 3, unknown });
    expect(clock.slept).toHaveLength(2);
  });

  test('four attempts are the most, and the reason is kept', async () => {
    const { ask, clock } = await asking({ failures: [{ what: 'server_error' }] });
    expect(await ask(FAST, ticket())).toMatchObject({
      kind: 'none',
      why: expect.stringMatching(/^500 api_error/),
      attempts: 4,
    });
    expect(clock.slept).toEqual([500, 1000, 2000]);
    expect(simulator.stats.requests).toBe(4);
  });

  test('retry-after is waited for', async () => {
    const { ask, clock } = await asking({
      failures: [{ what: 'rate_limited', retryAfter: 5, first: 1 }],
    });
    await ask(FAST, ticket());
    expect(clock.slept).toHaveLength(1);
    expect(clock.slept[0]).toBeGreaterThan(4900);
  });

  test('a refusal of the request is not retried', async () => {
    const { ask } = await asking({ failures: [{ what: 'invalid_request' }] });
    expect(await ask(FAST, ticket())).toMatchObject({ kind: 'none', attempts: 1 });
  });

  test('no log names the text of a ticket', async () => {
    const { ask, logs, notes } = await asking({ failures: [{ what: 'overloaded', first: 3 }] });
    await ask(FAST, ticket({ body: 'CANARY', subject: 'CANARY' }));
    expect(logs).toHaveLength(3);
    expect([...logs, ...notes].join()).not.toContain('CANARY');
  });
});

describe('what ends the run', () => {
  test.each([
    ['unauthorized', 2, 'refused the credentials'],
    ['forbidden', 2, 'refused the credentials'],
    ['billing', 3, 'may spend no more'],
    ['spend_limit', 3, 'may spend no more'],
    ['usage_limit', 3, 'may spend no more'],
  ] as const)('%s ends it at once', async (what, exit, message) => {
    const { ask, stop } = await asking({ failures: [{ what }] });
    await expect(many(ask, 50)).rejects.toMatchObject({ exit });
    expect(String(stop.signal.reason)).toContain(message);
    expect(simulator.stats.requests).toBe(1);
  });

  test('an unknown model ends it', async () => {
    const facts = modelFacts(FAST, undefined);
    const { ask } = await asking({ ...(facts && { models: new Map([['claude-none', facts]]) }) });
    await expect(ask('claude-none', ticket())).rejects.toThrow(
      'does not know the model claude-none',
    );
  });

  test('twenty equal refusals in a row end it', async () => {
    const { ask } = await asking({ failures: [{ what: 'invalid_request' }] });
    await expect(many(ask, 60)).rejects.toMatchObject({ exit: 3 });
    expect(simulator.stats.requests).toBe(20);
  });

  test('the refusals of one model end it, whatever the other answers', async () => {
    const failures = [
      { what: 'invalid_request', when: ({ model }: { model: string }) => model === FAST } as const,
    ];
    const { ask, stop } = await asking({ failures });
    const both = async (place: number) => {
      const own = ticket({ place, body: `Ticket number ${place}` });
      return [await ask(FAST, own), await ask('claude-sonnet-4-6', own)];
    };
    await expect(
      Promise.all(Array.from({ length: 60 }, (_, place) => both(place))),
    ).rejects.toMatchObject({ exit: 3 });
    expect(String(stop.signal.reason)).toContain('20 requests in a row were refused');
  });

  test('twenty paid answers in a row without a valid one end it, and it says what came', async () => {
    const odd = ({ ticket: text }: { ticket: string }) => text.includes('Ticket number 7');
    const { ask, stop } = await asking({
      failures: [{ what: 'wrong_label', when: odd }, { what: 'text_answer' }],
    });
    const ended = await Promise.allSettled(
      Array.from({ length: 60 }, (_, place) =>
        ask(FAST, ticket({ place, body: `Ticket number ${place}` })),
      ),
    );
    expect(stop.signal.reason).toMatchObject({ exit: 3 });
    expect(String(stop.signal.reason)).toContain(
      '20 answers of claude-haiku-4-5 in a row were paid for and are of no use. ' +
        'What came: text instead of a call of classify_ticket.',
    );
    // Those in the air are paid for too, and kept.
    const kept = ended.filter(({ status }) => status === 'fulfilled');
    expect(kept).toHaveLength(simulator.stats.requests);
    expect(kept.length).toBeLessThan(30);
  });

  test('refusals between successes do not', async () => {
    const failures = [{ what: 'invalid_request', rate: 0.5 } as const];
    const { ask } = await asking({ failures });
    const answers = await many(ask, 60);
    expect(answers.filter(({ kind }) => kind === 'none').length).toBeGreaterThan(20);
  });

  test('a retry-after that is too long ends it with 75', async () => {
    const { ask } = await asking({
      failures: [{ what: 'rate_limited', retryAfter: 601 }],
    });
    await expect(ask(FAST, ticket())).rejects.toMatchObject({ exit: 75 });
  });

  test('so long without any success ends it with 75, but not a long silence before one failure', async () => {
    let now = 0;
    const clock = { ...hurriedClock(), now: () => now };
    const sleep = clock.sleep;
    clock.sleep = (milliseconds, signal) => {
      now += 100_000;
      return sleep(milliseconds, signal);
    };
    const down = ({ ticket: text }: { ticket: string }) => text.includes('down');
    const failures: SimulatorOptions['failures'] = [
      { what: 'overloaded', nth: [2] },
      { what: 'overloaded', when: down },
    ];
    const { ask } = await asking({ failures, clock, maxWaitSeconds: 250 });
    await ask(FAST, ticket({ body: 'one' }));
    now += 3_600_000;
    expect(await ask(FAST, ticket({ body: 'two' }))).toMatchObject({ kind: 'valid', attempts: 2 });
    await expect(ask(FAST, ticket({ body: 'down' }))).rejects.toMatchObject({ exit: 75 });
  });

  test('nothing goes out after a stop', async () => {
    const { ask, stop } = await asking();
    stop.abort(new Error('stopped'));
    await expect(ask(FAST, ticket())).rejects.toThrow('stopped');
    expect(simulator.stats.requests).toBe(0);
  });
});

describe('many calls', () => {
  test('the cache is written once, and the cap holds', async () => {
    const { ask } = await asking({ latency: 20, concurrency: 7 });
    const answers = await many(ask, 60);
    expect(simulator.stats.of(FAST)).toMatchObject({ cacheWrites: 1, cacheReads: 59 });
    expect(simulator.stats.mostInFlight).toBeLessThanOrEqual(7);
    expect(simulator.stats.mostInFlight).toBeGreaterThan(1);
    expect(answers.every(({ kind }) => kind === 'valid')).toBe(true);
  });

  test('calls that wait are served in input order', async () => {
    const { ask } = await asking({ latency: 2, concurrency: 1 });
    const places = [5, 3, 4, 1, 2];
    await ask(FAST, ticket({ place: 0, body: 'the first' }));
    await Promise.all(places.map((place) => ask(FAST, ticket({ place, body: `place ${place}` }))));
    const sent = simulator.stats.bodies.map((body) => /place (\d)/.exec(JSON.stringify(body))?.[1]);
    expect(sent.slice(1)).toEqual(['5', '1', '2', '3', '4']);
  });

  test('a prefix that is too short to be cached is told of once, and why', async () => {
    const { ask, notes } = await asking({ system: 'Sort the ticket.' });
    await many(ask, 5);
    expect(notes).toHaveLength(1);
    expect(notes[0]).toMatch(/not being cached on claude-haiku-4-5.*from 4096 tokens on/);
  });
});

test.each([
  ['claude-haiku-4-5', { max_tokens: 400, tool_choice: { type: 'tool' } }],
  ['claude-sonnet-5-5', { tool_choice: { type: 'auto' }, thinking: { type: 'between_tools' } }],
  ['claude-opus-5-5', { tool_choice: { type: 'auto' }, output_config: { effort: 'low' } }],
  ['claude-fable-5-2', { tool_choice: { type: 'auto' }, output_config: { effort: 'low' } }],
])('%s is asked as it can be, and answers by calling the tool once', async (name, sent) => {
  const { ask } = await asking();
  expect((await ask(name, ticket())).kind).toBe('valid');
  expect(simulator.stats.bodies[0]).toMatchObject(sent);
  expect(simulator.stats.bodies[0]).toMatchObject({
    tool_choice: { disable_parallel_tool_use: true },
  });
});

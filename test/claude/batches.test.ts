// Our side of the Message Batches API, over the real SDK: what came of a request, whatever happens to it.
import { getEventListeners } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished, test } from 'vitest';
import { ResultsMissing } from '../../src/claude/batch-results.ts';
import { claudeBatches, type BatchState, type ClaudeBatches } from '../../src/claude/batches.ts';
import { openClient } from '../../src/claude/client.ts';
import { Failure } from '../../src/ground/errors.ts';
import type { BatchFailure } from '../simulator/batch-failures.ts';
import type { Failure as Mishap } from '../simulator/failures.ts';
import { startSimulator, type SimulatorOptions } from '../simulator/faulty-server.ts';
import { hurriedClock } from '../program.ts';
import { DAY, HOUR } from '../simulator/tiny-batches.ts';
import { params, ticket } from '../simulator/tiny-desk.ts';

type What = BatchFailure['what'];

interface Options extends SimulatorOptions {
  concurrency?: number;
  /** Of another server. */
  url?: string;
}

async function listening(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function open({ concurrency = 20, url, ...options }: Options = {}) {
  const clock = hurriedClock();
  const simulator = await startSimulator({ now: clock.now, ...options });
  onTestFinished(() => simulator.close());
  const stop = new AbortController();
  const leave = new AbortController();
  const access = { apiKey: 'test', authToken: null, baseURL: url ?? simulator.url };
  const claude = claudeBatches({
    client: await openClient({ ...access, concurrency, log: () => {} }),
    clock,
    stop: stop.signal,
    leave: leave.signal,
    maxWait: { seconds: 600, text: '10m' },
  });

  /** Of a batch that was made. */
  async function made(requests: number): Promise<string> {
    const sending = await claude.send(bowls(requests));
    if (sending.kind !== 'made') throw new Error(`${sending.kind}: ${sending.why}`);
    return sending.id;
  }

  /** As the server tells of a new batch. */
  async function looked(requests: number): Promise<BatchState> {
    return present(await claude.look(await made(requests)));
  }

  return {
    claude,
    simulator,
    stop,
    leave,
    made,
    looked,
    pass: (ms: number) => clock.sleep(ms, new AbortController().signal),
    fail: (...failures: BatchFailure[]) => simulator.set({ batches: { failures } }),
  };
}

function bowls(count: number) {
  return Array.from({ length: count }, (_, at) => ({
    customId: `t${at}`,
    request: params({
      messages: [{ role: 'user', content: ticket(`The broth in bowl ${at} was cold.`) }],
    }),
  }));
}

function present<T>(value: T | null): T {
  if (value === null) throw new Error('There is none.');
  return value;
}

async function listOf<T>(all: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const one of all) list.push(one);
  return list;
}

/** The requests that results are about, each once. */
async function answered(claude: ClaudeBatches, state: BatchState): Promise<Set<string>> {
  return new Set((await listOf(claude.results(state))).map(({ customId }) => customId));
}

async function failureOf(work: Promise<unknown>): Promise<Failure> {
  const error = await work.then(
    () => null,
    (caught: unknown) => caught,
  );
  if (error instanceof Failure) return error;
  throw new Error(`no failure, but ${String(error)}`);
}

describe('sending', () => {
  it('makes a batch, and learns its id', async () => {
    const { claude, simulator } = await open();
    const sending = await claude.send(bowls(3));
    const [created] = simulator.stats.batches.created;
    expect(sending).toEqual({ kind: 'made', id: created?.id });
    expect(created?.requests).toBe(3);
  });

  test.for<[What, why: string]>([
    ['rate_limited', '429 rate_limit_error'],
    ['ramp_limited', '429 rate_limit_error'],
    ['conflict', '409 conflict_error'],
    ['overloaded', '529 overloaded_error'],
  ])('is refused by %s, and may be tried again', async ([what, why]) => {
    const { claude, simulator, fail } = await open();
    fail({ on: 'create', what, first: 1, retryAfter: 7 });
    expect(await claude.send(bowls(3))).toMatchObject({
      kind: 'refused',
      why: expect.stringContaining(why),
      failure: null,
      retryAfter: 7,
    });
    expect(simulator.stats.batches.created).toEqual([]);
    expect(await claude.send(bowls(3))).toMatchObject({ kind: 'made' });
  });

  test.for<[What, exit: number]>([
    ['too_large', 3],
    ['invalid_request', 3],
    ['spend_limit', 3],
    ['usage_limit', 3],
    ['billing', 3],
    ['unauthorized', 2],
    ['forbidden', 2],
    ['not_found', 2],
  ])('is refused by %s for good: %i', async ([what, exit]) => {
    const { claude, simulator, fail } = await open();
    fail({ on: 'create', what });
    const sending = await claude.send(bowls(3));
    expect(sending).toMatchObject({ kind: 'refused', failure: { exit } });
    expect(simulator.stats.batches.created).toEqual([]);
  });

  test.for<[status: number, error: object, exit: number, told: string]>([
    [405, {}, 2, 'leave out --batch'],
    [501, {}, 2, 'leave out --batch'],
    [400, { details: { error_code: 'workspace_human_review_disabled' } }, 3, 'human review'],
    [413, {}, 3, '--batch-size,2'],
  ])('is refused with %i for good, and says what to do', async ([status, error, exit, told]) => {
    const server = createServer((_, response) => {
      const body = { type: 'error', error: { type: 'some_error', message: 'no', ...error } };
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    });
    onTestFinished(() => void server.close());
    const { claude } = await open({ url: await listening(server) });
    const sending = await claude.send(bowls(4));
    expect(sending).toMatchObject({ kind: 'refused', failure: { exit } });
    const failure = sending.kind === 'refused' ? sending.failure : null;
    expect([failure?.message, failure?.hint, ...(failure?.remedies ?? [])].join()).toContain(told);
  });

  it('is refused by a server that is not there, and may be tried again', async () => {
    const { claude, simulator } = await open();
    await simulator.close();
    const sending = await claude.send(bowls(3));
    expect(sending).toMatchObject({ kind: 'refused', failure: null });
    expect(sending).toHaveProperty('why', expect.stringContaining('ECONNREFUSED'));
  });

  it('to a server without batches names live mode', async () => {
    const { claude } = await open({ batches: false });
    const sending = await claude.send(bowls(3));
    expect(sending).toMatchObject({ kind: 'refused', failure: { exit: 2 } });
    expect(sending).toHaveProperty('failure.hint', expect.stringContaining('--batch'));
  });

  test.for<[What, made: number]>([
    ['dropped_before', 0],
    ['dropped_after', 1],
    ['dropped_halfway', 1],
    ['truncated_json', 1],
    ['html_page', 0],
    ['server_error', 0],
    ['server_error_after', 1],
    ['request_timeout', 0],
    ['gateway_timeout', 0],
  ])('is unclear after %s, and is not tried again', async ([what, made]) => {
    const { claude, simulator, fail } = await open();
    fail({ on: 'create', what });
    expect(await claude.send(bowls(3))).toMatchObject({ kind: 'unclear' });
    expect(simulator.stats.batches.created).toHaveLength(made);
    expect(simulator.stats.requests).toBe(1);
  });

  test.for<[What, made: number]>([
    ['hang', 0],
    ['hang_after', 1],
  ])('is unclear if it is left in %s', async ([what, made]) => {
    const { claude, simulator, leave, fail } = await open();
    fail({ on: 'create', what });
    const sending = claude.send(bowls(3));
    await expect.poll(() => simulator.stats.requests).toBe(1);
    leave.abort(new Error('a second Ctrl-C'));
    expect(await sending).toMatchObject({ kind: 'unclear' });
    expect(simulator.stats.batches.created).toHaveLength(made);
  });

  it('goes on after a first Ctrl-C, so that its id is learnt', async () => {
    const { claude, stop } = await open();
    const sending = claude.send(bowls(3));
    stop.abort(new Error('Ctrl-C'));
    expect(await sending).toMatchObject({ kind: 'made' });
  });
});

describe('probing', () => {
  it('tells that a stand-in answers', async () => {
    const { claude } = await open();
    expect(await claude.probe()).toEqual({ simulated: true });
  });

  it('of a server without batches is 2', async () => {
    const { claude } = await open({ batches: false });
    expect(await failureOf(claude.probe())).toMatchObject({ exit: 2 });
  });

  it('with a key that is refused is 2', async () => {
    const { claude } = await open({ apiKey: 'another' });
    expect(await failureOf(claude.probe())).toMatchObject({ exit: 2 });
  });
});

const PASSING: What[] = [
  'rate_limited',
  'overloaded',
  'server_error',
  'dropped_before',
  'dropped_after',
  'dropped_halfway',
  'truncated_json',
  'html_page',
];

describe('a look', () => {
  it('tells of a batch that runs, is being canceled, has ended', async () => {
    const { claude, made, pass } = await open({
      batches: { takesMs: HOUR, cancelTakesMs: 60_000 },
    });
    const id = await made(4);
    const running = await claude.look(id);
    expect(running).toMatchObject({ id, isEnded: false, isCanceling: false, requests: 4 });
    expect(running).toMatchObject({ endedAt: null, resultsUrl: null });
    await claude.cancel(id);
    expect(await claude.look(id)).toMatchObject({ isEnded: false, isCanceling: true });
    await pass(60_000);
    expect(await claude.look(id)).toMatchObject({
      isEnded: true,
      isCanceling: false,
      requests: 4,
      endedAt: expect.any(Number),
      resultsUrl: expect.stringContaining(id),
    });
  });

  it('finds none under an unknown id', async () => {
    const { claude } = await open();
    expect(await claude.look('msgbatch_other')).toBeNull();
  });

  test.for(PASSING)('is taken again after %s', async (what) => {
    const { claude, made, fail } = await open();
    const id = await made(2);
    fail({ on: 'retrieve', what, nth: [1, 2] });
    expect(await claude.look(id)).toMatchObject({ id, requests: 2 });
  });

  test.for<[What, exit: number]>([
    ['server_error', 75],
    ['html_page', 75],
    ['unauthorized', 2],
  ])('that %s spoils for ever ends the run with %i', async ([what, exit]) => {
    const { claude, made, fail } = await open();
    const id = await made(2);
    fail({ on: 'retrieve', what });
    expect(await failureOf(claude.look(id))).toMatchObject({ exit });
  });

  it('is not taken once the run is stopped', async () => {
    const { claude, simulator, stop } = await open();
    stop.abort(new Error('Ctrl-C'));
    await expect(claude.look('msgbatch_other')).rejects.toThrow('Ctrl-C');
    expect(simulator.stats.requests).toBe(0);
  });
});

describe('the list', () => {
  it('goes over all pages back to a time, the newest first', async () => {
    const { claude, made, pass } = await open();
    await made(1);
    await pass(HOUR);
    const ids: string[] = [];
    for (let at = 0; at < 105; at += 1) ids.unshift(await made(1));
    const [newest] = await listOf(claude.since(0));
    const since = present(newest ?? null).createdAt - HOUR / 2;
    const found = (await listOf(claude.since(since))).map(({ id }) => id);
    expect(found).toEqual(ids);
    expect(await listOf(claude.since(0))).toHaveLength(106);
  });

  // Taken for an empty one, it would have the same tickets sent, and paid, once more.
  test.for(PASSING)('is fetched again after %s', async (what) => {
    const { claude, made, fail } = await open();
    const id = await made(2);
    fail({ on: 'list', what, first: 1 });
    expect(await listOf(claude.since(0))).toMatchObject([{ id }]);
  });
});

describe('results', () => {
  test.for<What>([...PASSING, 'lines_missing'])('are all there after %s', async (what) => {
    const { claude, looked, fail } = await open();
    const state = await looked(60);
    fail({ on: 'results', what, nth: [1, 2] });
    const ids = await answered(claude, state);
    expect(ids).toEqual(new Set(bowls(60).map(({ customId }) => customId)));
  });

  it('that are lacking for good are those that are there, after a few readings', async () => {
    const { claude, looked, fail, simulator } = await open();
    const state = await looked(10);
    fail({ on: 'results', what: 'lines_missing' });
    const before = simulator.stats.requests;
    expect((await answered(claude, state)).size).toBe(5);
    expect(simulator.stats.requests - before).toBeLessThan(10);
  });

  test.for<What>(['html_page', 'dropped_halfway', 'not_found'])(
    'that never come whole (%s) can’t be had just now',
    async (what) => {
      const { claude, looked, fail } = await open();
      const state = await looked(10);
      fail({ on: 'results', what });
      await expect(answered(claude, state)).rejects.toThrow(ResultsMissing);
    },
  );

  it('that a server fails to give for ever end the run with 75', async () => {
    const { claude, looked, fail } = await open();
    const state = await looked(10);
    fail({ on: 'results', what: 'server_error' });
    expect(await failureOf(answered(claude, state))).toMatchObject({ exit: 75 });
  });

  it('carry what was answered, and what it took', async () => {
    const { claude, looked } = await open();
    const [result] = await listOf(claude.results(await looked(1)));
    expect(result).toMatchObject({
      customId: 't0',
      kind: 'answered',
      message: {
        blocks: [{ type: 'tool_use' }],
        usage: { cacheRead: 0, input: expect.any(Number), output: expect.any(Number) },
      },
    });
  });

  const HIT = 'bowl 1 ';
  test.for<[Mishap['what'], told: object]>([
    ['expired', { kind: 'expired' }],
    ['overloaded', { kind: 'errored', passing: true, why: 'overloaded_error' }],
    ['server_error', { kind: 'errored', passing: true, why: 'api_error' }],
    ['rate_limited', { kind: 'errored', passing: true, why: 'rate_limit_error' }],
    ['invalid_request', { kind: 'errored', passing: false }],
  ])('tell of %s', async ([what, told]) => {
    const { claude, looked, simulator } = await open();
    simulator.set({ failures: [{ what, when: (asked) => asked.ticket.includes(HIT) }] });
    const results = await listOf(claude.results(await looked(3)));
    expect(results.find(({ customId }) => customId === 't1')).toMatchObject(told);
    expect(results.filter(({ kind }) => kind === 'answered')).toHaveLength(2);
  });

  it('are not fetched from another host, as the key would go along', async () => {
    const { claude, looked } = await open();
    const heard: unknown[] = [];
    const other = createServer(({ headers }, response) => {
      heard.push(headers);
      response.end();
    });
    onTestFinished(() => void other.close());
    const host = await listening(other);
    const state = await looked(2);
    const resultsUrl = `${host}/v1/messages/batches/${state.id}/results`;
    expect((await answered(claude, { ...state, resultsUrl })).size).toBe(2);
    expect(heard).toEqual([]);
  });

  it.for([null, '/v1/messages/batches/ID/results'])(
    'are found without a host: %s',
    async (path) => {
      const { claude, looked } = await open();
      const state = await looked(2);
      const resultsUrl = path && path.replace('ID', state.id);
      expect((await answered(claude, { ...state, resultsUrl })).size).toBe(2);
    },
  );

  it('that the server does not know are told apart from none at all', async () => {
    const { claude, looked, pass } = await open();
    const state = await looked(2);
    await pass(30 * DAY);
    await expect(answered(claude, state)).rejects.toThrow(ResultsMissing);
  });

  it('leave no listener on the signal of the run, however often they are read', async () => {
    const { claude, looked, fail, stop } = await open();
    const state = await looked(2);
    fail({ on: 'results', what: 'truncated_json', first: 20 });
    const before = getEventListeners(stop.signal, 'abort').length;
    for (let at = 0; at < 5; at += 1) await answered(claude, state);
    expect(getEventListeners(stop.signal, 'abort')).toHaveLength(before);
  });

  it('that nobody reads to their end hold no connection', async () => {
    const { claude, looked } = await open({ concurrency: 1 });
    const state = await looked(2_000);
    for await (const { customId } of claude.results(state)) {
      expect(customId).toMatch(/^t\d+$/);
      break;
    }
    expect(await claude.look(state.id)).toMatchObject({ id: state.id });
  });

  it('are left in their midst once the run is stopped', async () => {
    const { claude, looked, stop } = await open();
    const state = await looked(2_000);
    const reading = async () => {
      for await (const _ of claude.results(state)) stop.abort(new Error('Ctrl-C'));
    };
    await expect(reading()).rejects.toThrow('Ctrl-C');
  });
});

describe('giving up', () => {
  it.for<What>(['overloaded', 'dropped_before', 'dropped_after', 'html_page'])(
    'goes through despite %s',
    async (what) => {
      const { claude, simulator, made, fail } = await open({
        batches: { takesMs: HOUR, cancelTakesMs: 60_000 },
      });
      const id = await made(2);
      fail({ on: 'cancel', what, first: 1 });
      await claude.cancel(id);
      expect(simulator.stats.batches.canceled).toEqual([id]);
    },
  );

  it('a batch that has ended meanwhile, or is gone, is nothing to do', async () => {
    const { claude, made } = await open();
    const id = await made(2);
    await claude.look(id);
    await claude.cancel(id);
    await claude.cancel('msgbatch_other');
  });

  it('that a server refuses is told', async () => {
    const { claude, made, fail } = await open({ batches: { takesMs: HOUR } });
    const id = await made(2);
    fail({ on: 'cancel', what: 'invalid_request' });
    expect(await failureOf(claude.cancel(id))).toMatchObject({ exit: 3 });
  });
});

describe('deleting', () => {
  it.for<What>(['overloaded', 'dropped_before', 'dropped_after', 'html_page'])(
    'goes through despite %s',
    async (what) => {
      const { claude, simulator, looked, fail } = await open();
      const { id } = await looked(2);
      fail({ on: 'delete', what, first: 1 });
      await claude.remove(id);
      expect(simulator.stats.batches.deleted).toEqual([id]);
    },
  );

  it('what is gone is nothing to do', async () => {
    const { claude } = await open();
    await claude.remove('msgbatch_other');
  });
});

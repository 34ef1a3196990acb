import { describe, expect, test } from 'vitest';
import { openLane, type Lane, type Outcome } from '../../src/claude/lane.ts';
import { rateLimitsOf, type RateLimit } from '../../src/claude/rate-limits.ts';
import { rateLimits, type Limits } from '../simulator/limits.ts';
import { ApiError } from '../../src/simulator/api-error.ts';
import { virtualTime } from './virtual-time.ts';

const MODEL = 'claude-haiku-4-5';
const USAGE = { input: 600, cacheRead: 7_000, cacheWrite: 0, output: 100 };

interface Server {
  latency: number;
  limits?: Limits;
  /** Other limits, from so many seconds on. */
  later?: { from: number; limits: Limits }[];
  /** Milliseconds of each, one after the other. */
  each?: number;
  /** Refused for the rate, whenever they come. */
  refuses?: (place: number) => boolean;
  /** Told beside the others. */
  impossible?: RateLimit[];
  /** What the headers say remains, whatever does. */
  always?: number;
  /** Called for each request: true if the server fails it. */
  fails?: (request: number, at: number) => boolean;
}

interface Seen {
  seconds: number;
  requests: number;
  limited: number;
  /** The most that were in the air at once. */
  most: number;
  /** Failures that counted as the tickets' own, and the most of one ticket. */
  own: number;
  late: number;
  /** After four failures of its own. */
  givenUp: number[];
  mostOwn: number;
  order: number[];
}

const TIMEOUT_MS = 60_000;

/** So many calls through a lane to a server with the simulator's own limits, in virtual time. */
async function drive(calls: number, server: Server, most = 100): Promise<Seen> {
  const { clock, until } = virtualTime();
  const lane = openLane({ most, clock, stop: new AbortController().signal, paused: () => {} });
  let limits = rateLimits(server.limits ?? {}, clock.now);
  const later = [...(server.later ?? [])];
  const seen: Seen = {
    seconds: 0,
    requests: 0,
    limited: 0,
    most: 0,
    own: 0,
    late: 0,
    givenUp: [],
    mostOwn: 0,
    order: [],
  };
  const signal = new AbortController().signal;
  let inAir = 0;
  let busyUntil = 0;
  const start = clock.now();

  function change(): void {
    const [next] = later;
    if (!next || clock.now() < start + next.from * 1_000) return;
    later.shift();
    limits = rateLimits(next.limits, clock.now);
  }

  function told() {
    const own = reported(limits.headers(MODEL));
    const all = own.map((one) => ({ ...one, remaining: server.always ?? one.remaining }));
    return [...all, ...(server.impossible ?? [])];
  }

  async function send(place: number): Promise<Outcome> {
    change();
    seen.requests++;
    seen.order.push(place);
    inAir++;
    seen.most = Math.max(seen.most, inAir);
    try {
      if (server.refuses?.(place)) throw new ApiError(429, 'rate_limit_error', 'no');
      limits.admit(MODEL, USAGE.input);
      if (server.fails?.(seen.requests, clock.now()) === true) {
        return { kind: 'failed', overload: true, late: false, retryAfter: null };
      }
      const { each = 0 } = server;
      busyUntil = Math.max(busyUntil, clock.now()) + each;
      const queued = busyUntil - clock.now();
      if (queued > TIMEOUT_MS) {
        await clock.sleep(TIMEOUT_MS, signal);
        seen.late++;
        return { kind: 'failed', overload: false, late: true, retryAfter: null };
      }
      await clock.sleep(queued, signal);
      const slow = queued > TIMEOUT_MS / 4;
      // A spread of a third to both sides, the same in every run.
      await clock.sleep(server.latency * (1 + ((place * 7919) % 100) / 150 - 1 / 3), signal);
      limits.spend(MODEL, USAGE.output);
      return { kind: 'answered', usage: USAGE, limits: told(), slow };
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      seen.limited++;
      return { kind: 'limited', retryAfter: 1, limits: told() };
    } finally {
      inAir--;
    }
  }

  async function call(place: number): Promise<void> {
    let own = 0;
    while (true) {
      const entered = await lane.enter(place);
      const outcome = await send(place);
      const isOwn = entered.leave(outcome);
      if (outcome.kind === 'answered') return;
      if (!isOwn) continue;
      seen.own++;
      own++;
      seen.mostOwn = Math.max(seen.mostOwn, own);
      if (own === 4) {
        seen.givenUp.push(place);
        return;
      }
      await clock.sleep(500, signal);
    }
  }

  await until(Promise.all(Array.from({ length: calls }, (_, place) => call(place))));
  return { ...seen, seconds: (clock.now() - start) / 1_000 };
}

function reported(headers: Record<string, string>) {
  return (['requests', 'input-tokens', 'output-tokens'] as const).flatMap((kind) => {
    const perMinute = Number(headers[`anthropic-ratelimit-${kind}-limit`] ?? Number.NaN);
    const left = Number(headers[`anthropic-ratelimit-${kind}-remaining`] ?? Number.NaN);
    return Number.isNaN(perMinute) ? [] : [{ kind, perMinute, remaining: left / perMinute }];
  });
}

test('the first call goes alone, then the lane opens to its cap', async () => {
  const { most, seconds, limited } = await drive(5_000, { latency: 300 }, 50);
  expect({ most, limited }).toEqual({ most: 50, limited: 0 });
  expect((5_000 * 0.3) / 50 / seconds).toBeGreaterThan(0.94);
});

describe('a limit that nobody told of beforehand', () => {
  test.each<[string, Limits, number, number]>([
    ['of requests, with headers', { requestsPerMinute: 1_200 }, 20, 0.01],
    ['of requests, without headers', { requestsPerMinute: 1_200, headers: false }, 18, 0.04],
    ['of requests, a minute at once', { requestsPerMinute: 1_200, burstSeconds: 60 }, 20, 0.01],
    [
      'of a bucket that tells what is in it',
      { requestsPerMinute: 3_600, remaining: 'inBucket' },
      60,
      0.01,
    ],
    ['of a minute’s bucket, the same', { requestsPerMinute: 3_600, burstSeconds: 60 }, 60, 0.01],
    ['of a small account', { requestsPerMinute: 50 }, (50 / 60) * 0.95, 0.02],
    ['of output', { requestsPerMinute: 4_000, outputTokensPerMinute: 120_000 }, 20, 0.01],
    ['of input', { requestsPerMinute: 4_000, inputTokensPerMinute: 720_000 }, 20, 0.01],
  ])('%s is kept, and used', async (_, limits, perSecond, refused) => {
    const calls = Math.round(perSecond * 120);
    const seen = await drive(calls, { latency: 300, limits });
    expect(calls / seen.seconds / perSecond).toBeGreaterThan(0.95);
    expect(seen.limited / seen.requests).toBeLessThan(refused);
  });
});

describe('1,500 calls at 3,600 a minute', () => {
  test.each<[string, Limits]>([
    ['and a bucket of 60, of which the headers tell what is in it', { remaining: 'inBucket' }],
    ['and a bucket of 60, of which they tell its share', {}],
    ['and a bucket of 6', { burstSeconds: 0.1, remaining: 'inBucket' }],
  ])('%s, keep to the limit', async (_, more) => {
    const seen = await drive(1_500, {
      latency: 300,
      limits: { requestsPerMinute: 3_600, ...more },
    });
    expect(1_500 / seen.seconds / 60).toBeGreaterThan(0.95);
    expect(seen.limited / seen.requests).toBeLessThan(0.01);
  });

  test.each([0, 60, 3_600])('keep to it though %i always remain', async (remaining) => {
    const seen = await drive(1_500, {
      latency: 300,
      limits: { requestsPerMinute: 3_600 },
      always: remaining / 3_600,
    });
    expect(1_500 / seen.seconds / 60).toBeGreaterThan(0.95);
  });
});

test.each(['1e-9', '0', '0.001', '-5', '1e400', 'NaN', '1'])(
  'a limit of %s tokens a minute is none, and nobody waits for it',
  async (limit) => {
    const headers = new Headers({
      'anthropic-ratelimit-input-tokens-limit': limit,
      'anthropic-ratelimit-input-tokens-remaining': '0',
    });
    const seen = await drive(300, { latency: 300, impossible: rateLimitsOf(headers) });
    expect(seen.seconds).toBeLessThan(4);
  },
);

test.each<[string, Limits]>([
  ['of the share of it', {}],
  ['of what is in the bucket', { remaining: 'inBucket' }],
])('a limit that falls and rises again is followed both ways: headers tell %s', async (_, more) => {
  const high = { requestsPerMinute: 2_400, ...more };
  const later = [
    { from: 20, limits: { requestsPerMinute: 600, ...more } },
    { from: 40, limits: high },
  ];
  const seen = await drive(1_900, { latency: 300, limits: high, later });
  const ideal = 40 + (1_900 - 800 - 200) / 40;
  expect(ideal / seen.seconds).toBeGreaterThan(0.9);
  expect(seen.limited / seen.requests).toBeLessThan(0.01);
});

test('a limit that falls and rises again, of which no header tells, is followed both ways', async () => {
  const high = { requestsPerMinute: 2_400, headers: false };
  const low = { requestsPerMinute: 600, headers: false };
  const later = [
    { from: 10, limits: low },
    { from: 20, limits: high },
  ];
  const seen = await drive(1_100, { latency: 300, limits: high, later }, 50);
  // 400 in the first ten seconds, 100 in the next, and what a bucket holds at the start of each.
  const ideal = 20 + (1_100 - 400 - 100 - 90) / 40;
  expect(ideal / seen.seconds).toBeGreaterThan(0.85);
  expect(seen.limited / seen.requests).toBeLessThan(0.02);
});

test('a burst of refusals counts once, and the calls after it come one by one', async () => {
  const seen = await drive(400, {
    latency: 300,
    limits: { requestsPerMinute: 600, headers: false },
  });
  expect(seen.limited).toBeLessThan(25);
  expect(400 / seen.seconds).toBeGreaterThan(8.5);
});

test('an outage is probed with one call at a time, and costs no ticket its tries', async () => {
  let during = 0;
  const start = Date.UTC(2026, 10, 22);
  const seen = await drive(3_000, {
    latency: 300,
    fails(_, at) {
      const isOut = at > start + 5_000 && at < start + 65_000;
      if (isOut) during++;
      return isOut;
    },
  });
  // While answers still come in from before, failures can't be told from those of the tickets.
  expect(seen.mostOwn).toBeLessThanOrEqual(2);
  // What was in the air, and one probe every few seconds.
  expect(during).toBeLessThan(230);
  expect(seen.seconds).toBeLessThan(60 + 3_000 / (100 / 0.3) + 20);
});

test('failures among answers are the tickets’ own, and the lane stays open', async () => {
  const seen = await drive(3_000, { latency: 300, fails: (request) => request % 10 === 0 }, 50);
  expect(seen.own).toBeGreaterThan(250);
  expect((3_300 * 0.3) / 50 / seen.seconds).toBeGreaterThan(0.8);
});

test.each([1, 3])(
  'of 60 tickets %i that are always refused end as their own failure, and hold nobody up',
  async (bad) => {
    const seen = await drive(60, {
      latency: 300,
      refuses: (place) => place % 20 === 0 && place < 20 * bad,
    });
    expect(seen.givenUp).toHaveLength(bad);
    expect(seen.requests).toBeLessThan(60 + 9 * bad);
    expect(seen.seconds).toBeLessThan(30);
  },
);

test('refused as all the others are, none ends as its own failure', async () => {
  let tries = 0;
  const seen = await drive(200, { latency: 300, refuses: () => tries++ % 5 !== 0 });
  expect(seen.givenUp).toEqual([]);
});

test('a server that works on one call after the other is not given more than it can do in time', async () => {
  const seen = await drive(100, { latency: 0, each: 3_000 });
  expect(seen.late).toBe(0);
  expect(seen.most).toBeLessThan(16);
});

test('time-outs shrink the lane, a burst of them once', async () => {
  const seen = await drive(60, { latency: 0, each: 14_000 });
  expect(seen.most).toBeLessThan(9);
  expect(seen.late).toBeLessThan(12);
});

test('of those who wait, the lowest place goes first', async () => {
  const { clock, until } = virtualTime();
  const lane = openLane({ most: 1, clock, stop: new AbortController().signal, paused: () => {} });
  const order: number[] = [];
  const first = await lane.enter(7);
  const others = [5, 9, 3].map((place) => pass(lane, place, order));
  first.leave({ kind: 'refused' });
  await until(Promise.all(others));
  expect(order).toEqual([3, 5, 9]);
});

async function pass(lane: Lane, place: number, order: number[]): Promise<void> {
  const own = await lane.enter(place);
  order.push(place);
  own.leave({ kind: 'refused' });
}

test('nobody waits any longer once the run is stopped', async () => {
  const { clock } = virtualTime();
  const stop = new AbortController();
  const lane = openLane({ most: 1, clock, stop: stop.signal, paused: () => {} });
  await lane.enter(0);
  const waiting = lane.enter(1);
  stop.abort(new Error('enough'));
  await expect(waiting).rejects.toThrow('enough');
  await expect(lane.enter(2)).rejects.toThrow('enough');
});

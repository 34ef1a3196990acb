import { expect, it } from 'vitest';
import { changingLimits } from './limits.ts';
import { desk, HAIKU, LONG_SYSTEM, params, SONNET } from './tiny-desk.ts';

const LONG = {
  system: [
    { type: 'text' as const, text: LONG_SYSTEM, cache_control: { type: 'ephemeral' as const } },
  ],
};

function clock(): { now: () => number; pass: (ms: number) => void } {
  let time = Date.UTC(2026, 10, 1);
  return { now: () => time, pass: (ms) => (time += ms) };
}

it('lets 60 a minute through as one a second, for every model by itself', async () => {
  const { now, pass } = clock();
  const { ask, fail } = await desk({ now, limits: { requestsPerMinute: 60 } });
  await ask();
  const error = await fail();
  expect(error).toMatchObject({ status: 429, type: 'rate_limit_error' });
  expect(error.message).toContain('60 requests per minute');
  expect(error.headers?.get('retry-after')).toBe('1');
  await ask({ model: SONNET });
  pass(1000);
  await ask();
});

it('lets a burst of several seconds through', async () => {
  const { now } = clock();
  const limits = { requestsPerMinute: 60, burstSeconds: 3 };
  const { ask, fail } = await desk({ now, limits });
  await Promise.all([ask(), ask(), ask()]);
  expect((await fail()).status).toBe(429);
});

it('counts written input, but not what is read from the cache', async () => {
  const { now, pass } = clock();
  const { ask, fail, stats } = await desk({ now, limits: { inputTokensPerMinute: 60_000 } });
  await ask(LONG);
  expect(await fail(LONG)).toMatchObject({ status: 429 });
  pass(60_000);
  await ask(LONG);
  expect(stats.of(HAIKU).delivered.cacheRead).toBeGreaterThan(4096);
  const { headers } = await fail({ system: LONG_SYSTEM });
  expect(headers?.get('retry-after')).toBe('1');
});

it('holds output back only after it has been written', async () => {
  const { now, pass } = clock();
  const { ask, fail } = await desk({ now, limits: { outputTokensPerMinute: 60 } });
  const { usage } = await ask();
  const error = await fail();
  expect(error.headers?.get('retry-after')).toBe(String(usage.output_tokens));
  pass(usage.output_tokens * 1000);
  await ask();
});

it('shows limits, what remains of them and when they are whole again', async () => {
  const { now } = clock();
  const limits = { requestsPerMinute: 120, burstSeconds: 60, inputTokensPerMinute: 1_000_000 };
  const { client, set } = await desk({ now, limits });
  const { response } = await client.messages.create(params()).withResponse();
  expect(response.headers.get('anthropic-ratelimit-requests-limit')).toBe('120');
  expect(response.headers.get('anthropic-ratelimit-requests-remaining')).toBe('119');
  expect(response.headers.get('anthropic-ratelimit-requests-reset')).toBe(
    '2026-11-01T00:00:00.500Z',
  );
  expect(response.headers.get('anthropic-ratelimit-input-tokens-limit')).toBe('1000000');
  expect(response.headers.get('anthropic-ratelimit-output-tokens-limit')).toBeNull();

  set({ limits: { ...limits, headers: false } });
  const bare = await client.messages.create(params()).withResponse();
  expect(bare.response.headers.get('anthropic-ratelimit-requests-limit')).toBeNull();
});

it('bills nothing that it refuses', async () => {
  const { now } = clock();
  const { ask, fail, stats } = await desk({ now, limits: { requestsPerMinute: 60 } });
  await ask();
  await fail();
  expect(stats.of(HAIKU)).toMatchObject({
    requests: 2,
    byStatus: { 200: 1, 429: 1 },
    delivered: { answers: 1 },
  });
});

it('tells what is in a bucket of one second, and not its share of the minute, if so told', async () => {
  const { now, pass } = clock();
  const limits = { requestsPerMinute: 3_600, remaining: 'inBucket' as const };
  const { client } = await desk({ now, limits });
  const remaining = async () => {
    const { response } = await client.messages.create(params()).withResponse();
    return response.headers.get('anthropic-ratelimit-requests-remaining');
  };
  expect([await remaining(), await remaining()]).toEqual(['59', '58']);
  pass(60_000);
  expect(await remaining()).toBe('59');
});

it('shrinks and comes back at its time', async () => {
  const { now, pass } = clock();
  const plenty = { requestsPerMinute: 2_400 };
  const phases = [
    { from: 0, limits: plenty },
    { from: 10, limits: { requestsPerMinute: 60 } },
    { from: 20, limits: plenty },
  ];
  const { ask, fail } = await desk({ now, obstacles: [changingLimits(phases, now)] });
  await Promise.all([ask(), ask(), ask()]);
  pass(10_000);
  await ask();
  expect((await fail()).message).toContain('60 requests per minute');
  pass(10_000);
  await Promise.all([ask(), ask(), ask()]);
});

import { expect, it } from 'vitest';
import { desk, HAIKU, LONG_SYSTEM, params, SONNET, ticket } from './tiny-desk.ts';

const LONG = {
  system: [
    { type: 'text' as const, text: LONG_SYSTEM, cache_control: { type: 'ephemeral' as const } },
  ],
};

it('adds up to the token what the answers said they used', async () => {
  const { ask, stats } = await desk();
  const sums = { answers: 0, input: 0, cacheRead: 0, cacheWrite5m: 0, cacheWrite1h: 0, output: 0 };
  for (let i = 0; i < 20; i += 1) {
    const messages = [
      { role: 'user' as const, content: ticket(`The ${'broth '.repeat(i)}was hot`) },
    ];
    const { usage } = await ask({ ...LONG, messages });
    sums.answers += 1;
    sums.input += usage.input_tokens;
    sums.cacheRead += usage.cache_read_input_tokens ?? 0;
    sums.cacheWrite5m += usage.cache_creation_input_tokens ?? 0;
    sums.output += usage.output_tokens;
  }
  expect(stats.of(HAIKU)).toEqual({
    requests: 20,
    byStatus: { 200: 20 },
    delivered: sums,
    lost: { answers: 0, input: 0, cacheRead: 0, cacheWrite5m: 0, cacheWrite1h: 0, output: 0 },
    batch: { answers: 0, input: 0, cacheRead: 0, cacheWrite5m: 0, cacheWrite1h: 0, output: 0 },
    cacheWrites: 1,
    cacheReads: 19,
  });
});

it('keeps models apart and counts requests that name none', async () => {
  const { ask, fail, stats } = await desk();
  await ask();
  await ask({ model: SONNET });
  await fail({ model: undefined });
  expect(stats.requests).toBe(3);
  expect(stats.byStatus).toEqual({ 200: 2, 400: 1 });
  expect(stats.of(HAIKU).requests).toBe(1);
  expect(stats.of(SONNET).requests).toBe(1);
  expect(stats.of('claude-opus-5').requests).toBe(0);
});

it('knows how many were in the air at once', async () => {
  const { client, ask, set, stats } = await desk({ failures: [{ what: 'hang' }] });
  const leave = new AbortController();
  const asking = () => client.messages.create(params(), { signal: leave.signal }).catch(() => null);
  const asked = [asking(), asking(), asking(), asking()];
  await expect.poll(() => stats.inFlight).toBe(4);
  leave.abort();
  await Promise.all(asked);
  set({ failures: [] });
  await ask();
  expect(stats.mostInFlight).toBe(4);
});

it('bills work whose client has gone, as lost', async () => {
  const { client, stats } = await desk({ latency: 10_000 });
  const leave = new AbortController();
  const asked = client.messages.create(params(), { signal: leave.signal }).catch(() => null);
  await expect.poll(() => stats.of(HAIKU).requests).toBe(1);
  leave.abort();
  await asked;
  await expect.poll(() => stats.of(HAIKU).lost.answers).toBe(1);
  expect(stats.of(HAIKU).delivered.answers).toBe(0);
  expect(stats.inFlight).toBe(0);
});

it('keeps the bodies only if asked to', async () => {
  const kept = await desk({ record: true });
  await kept.ask();
  expect(kept.stats.bodies).toEqual([params()]);
  const forgetful = await desk();
  await forgetful.ask();
  expect(forgetful.stats.bodies).toEqual([]);
});

import { expect, it, onTestFinished, vi } from 'vitest';
import { desk, HAIKU, LONG_SYSTEM, params, SONNET, SYSTEM, ticket, TOOL } from './tiny-desk.ts';

const MINUTE = 60_000;
const marked = (text: string, ttl?: '5m' | '1h') => [
  {
    type: 'text' as const,
    text,
    cache_control: { type: 'ephemeral' as const, ...(ttl && { ttl }) },
  },
];
const LONG = { system: marked(LONG_SYSTEM) };
const READS = {
  cache_creation_input_tokens: 0,
  cache_read_input_tokens: expect.toSatisfy(isPositive),
};
const WRITES = {
  cache_creation_input_tokens: expect.toSatisfy(isPositive),
  cache_read_input_tokens: 0,
};
const NEITHER = { cache_creation_input_tokens: 0, cache_read_input_tokens: 0 };

function isPositive(tokens: number): boolean {
  return tokens > 0;
}

function clock(): { now: () => number; pass: (ms: number) => void } {
  let time = 0;
  return { now: () => time, pass: (ms) => (time += ms) };
}

it('writes a prefix once, then reads it, and counts only the rest as input', async () => {
  const { ask } = await desk();
  const first = (await ask(LONG)).usage;
  const second = (await ask(LONG)).usage;
  const bytes = Buffer.byteLength(JSON.stringify(TOOL)) / 4;
  const prefix = Math.ceil(bytes) + Math.ceil(Buffer.byteLength(LONG_SYSTEM) / 4);
  expect(first).toMatchObject({ ...WRITES, cache_creation_input_tokens: prefix });
  expect(second).toMatchObject({ ...READS, cache_read_input_tokens: prefix });
  const text = ticket('The broth in my bowl was cold.');
  expect(first.input_tokens).toBe(Math.ceil(text.length / 4) + 588);
  expect(second.input_tokens).toBe(first.input_tokens);
});

it("silently caches nothing under the model's smallest prefix", async () => {
  const { ask } = await desk();
  const middling = { system: marked(LONG_SYSTEM.slice(0, 8000)) };
  await ask(middling);
  expect((await ask(middling)).usage).toMatchObject(NEITHER);
  await ask({ ...middling, model: SONNET });
  expect((await ask({ ...middling, model: SONNET })).usage).toMatchObject(READS);
  expect((await ask({ model: SONNET })).usage).toMatchObject(NEITHER);
});

it('lets every request pay for a write until the first answer begins', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  onTestFinished(() => void vi.useRealTimers());
  const { ask, set, stats } = await desk({ latency: 50 });
  const asked = [ask(LONG), ask(LONG), ask(LONG)];
  await expect.poll(() => stats.inFlight).toBe(3);
  vi.advanceTimersByTime(50);
  const usages = (await Promise.all(asked)).map(({ usage }) => usage);
  set({ latency: 0 });
  for (const usage of usages) expect(usage).toMatchObject(WRITES);
  expect((await ask(LONG)).usage).toMatchObject(READS);
  expect(stats.of(HAIKU)).toMatchObject({ cacheWrites: 3, cacheReads: 1 });
});

it('forgets after five minutes, and every hit renews them', async () => {
  const { now, pass } = clock();
  const { ask } = await desk({ now });
  await ask(LONG);
  pass(4 * MINUTE);
  expect((await ask(LONG)).usage).toMatchObject(READS);
  pass(4 * MINUTE);
  expect((await ask(LONG)).usage).toMatchObject(READS);
  pass(5 * MINUTE);
  expect((await ask(LONG)).usage).toMatchObject(WRITES);
});

it('keeps an hour what is marked so, and says which it wrote', async () => {
  const { now, pass } = clock();
  const { ask } = await desk({ now });
  const hour = { system: marked(LONG_SYSTEM, '1h') };
  const { usage } = await ask(hour);
  expect(usage.cache_creation).toEqual({
    ephemeral_5m_input_tokens: 0,
    ephemeral_1h_input_tokens: usage.cache_creation_input_tokens,
  });
  pass(59 * MINUTE);
  expect((await ask(hour)).usage).toMatchObject(READS);
  pass(60 * MINUTE);
  expect((await ask(hour)).usage).toMatchObject(WRITES);
});

it('takes another model, tool or system for another prefix, but not another ticket', async () => {
  const { ask } = await desk();
  await ask(LONG);
  const other = { messages: [{ role: 'user' as const, content: 'Is there cake?' }] };
  expect((await ask({ ...LONG, ...other })).usage).toMatchObject(READS);
  expect((await ask({ ...LONG, tool_choice: { type: 'any' } })).usage).toMatchObject(READS);
  expect((await ask({ ...LONG, model: SONNET })).usage).toMatchObject(WRITES);
  expect((await ask({ system: marked(`${LONG_SYSTEM}!`) })).usage).toMatchObject(WRITES);
  const tools = [{ ...TOOL, description: 'Tastes.' }];
  expect((await ask({ ...LONG, tools })).usage).toMatchObject(WRITES);
});

it('reads up to the last mark it knows and writes from there', async () => {
  const { ask } = await desk();
  const first = (await ask(LONG)).usage;
  const [block] = marked(SYSTEM);
  const { usage } = await ask({ system: [...LONG.system, ...(block ? [block] : [])] });
  expect(usage).toMatchObject({
    cache_read_input_tokens: first.cache_creation_input_tokens,
    cache_creation_input_tokens: Math.ceil(Buffer.byteLength(SYSTEM) / 4),
  });
});

it('caches nothing without a mark', async () => {
  const { ask } = await desk();
  await ask({ system: LONG_SYSTEM });
  expect((await ask({ system: LONG_SYSTEM })).usage).toMatchObject(NEITHER);
});

it('counts three tenths more on newer models', async () => {
  const { ask } = await desk();
  const content = 'a'.repeat(4000);
  const bare = { ...params(), system: '', tools: [], tool_choice: { type: 'none' as const } };
  const messages = [{ role: 'user' as const, content }];
  expect((await ask({ ...bare, messages })).usage.input_tokens).toBe(1000);
  const newer = await ask({ ...bare, messages, model: 'claude-haiku-5-5' });
  expect(newer.usage.input_tokens).toBe(1300);
});

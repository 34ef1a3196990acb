import { describe, expect, it, test } from 'vitest';
import { latencyOf } from '../../src/simulator/world.ts';
import { desk, HAIKU, inputOf, SCHEMA, SONNET, ticket, TOOL } from './tiny-desk.ts';

const asking = (body: string, subject = '') => ({
  messages: [{ role: 'user' as const, content: ticket(body, subject) }],
});

test.for([
  ['A ladle of that broth, please', 'soup', 'calm'],
  ['Where are the candles, and is it sweet?', 'cake', 'calm'],
  ['How about parking and opening hours?', 'other', 'calm'],
  ['STALE FROSTING AGAIN!!! Never, never again!!', 'cake', 'cross'],
] as const)('reads "%s" as %s and %s', async ([body, dish, mood]) => {
  const { ask } = await desk();
  expect(inputOf(await ask(asking(body)))).toMatchObject({ dish, mood });
});

it('answers in the shape of the tool, in its order', async () => {
  const { ask } = await desk();
  const message = await ask(asking('The broth was hot.', 'Broth'));
  expect(message).toMatchObject({
    type: 'message',
    role: 'assistant',
    model: HAIKU,
    stop_reason: 'tool_use',
    content: [{ type: 'tool_use', name: 'taste' }],
  });
  expect(message.id).toMatch(/^msg_sim_/);
  const input = inputOf(message);
  expect(Object.keys(input)).toEqual(SCHEMA.required);
  for (const confidence of [input['dish_confidence'], input['mood_confidence']]) {
    expect(confidence).toBeGreaterThanOrEqual(0.35);
    expect(confidence).toBeLessThanOrEqual(0.99);
    expect(String(confidence)).toMatch(/^0\.\d{1,2}$/);
  }
  expect(input['summary']).toBe('Simulated: Broth');
  expect(input['reason']).toMatch(/^Simulated: nearest words .*broth/);
});

it('says the same of the same text, also in another run', async () => {
  const [one, other] = [await desk(), await desk({ seed: 2 })];
  const request = asking('Somebody put frosting into my bowl of broth');
  const input = inputOf(await one.ask(request));
  expect(inputOf(await one.ask(request))).toEqual(input);
  expect(inputOf(await other.ask(request))).toEqual(input);
});

it('is surer as the stronger model, and of the same labels', async () => {
  const { ask } = await desk();
  const request = asking('candles in a pot');
  const fast = inputOf(await ask(request));
  const strong = inputOf(await ask({ ...request, model: SONNET }));
  expect(strong['dish']).toBe(fast['dish']);
  expect(strong['dish_confidence']).toBeGreaterThan(Number(fast['dish_confidence']));
});

it('is unsure of a text without a known word, and takes the most general label', async () => {
  const { ask } = await desk();
  expect(inputOf(await ask(asking('zzyzx')))).toMatchObject({
    dish_confidence: 0.35,
    mood_confidence: 0.35,
    reason: 'Simulated: no word of the ticket is known from the prompt.',
  });
});

it('takes a message that is not JSON as it is', async () => {
  const { ask } = await desk();
  const message = await ask({ messages: [{ role: 'user', content: 'Broth and ladles' }] });
  expect(inputOf(message)).toMatchObject({ dish: 'soup', summary: 'Simulated: Broth and ladles' });
});

it('sums up in 120 characters at most, without half of an emoji', async () => {
  const { ask } = await desk();
  for (const body of ['broth '.repeat(50), '😀'.repeat(200)]) {
    const summary = String(inputOf(await ask(asking(body)))['summary']);
    expect(summary.length).toBeLessThanOrEqual(120);
    expect(summary).toMatch(/^Simulated:/);
    expect(summary).not.toMatch(/\p{Surrogate}/u);
  }
});

it('answers with labels alone where the tool asks for nothing else', async () => {
  const { ask } = await desk();
  const { summary: _, reason: __, ...properties } = SCHEMA.properties;
  const input_schema = { ...SCHEMA, properties, required: Object.keys(properties) };
  const message = await ask({ tools: [{ ...TOOL, input_schema }] });
  expect(Object.keys(inputOf(message))).toEqual(Object.keys(properties));
});

describe('with few tokens', () => {
  it('breaks off, and leaves the fields that were complete', async () => {
    const { ask } = await desk();
    const message = await ask({ max_tokens: 12 });
    expect(message).toMatchObject({ stop_reason: 'max_tokens', usage: { output_tokens: 12 } });
    expect(Object.keys(inputOf(message))).toEqual(['dish', 'dish_confidence']);
  });

  it('warms up a cache with none at all, if no tool is forced', async () => {
    const { ask } = await desk();
    const message = await ask({ max_tokens: 0, tool_choice: { type: 'auto' } });
    expect(message).toMatchObject({ content: [], usage: { output_tokens: 0 } });
  });
});

it('draws real latencies around the model, the same in every run', () => {
  const draws = Array.from({ length: 999 }, (_, i) => latencyOf('real', HAIKU, `${i}`));
  const sorted = draws.toSorted((a, b) => a - b);
  expect(sorted[499]).toBeGreaterThan(1000);
  expect(sorted[499]).toBeLessThan(1200);
  expect(sorted[949]).toBeGreaterThan(1900);
  expect(sorted[949]).toBeLessThan(2500);
  expect(latencyOf('real', HAIKU, '7')).toBe(draws[7]);
});

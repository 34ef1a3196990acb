import { describe, expect, it, test } from 'vitest';
import type { Failure, What } from './failures.ts';
import { batchDesk, bowls, endings, HOUR, messageOf } from './tiny-batches.ts';
import { HAIKU, inputOf, LONG_SYSTEM, SONNET, SYSTEM } from './tiny-desk.ts';

const marked = (text: string, ttl: '5m' | '1h' = '5m') => ({
  system: [{ type: 'text' as const, text, cache_control: { type: 'ephemeral' as const, ttl } }],
});
const LONG = marked(LONG_SYSTEM);
const HOURLY = marked(LONG_SYSTEM, '1h');
const NOTHING = {
  answers: 0,
  input: 0,
  cacheRead: 0,
  cacheWrite5m: 0,
  cacheWrite1h: 0,
  output: 0,
};

it('answers as a live call would, but for the tier and the ids', async () => {
  const { ask, resultsOf } = await batchDesk();
  const [line] = await resultsOf(bowls(1));
  const live = await ask(bowls(1)[0]?.params);
  if (line === undefined) throw new Error('There is no result.');
  const message = messageOf(line);
  expect(message.usage).toEqual({ ...live.usage, service_tier: 'batch' });
  expect(inputOf(message)).toEqual(inputOf(live));
  expect(message).toMatchObject({ id: 'msg_sim_000001_1', model: HAIKU, stop_reason: 'tool_use' });
  expect(live.usage.service_tier).toBe('standard');
});

it('bills what succeeded, apart from live answers and whether or not it is fetched', async () => {
  const { ask, batches, create, results, stats } = await batchDesk();
  const { id } = await create(bowls(20, LONG));
  await batches.retrieve(id);
  const billed = structuredClone(stats.of(HAIKU));
  const sums = { ...NOTHING };
  for (const { usage } of (await results(id)).map(messageOf)) {
    sums.answers += 1;
    sums.input += usage.input_tokens;
    sums.cacheRead += usage.cache_read_input_tokens ?? 0;
    sums.cacheWrite5m += usage.cache_creation_input_tokens ?? 0;
    sums.output += usage.output_tokens;
  }
  expect(billed).toMatchObject({ batch: sums, delivered: NOTHING, lost: NOTHING, requests: 0 });
  await results(id);
  await ask();
  expect(stats.of(HAIKU)).toMatchObject({ batch: sums, delivered: { answers: 1 } });
});

describe('checks what a request asks for only when it is its turn, and bills nothing for', () => {
  test.for<[string, object, string, string]>([
    ['an unknown model', { model: 'claude-1' }, 'not_found_error', 'model: claude-1'],
    ['no model', { model: undefined }, 'invalid_request_error', 'model: Field required'],
    ['no output', { max_tokens: 0 }, 'invalid_request_error', 'max_tokens: 0'],
    ['a stream', { stream: true }, 'invalid_request_error', 'stream: '],
    ['a temperature', { temperature: 0 }, 'invalid_request_error', 'temperature: Extra inputs'],
    ['no messages', { messages: [] }, 'invalid_request_error', 'at least one message'],
    [
      'a forced tool where there is none',
      { model: 'claude-sonnet-5-5' },
      'invalid_request_error',
      'is not supported on this model',
    ],
  ])('%s', async ([, changes, type, message]) => {
    const { resultsOf, stats } = await batchDesk();
    const [bad, good] = bowls(2);
    if (bad === undefined || good === undefined) throw new Error('There are no bowls.');
    const spoilt = { ...bad, params: { ...bad.params, ...changes } };
    const [errored, succeeded] = await resultsOf([spoilt, good]);
    expect(errored?.result).toEqual({
      type: 'errored',
      error: {
        type: 'error',
        error: { type, message: expect.stringContaining(message) },
        request_id: null,
      },
    });
    expect(succeeded?.result.type).toBe('succeeded');
    expect(stats.of(HAIKU).batch.answers).toBe(1);
    expect(stats.batches.requests).toEqual({
      processed: 2,
      succeeded: 1,
      errored: 1,
      expired: 0,
      canceled: 0,
    });
  });
});

describe('meets failures', () => {
  test.for<[What, string]>([
    ['overloaded', 'overloaded_error'],
    ['server_error', 'api_error'],
    ['invalid_request', 'invalid_request_error'],
  ])('%s as an errored result', async ([what, type]) => {
    const { resultsOf, stats } = await batchDesk({ failures: [{ what, nth: [2] }] });
    const lines = await resultsOf(bowls(3));
    expect(endings(lines)).toEqual(['succeeded', 'errored', 'succeeded']);
    expect(lines[1]?.result).toMatchObject({ error: { error: { type } } });
    expect(stats.of(HAIKU).batch.answers).toBe(2);
  });

  it('expired as an expired result', async () => {
    const failures: Failure[] = [{ what: 'expired', first: 1 }];
    const { ask, batches, create, results, stats } = await batchDesk({ failures });
    await ask();
    const { id } = await create(bowls(2));
    expect(endings(await results(id))).toEqual(['expired', 'succeeded']);
    expect(await batches.retrieve(id)).toMatchObject({
      request_counts: { expired: 1, succeeded: 1, errored: 0 },
    });
    expect(stats.of(HAIKU).batch.answers).toBe(1);
  });

  it('a spoilt answer as one that succeeded', async () => {
    const { resultsOf, stats } = await batchDesk({ failures: [{ what: 'wrong_label' }] });
    const messages = (await resultsOf(bowls(2))).map(messageOf);
    expect(messages.map(inputOf)).toMatchObject([
      { dish: 'no_such_label' },
      { dish: 'no_such_label' },
    ]);
    expect(stats.of(HAIKU).batch.answers).toBe(2);
  });

  it('but no losses, which take nothing from what comes after them in the list', async () => {
    const failures: Failure[] = [
      { what: 'dropped_before' },
      { what: 'truncated_json' },
      { what: 'overloaded', nth: [1], when: ({ inBatch }) => inBatch },
    ];
    const { create, results, ask } = await batchDesk({ failures });
    const { id } = await create(bowls(2));
    expect(endings(await results(id))).toEqual(['errored', 'succeeded']);
    await expect(ask()).rejects.toThrow('Connection error');
  });

  it('by attempt, live ones counted, and by share', async () => {
    const failures: Failure[] = [{ what: 'overloaded', when: ({ attempt }) => attempt === 2 }];
    const { ask, resultsOf, set } = await batchDesk({ failures });
    await ask(bowls(1)[0]?.params);
    expect(endings(await resultsOf(bowls(2)))).toEqual(['errored', 'succeeded']);
    expect(endings(await resultsOf(bowls(2)))).toEqual(['succeeded', 'errored']);
    set({ failures: [{ what: 'overloaded', rate: 0.3 }] });
    const share = endings(await resultsOf(bowls(200))).filter((type) => type === 'errored').length;
    expect(share / 200).toBeGreaterThan(0.2);
    expect(share / 200).toBeLessThan(0.4);
  });

  it('that were set when they were due', async () => {
    const { create, results, set, pass } = await batchDesk({ batches: { takesMs: HOUR } });
    const { id } = await create(bowls(4));
    pass(HOUR / 2);
    set({ failures: [{ what: 'overloaded' }] });
    pass(HOUR / 2);
    expect(endings(await results(id))).toEqual(['succeeded', 'succeeded', 'errored', 'errored']);
  });
});

it('has no rate limits inside, and takes nothing from those outside', async () => {
  const { ask, resultsOf } = await batchDesk({ limits: { requestsPerMinute: 60 } });
  expect(endings(await resultsOf(bowls(3)))).toEqual(['succeeded', 'succeeded', 'succeeded']);
  await ask();
  await expect(ask()).rejects.toMatchObject({ status: 429 });
});

describe('finds in the cache', () => {
  const read = { cache_creation_input_tokens: 0, cache_read_input_tokens: expect.toSatisfy(some) };
  const written = {
    cache_creation_input_tokens: expect.toSatisfy(some),
    cache_read_input_tokens: 0,
  };

  function some(tokens: number): boolean {
    return tokens > 0;
  }

  it('what an earlier request of the batch wrote', async () => {
    const { resultsOf } = await batchDesk({ batches: { cacheHits: 1 } });
    const usages = (await resultsOf(bowls(3, LONG))).map((line) => messageOf(line).usage);
    expect(usages).toMatchObject([written, read, read]);
  });

  it('what a live call wrote, and leaves something for the next one', async () => {
    const { ask, resultsOf } = await batchDesk({ batches: { cacheHits: 1 } });
    await ask(LONG);
    const [line] = await resultsOf(bowls(1, LONG));
    if (line === undefined) throw new Error('There is no result.');
    expect(messageOf(line).usage).toMatchObject(read);
    await resultsOf(bowls(1, { ...LONG, model: SONNET }));
    expect((await ask({ ...LONG, model: SONNET })).usage).toMatchObject(read);
  });

  it('nine times out of ten, and writes again the tenth time', async () => {
    const { resultsOf, stats } = await batchDesk();
    const usages = (await resultsOf(bowls(300, LONG))).map((line) => messageOf(line).usage);
    const reads = usages.filter((usage) => usage.cache_read_input_tokens !== 0);
    expect(reads.length / 300).toBeGreaterThan(0.84);
    expect(reads.length / 300).toBeLessThan(0.96);
    for (const usage of usages) expect([read, written]).toContainEqual(trimmed(usage));
    expect(stats.of(HAIKU)).toMatchObject({
      cacheReads: reads.length,
      cacheWrites: 300 - reads.length,
    });
  });

  it('nothing at all if so told, nor what is too short', async () => {
    const { resultsOf, set } = await batchDesk({ batches: { cacheHits: 0 } });
    const usages = (await resultsOf(bowls(2, LONG))).map((line) => messageOf(line).usage);
    expect(usages).toMatchObject([written, written]);
    set({ batches: { cacheHits: 1 } });
    const short = (await resultsOf(bowls(2, marked(SYSTEM)))).map((line) => messageOf(line).usage);
    expect(short[1]).toMatchObject({ cache_creation_input_tokens: 0, cache_read_input_tokens: 0 });
  });

  it('an entry of an hour through a batch of three, seen at its end alone', async () => {
    const { ask, create, results, pass } = await batchDesk({
      batches: { cacheHits: 1, takesMs: 3 * HOUR },
    });
    await ask(HOURLY);
    const { id } = await create(bowls(6, HOURLY));
    pass(3 * HOUR);
    const usages = (await results(id)).map((line) => messageOf(line).usage);
    expect(usages).toMatchObject([read, read, read, read, read, read]);
  });

  it('nothing an hour after the last hit, when others look later still', async () => {
    const { ask, create, results, pass } = await batchDesk({
      batches: { cacheHits: 1, takesMs: 4 * HOUR },
    });
    const { id } = await create(bowls(2, HOURLY));
    pass(1.5 * HOUR);
    await ask(HOURLY);
    pass(2.5 * HOUR);
    const usages = (await results(id)).map((line) => messageOf(line).usage);
    expect(usages).toMatchObject([read, written]);
  });

  it('no entry of five minutes from half an hour ago', async () => {
    const { create, results, pass } = await batchDesk({
      batches: { cacheHits: 1, takesMs: HOUR },
    });
    const { id } = await create(bowls(2, LONG));
    pass(HOUR);
    const usages = (await results(id)).map((line) => messageOf(line).usage);
    expect(usages).toMatchObject([written, written]);
  });

  function trimmed(usage: object): object {
    const { cache_creation_input_tokens: write, cache_read_input_tokens: hit } = Object.assign(
      { cache_creation_input_tokens: 0, cache_read_input_tokens: 0 },
      usage,
    );
    return { cache_creation_input_tokens: write, cache_read_input_tokens: hit };
  }
});

it('tells prompts of one batch apart', async () => {
  const { ask, resultsOf } = await batchDesk();
  const [plain, other] = [bowls(1)[0], bowls(2, { system: 'Sort.', tools: [] })[1]];
  if (plain === undefined || other === undefined) throw new Error('There are no bowls.');
  const bare = { ...other, params: { ...other.params, tool_choice: { type: 'none' as const } } };
  const again = { ...plain, custom_id: 't2' };
  const messages = (await resultsOf([plain, bare, again])).map(messageOf);
  expect(messages.map(({ content }) => content[0]?.type)).toEqual(['tool_use', 'text', 'tool_use']);
  for (const [i, { params }] of [plain, bare, again].entries()) {
    const { input_tokens: live } = (await ask({ ...params, stream: false })).usage;
    expect(messages[i]?.usage.input_tokens).toBe(live);
  }
});

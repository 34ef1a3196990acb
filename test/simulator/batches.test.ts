import { describe, expect, it, test } from 'vitest';
import { batchDesk, bowls, DAY, endings, HOUR } from './tiny-batches.ts';

const NONE = { processing: 0, succeeded: 0, errored: 0, canceled: 0, expired: 0 };
const NOTHING: object = {};

it('shows a batch as in progress, all its requests processing, until the whole has ended', async () => {
  const { url, batches, create, pass } = await batchDesk({ batches: { takesMs: HOUR } });
  const made = await create(bowls(4));
  expect(made).toEqual({
    id: 'msgbatch_sim_000001',
    type: 'message_batch',
    processing_status: 'in_progress',
    request_counts: { ...NONE, processing: 4 },
    created_at: '2026-11-01T00:00:00.000Z',
    expires_at: '2026-11-02T00:00:00.000Z',
    ended_at: null,
    cancel_initiated_at: null,
    archived_at: null,
    results_url: null,
  });
  pass(HOUR - 1);
  expect(await batches.retrieve(made.id)).toEqual(made);
  pass(HOUR);
  expect(await batches.retrieve(made.id)).toEqual({
    ...made,
    processing_status: 'ended',
    request_counts: { ...NONE, succeeded: 4 },
    ended_at: '2026-11-01T01:00:00.000Z',
    results_url: `${url}/v1/messages/batches/${made.id}/results`,
  });
});

it('ends at the next look if it takes no time, but never in the answer that makes it', async () => {
  const { batches, create } = await batchDesk();
  const { id, processing_status: status } = await create(bowls(1));
  expect(status).toBe('in_progress');
  expect(await batches.retrieve(id)).toMatchObject({ processing_status: 'ended' });
});

it('takes a time by its size if told so', async () => {
  const takesMs = (requests: number): number => requests * HOUR;
  const { batches, create, pass } = await batchDesk({ batches: { takesMs } });
  const [small, large] = [await create(bowls(1)), await create(bowls(3))];
  pass(2 * HOUR);
  expect(await batches.retrieve(small.id)).toMatchObject({ processing_status: 'ended' });
  expect(await batches.retrieve(large.id)).toMatchObject({ processing_status: 'in_progress' });
});

it('gives every request one result, in another order than sent, the same one every time', async () => {
  const { batches, create } = await batchDesk();
  const { id } = await create(bowls(50));
  async function ids(): Promise<string[]> {
    const found: string[] = [];
    for await (const line of await batches.results(id)) found.push(line.custom_id);
    return found;
  }
  const sent = bowls(50).map((entry) => entry.custom_id);
  const first = await ids();
  expect(first).not.toEqual(sent);
  expect(first.toSorted()).toEqual(sent.toSorted());
  expect(await ids()).toEqual(first);
});

it('sends the results of a large batch in pieces, and all of them', async () => {
  const { results, create } = await batchDesk();
  const { id } = await create(bowls(2000));
  const lines = await results(id);
  expect(new Set(lines.map((line) => line.custom_id)).size).toBe(2000);
  expect(JSON.stringify(lines).length).toBeGreaterThan(10 * 65_536);
});

it('carries its own header on all that it answers', async () => {
  const { batches, create } = await batchDesk();
  const { id } = await create(bowls(1));
  const made = await batches.retrieve(id).asResponse();
  expect(made.headers.get('ticket-classify-simulator')).toBe('1');
  const page = await batches.list().asResponse();
  expect(page.headers.get('ticket-classify-simulator')).toBe('1');
});

describe('refuses at creation, with nothing made,', () => {
  const [entry] = bowls(1);
  test.for<[string, object, string]>([
    ['no requests', NOTHING, 'requests: Field required'],
    ['an empty list', { requests: [] }, 'at least 1 item'],
    [
      'more than 100,000',
      { requests: Array.from({ length: 100_001 }, () => 1) },
      'at most 100000 items',
    ],
    ['other fields', { requests: bowls(1), metadata: {} }, 'metadata: Extra inputs'],
    ['a request that is none', { requests: [1] }, 'requests.0: Input should be'],
    ['no custom_id', { requests: [{ params: {} }] }, 'requests.0.custom_id: Field required'],
    ['an empty custom_id', { requests: [{ ...entry, custom_id: '' }] }, 'should match pattern'],
    ['a long custom_id', { requests: [{ ...entry, custom_id: 'a'.repeat(65) }] }, 'should match'],
    ['a custom_id with a dot', { requests: [{ ...entry, custom_id: 'a.b' }] }, 'should match'],
    ['one custom_id twice', { requests: [...bowls(2), entry] }, 'must be unique'],
    ['no params', { requests: [{ custom_id: 'a' }] }, 'requests.0.params: Field required'],
    ['params that are text', { requests: [{ custom_id: 'a', params: '' }] }, 'requests.0.params'],
    ['half a surrogate pair', { requests: bowls(1, { system: '\ud83d' }) }, 'no low surrogate'],
  ])('%s', async ([, body, message]) => {
    const { client, stats } = await batchDesk();
    await expect(client.post('/v1/messages/batches', { body })).rejects.toMatchObject({
      status: 400,
      type: 'invalid_request_error',
      message: expect.stringContaining(message),
    });
    expect(stats.batches.created).toEqual([]);
  });
});

it('takes 64 characters for a custom_id', async () => {
  const { resultsOf } = await batchDesk();
  const customId = 'aZ09_-'.padEnd(64, 'x');
  const [line] = await resultsOf(bowls(1).map((entry) => ({ ...entry, custom_id: customId })));
  expect(line?.custom_id).toBe(customId);
});

it('takes bodies of up to 256 MB, where a message may have 32', async () => {
  const { client } = await batchDesk();
  const post = async (path: string, megabytes: number): Promise<{ status: number }> =>
    client.post(path, { body: new Uint8Array(megabytes * 1024 * 1024) }).then(
      () => ({ status: 200 }),
      (error: { status: number }) => error,
    );
  expect(await post('/v1/messages', 33)).toMatchObject({ status: 413 });
  expect(await post('/v1/messages/batches', 33)).toMatchObject({ status: 400 });
  expect(await post('/v1/messages/batches', 257)).toMatchObject({ status: 413 });
});

describe('lists', () => {
  it('the newest first, twenty at a time, and the SDK finds all of them', async () => {
    const { batches, create } = await batchDesk();
    const made: string[] = [];
    for (let i = 0; i < 45; i += 1) made.unshift((await create(bowls(1))).id);
    const page = await batches.list();
    expect(page).toMatchObject({ has_more: true, first_id: made[0], last_id: made[19] });
    expect(page.data.map(({ id }) => id)).toEqual(made.slice(0, 20));
    const all: string[] = [];
    for await (const { id } of batches.list({ limit: 7 })) all.push(id);
    expect(all).toEqual(made);
  });

  it('what comes after or before one', async () => {
    const { batches, create } = await batchDesk();
    const [e, d, c, b, a] = [
      (await create(bowls(1))).id,
      (await create(bowls(1))).id,
      (await create(bowls(1))).id,
      (await create(bowls(1))).id,
      (await create(bowls(1))).id,
    ];
    const ids = async (query: object): Promise<unknown> => {
      const { data, has_more: hasMore } = await batches.list({ limit: 2, ...query });
      return [...data.map(({ id }) => id), hasMore];
    };
    expect(await ids({ after_id: a })).toEqual([b, c, true]);
    expect(await ids({ after_id: c })).toEqual([d, e, false]);
    expect(await ids({ after_id: e })).toEqual([false]);
    expect(await ids({ before_id: e })).toEqual([c, d, true]);
    expect(await ids({ before_id: b })).toEqual([a, false]);
  });

  it('nothing when there is nothing', async () => {
    const { batches } = await batchDesk();
    expect(await batches.list()).toMatchObject({
      data: [],
      has_more: false,
      first_id: null,
      last_id: null,
    });
  });

  test.for([
    { limit: 0 },
    { limit: 1001 },
    { limit: 1.5 },
    { after_id: 'msgbatch_sim_000009' },
    { before_id: 'msgbatch_sim_000009' },
    { after_id: 'msgbatch_sim_000001', before_id: 'msgbatch_sim_000001' },
  ])('not for %o', async (query) => {
    const { batches, create } = await batchDesk();
    await create(bowls(1));
    await expect(batches.list(query)).rejects.toMatchObject({ status: 400 });
  });
});

describe('cancels', () => {
  it('what is not processed yet, and keeps what is', async () => {
    const { batches, create, results, pass } = await batchDesk({
      batches: { takesMs: HOUR, cancelTakesMs: HOUR / 3 },
    });
    const { id } = await create(bowls(4));
    pass(HOUR / 2);
    const canceling = {
      processing_status: 'canceling',
      request_counts: { ...NONE, processing: 4 },
      cancel_initiated_at: '2026-11-01T00:30:00.000Z',
      ended_at: null,
      results_url: null,
    };
    expect(await batches.cancel(id)).toMatchObject(canceling);
    pass(HOUR / 3 - 1);
    expect(await batches.cancel(id)).toMatchObject(canceling);
    pass(1);
    expect(await batches.retrieve(id)).toMatchObject({
      processing_status: 'ended',
      request_counts: { ...NONE, succeeded: 2, canceled: 2 },
      ended_at: '2026-11-01T00:50:00.000Z',
    });
    expect(endings(await results(id))).toEqual(['succeeded', 'succeeded', 'canceled', 'canceled']);
  });

  it('at once if that takes no time, but answers canceling first', async () => {
    const { batches, create, stats } = await batchDesk({ batches: { takesMs: HOUR } });
    const { id } = await create(bowls(3));
    expect(await batches.cancel(id)).toMatchObject({ processing_status: 'canceling' });
    expect(await batches.retrieve(id)).toMatchObject({
      processing_status: 'ended',
      request_counts: { ...NONE, canceled: 3 },
    });
    expect(stats.batches).toMatchObject({
      canceled: [id],
      requests: { canceled: 3, processed: 0 },
    });
  });

  it('no batch that has ended', async () => {
    const { batches, create, stats } = await batchDesk();
    const { id } = await create(bowls(1));
    await expect(batches.cancel(id)).rejects.toMatchObject({ status: 400 });
    expect(await batches.retrieve(id)).toMatchObject({ cancel_initiated_at: null });
    expect(stats.batches.canceled).toEqual([]);
  });
});

it('lets expire after a day what is not processed by then', async () => {
  const { batches, create, results, pass } = await batchDesk({ batches: { takesMs: 2 * DAY } });
  const { id } = await create(bowls(4));
  pass(DAY - 1);
  expect(await batches.retrieve(id)).toMatchObject({ processing_status: 'in_progress' });
  pass(1);
  expect(await batches.retrieve(id)).toMatchObject({
    processing_status: 'ended',
    request_counts: { ...NONE, succeeded: 2, expired: 2 },
    ended_at: '2026-11-02T00:00:00.000Z',
  });
  expect(endings(await results(id))).toEqual(['succeeded', 'succeeded', 'expired', 'expired']);
});

it('deletes a batch once it has ended', async () => {
  const { batches, create, stats, pass } = await batchDesk({ batches: { takesMs: HOUR } });
  const { id } = await create(bowls(1));
  await expect(batches.delete(id)).rejects.toMatchObject({ status: 400 });
  pass(HOUR);
  expect(await batches.delete(id)).toEqual({ id, type: 'message_batch_deleted' });
  await expect(batches.retrieve(id)).rejects.toMatchObject({ status: 404 });
  expect((await batches.list()).data).toEqual([]);
  expect(stats.batches.deleted).toEqual([id]);
});

it('keeps results for 29 days, and has none before the end', async () => {
  const { client, batches, create, results, pass } = await batchDesk({
    batches: { takesMs: HOUR },
  });
  const { id } = await create(bowls(1));
  const fetched = client.get(`/v1/messages/batches/${id}/results`);
  await expect(fetched).rejects.toMatchObject({ status: 404, type: 'not_found_error' });
  pass(29 * DAY - 1);
  expect(await results(id)).toHaveLength(1);
  expect(await batches.retrieve(id)).toMatchObject({ archived_at: null });
  pass(1);
  await expect(results(id)).rejects.toMatchObject({ status: 404 });
  expect(await batches.retrieve(id)).toMatchObject({ archived_at: '2026-11-30T00:00:00.000Z' });
});

it('knows no batch that it did not make', async () => {
  const { batches } = await batchDesk();
  const id = 'msgbatch_sim_000001';
  const unknown = { status: 404, type: 'not_found_error' };
  await expect(batches.retrieve(id)).rejects.toMatchObject(unknown);
  await expect(batches.cancel(id)).rejects.toMatchObject(unknown);
  await expect(batches.delete(id)).rejects.toMatchObject(unknown);
  await expect(batches.results(id)).rejects.toMatchObject(unknown);
});

it('can be a server without batches, and become one with them', async () => {
  const { batches, create, set } = await batchDesk({ batches: false });
  const refusal = { status: 404, type: 'not_found_error', message: expect.stringContaining('Not') };
  await expect(create(bowls(1))).rejects.toMatchObject(refusal);
  await expect(batches.list()).rejects.toMatchObject(refusal);
  set({ batches: {} });
  expect((await batches.list()).data).toEqual([]);
});

it('leaves the time of a running batch as it is when told another', async () => {
  const { batches, create, set } = await batchDesk({ batches: { takesMs: HOUR } });
  const slow = await create(bowls(1));
  set({ batches: { takesMs: 0 } });
  const quick = await create(bowls(1));
  expect(await batches.retrieve(slow.id)).toMatchObject({ processing_status: 'in_progress' });
  expect(await batches.retrieve(quick.id)).toMatchObject({ processing_status: 'ended' });
});

it('tells which requests each batch had, if asked to record', async () => {
  const { create, stats } = await batchDesk({ record: true });
  const blocks = [
    { type: 'text' as const, text: 'Is there' },
    { type: 'text' as const, text: 'cake?' },
  ];
  await create(bowls(1, { messages: [{ role: 'user', content: 'Soup?' }] }));
  await create(bowls(1, { messages: [{ role: 'user', content: blocks }] }));
  expect(stats.batches.created).toEqual([
    { id: 'msgbatch_sim_000001', requests: 1, asked: [{ customId: 't0', ticket: 'Soup?' }] },
    {
      id: 'msgbatch_sim_000002',
      requests: 1,
      asked: [{ customId: 't0', ticket: 'Is there\ncake?' }],
    },
  ]);
  expect(stats.bodies[0]).toMatchObject({ requests: [{ custom_id: 't0' }] });
});

it('remembers only how many there were if not', async () => {
  const { create, stats } = await batchDesk();
  await create(bowls(3));
  expect(stats.batches.created).toEqual([{ id: 'msgbatch_sim_000001', requests: 3, asked: [] }]);
});

import { APIConnectionError, APIUserAbortError } from '@anthropic-ai/sdk';
import { describe, expect, it, test } from 'vitest';
import type { BatchEndpoint, BatchFailure } from './batch-failures.ts';
import { batchDesk, bowls, HOUR, type BatchDesk } from './tiny-batches.ts';

type What = BatchFailure['what'];

/** Each request, to batch `id`. */
const REQUESTS: Record<BatchEndpoint, (open: BatchDesk, id: string) => Promise<unknown>> = {
  create: ({ create }) => create(bowls(3)),
  retrieve: ({ batches }, id) => batches.retrieve(id),
  list: async ({ batches }) => batches.list(),
  cancel: ({ batches }, id) => batches.cancel(id),
  delete: ({ batches }, id) => batches.delete(id),
  results: ({ results }, id) => results(id),
};

const ENDPOINTS: BatchEndpoint[] = ['create', 'retrieve', 'list', 'cancel', 'delete', 'results'];

/** A batch that `on` can be done to, and a failure that waits for it. */
async function waiting(on: BatchEndpoint, what: What): Promise<[BatchDesk, string]> {
  const open = await batchDesk({ batches: { takesMs: HOUR } });
  const { id } = await open.create(bowls(3));
  if (on !== 'cancel') open.pass(HOUR);
  open.set({ batches: { failures: [{ on, what, first: 1 }] } });
  return [open, id];
}

describe('refuses, and then no more,', () => {
  test.for(ENDPOINTS)('%s', async (on) => {
    const [open, id] = await waiting(on, 'overloaded');
    await expect(REQUESTS[on](open, id)).rejects.toMatchObject({
      status: 529,
      type: 'overloaded_error',
    });
    await REQUESTS[on](open, id);
  });
});

test.for<[What, number]>([
  ['rate_limited', 429],
  ['server_error', 500],
  ['too_large', 413],
  ['overloaded', 529],
])('makes nothing when it refuses with %s', async ([what, status]) => {
  const [open] = await waiting('create', what);
  await expect(open.create(bowls(3))).rejects.toMatchObject({ status });
  expect(open.stats.batches.created).toHaveLength(1);
});

it('says when to come back', async () => {
  const failures: BatchFailure[] = [{ on: 'create', what: 'rate_limited', retryAfter: 7 }];
  const { create } = await batchDesk({ batches: { failures } });
  const error = await create(bowls(1)).catch((caught: unknown) => caught);
  expect(error).toHaveProperty('headers');
  expect((error as { headers: Headers }).headers.get('retry-after')).toBe('7');
});

describe('loses a new batch', () => {
  it('with the connection, before it is made', async () => {
    const [{ create, stats }] = await waiting('create', 'dropped_before');
    await expect(create(bowls(3))).rejects.toThrow(APIConnectionError);
    expect(stats.batches.created).toHaveLength(1);
  });

  it('to a page of HTML, before it is made', async () => {
    const [{ create, stats }] = await waiting('create', 'html_page');
    expect(await create(bowls(3))).toEqual(expect.stringContaining('<!doctype html>'));
    expect(stats.batches.created).toHaveLength(1);
  });

  test.for<[What, object]>([
    ['dropped_after', { message: 'Connection error.' }],
    ['dropped_halfway', { message: 'terminated' }],
    ['truncated_json', { name: 'SyntaxError' }],
    ['server_error_after', { status: 500 }],
  ])('%s, after it is made', async ([what, error]) => {
    const [{ batches, create, stats }] = await waiting('create', what);
    await expect(create(bowls(3))).rejects.toMatchObject(error);
    expect(stats.batches.created).toHaveLength(2);
    const [found] = (await batches.list()).data;
    expect(found).toMatchObject({ id: 'msgbatch_sim_000002', request_counts: { processing: 3 } });
  });

  test.for<[What, number]>([
    ['hang', 1],
    ['hang_after', 2],
  ])('in %s, until the client gives up', async ([what, made]) => {
    const [{ batches, stats }] = await waiting('create', what);
    const leave = new AbortController();
    const call = batches.create({ requests: bowls(3) }, { signal: leave.signal });
    await expect.poll(() => stats.requests).toBe(2);
    await expect.poll(() => stats.batches.created).toHaveLength(made);
    leave.abort();
    await expect(call).rejects.toThrow(APIUserAbortError);
  });
});

it('cancels and deletes without the client learning of it', async () => {
  const [open, id] = await waiting('cancel', 'dropped_after');
  await expect(open.batches.cancel(id)).rejects.toThrow(APIConnectionError);
  expect(open.stats.batches.canceled).toEqual([id]);
  open.set({ batches: { failures: [{ on: 'delete', what: 'server_error_after' }] } });
  await expect(open.batches.delete(id)).rejects.toMatchObject({ status: 500 });
  await expect(open.batches.delete(id)).rejects.toMatchObject({ status: 404 });
});

describe('cuts the results off', () => {
  async function cut(what: What): Promise<{ ids: string[]; error: unknown }> {
    const open = await batchDesk({ batches: { failures: [{ on: 'results', what, first: 1 }] } });
    const { id } = await open.create(bowls(400));
    const ids: string[] = [];
    try {
      for await (const line of await open.batches.results(id)) ids.push(line.custom_id);
      return { ids, error: null };
    } catch (error) {
      return { ids, error };
    } finally {
      expect(await open.results(id)).toHaveLength(400);
    }
  }

  it('in the middle of a line, with the connection', async () => {
    const { ids, error } = await cut('dropped_halfway');
    expect(error).toMatchObject({ message: 'terminated' });
    expect(ids.length).toBeLessThanOrEqual(200);
    expect(ids.length).toBeGreaterThan(0);
  });

  it('in the middle of a line, without a trace', async () => {
    const { ids, error } = await cut('truncated_json');
    expect(error).toBeInstanceOf(SyntaxError);
    expect(ids).toHaveLength(200);
  });

  it('between two lines, without a trace', async () => {
    const { ids, error } = await cut('lines_missing');
    expect(error).toBeNull();
    expect(ids).toHaveLength(200);
  });
});

it('counts the requests to each endpoint for themselves', async () => {
  const failures: BatchFailure[] = [
    { on: 'retrieve', what: 'overloaded', nth: [2] },
    { on: 'list', what: 'server_error', nth: [1] },
  ];
  const { batches, create } = await batchDesk({ batches: { failures } });
  const { id } = await create(bowls(1));
  await batches.retrieve(id);
  await expect(batches.retrieve(id)).rejects.toMatchObject({ status: 529 });
  await batches.retrieve(id);
  await expect(batches.list()).rejects.toMatchObject({ status: 500 });
  await batches.list();
});

it('fails a share of the requests, the same ones in every run', async () => {
  async function outcomes(): Promise<boolean[]> {
    const failures: BatchFailure[] = [{ on: 'list', what: 'overloaded', rate: 0.3 }];
    const { batches } = await batchDesk({ batches: { failures } });
    const found: boolean[] = [];
    for (let i = 0; i < 40; i += 1) {
      found.push(
        await batches.list().then(
          () => true,
          () => false,
        ),
      );
    }
    return found;
  }
  const first = await outcomes();
  expect(first.filter((isFine) => !isFine).length).toBeGreaterThan(4);
  expect(first.filter((isFine) => !isFine).length).toBeLessThan(20);
  expect(await outcomes()).toEqual(first);
});

it('leaves live calls alone', async () => {
  const failures = ENDPOINTS.map((on): BatchFailure => ({ on, what: 'overloaded' }));
  const { ask } = await batchDesk({ batches: { failures } });
  expect((await ask()).usage.service_tier).toBe('standard');
});

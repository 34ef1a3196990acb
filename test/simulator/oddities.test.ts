import { describe, expect, it, test } from 'vitest';
import { goneAtFirst, oddLine, ODD_LINES, type OddLine } from './awkward-batches.ts';
import { ODD_MESSAGES, type OddMessage } from './odd-messages.ts';
import { ODD_REPLIES, oddReplies, type OddReplyName } from './odd-replies.ts';
import { batchDesk, bowls, messageOf } from './tiny-batches.ts';
import { desk, HAIKU, params, type Desk } from './tiny-desk.ts';

function keysOf<T extends object>(table: T): (keyof T)[] {
  return Object.keys(table) as (keyof T)[];
}

function post({ url }: Desk): Promise<Response> {
  const headers = { authorization: 'Bearer sim-key', 'anthropic-version': '2026-10-21' };
  const body = JSON.stringify(params());
  return fetch(`${url}/v1/messages`, { method: 'POST', headers, body, redirect: 'manual' });
}

describe('a message is odd, and billed as the good one is', () => {
  test.for(keysOf(ODD_MESSAGES))('%s', async (what: OddMessage) => {
    const open = await desk({ failures: [{ what, nth: [2] }] });
    const good: unknown = await (await post(open)).json();
    const odd: unknown = await (await post(open)).json();
    expect({ ...(odd as object), id: 0 }).not.toEqual({ ...(good as object), id: 0 });
    const { answers, output } = open.stats.of(HAIKU).delivered;
    expect([answers, output % 2]).toEqual([2, 0]);
  });

  it('inside a batch too', async () => {
    const { resultsOf } = await batchDesk({ failures: [{ what: 'content_null', first: 1 }] });
    const [odd, good] = (await resultsOf(bowls(2))).map(messageOf);
    expect([odd?.content, good?.content.length]).toEqual([null, 1]);
  });
});

describe('what comes back is odd', () => {
  /** Status, headers without those of each request, and text; the status 0 where none came. */
  async function outcome(open: Desk): Promise<[number, Record<string, string>, string]> {
    const response = await post(open).catch(() => null);
    if (response === null) return [0, {}, ''];
    const { 'request-id': _, date: __, ...headers } = Object.fromEntries(response.headers);
    const text = await response.text().catch(() => 'broken off');
    return [response.status, headers, text.replace(/sim_\d+/g, '')];
  }

  const oddly = (what: OddReplyName) =>
    desk({ obstacles: [oddReplies([{ on: 'message', what, first: 1 }])] });

  // Node's fetch keeps early hints to itself.
  test.for(keysOf(ODD_REPLIES).filter((what) => what !== 'hints_before'))(
    'once: %s',
    async (what) => {
      const open = await oddly(what);
      const [odd, good] = [await outcome(open), await outcome(open)];
      expect([good[0], JSON.parse(good[2])]).toMatchObject([200, { type: 'message' }]);
      expect(odd).not.toEqual(good);
    },
  );

  test.for<[OddReplyName, number]>([
    ['credit_too_low', 400],
    ['page_413', 413],
    ['redirect_307', 307],
    ['method_not_allowed', 405],
    ['retry_after_huge', 429],
  ])('%s with %i', async ([what, status]) => {
    expect((await outcome(await oddly(what)))[0]).toBe(status);
  });

  it('gzipped though nobody asked for it', async () => {
    const obstacles = [oddReplies([{ on: 'message', what: 'gzip' }])];
    const response = await post(await desk({ obstacles }));
    expect(response.headers.get('content-encoding')).toBe('gzip');
    expect(await response.json()).toMatchObject({ type: 'message' });
  });

  it('with the key and the ticket in it', async () => {
    const [, , body] = await outcome(await oddly('error_echo'));
    expect(body).toContain('Bearer sim-key');
    expect(body).toContain('broth');
  });
});

describe('a batch', () => {
  it('is not found at first, though it is there', async () => {
    const { batches, create, results } = await batchDesk({
      obstacles: [goneAtFirst(['retrieve', 'results'], { times: 2 })],
    });
    const { id } = await create(bowls(2));
    for (const _ of [1, 2]) {
      await expect(batches.retrieve(id)).rejects.toMatchObject({ status: 404 });
    }
    expect(await batches.retrieve(id)).toMatchObject({ processing_status: 'ended' });
    await expect(results(id)).rejects.toMatchObject({ status: 404 });
    await expect(results(id)).rejects.toMatchObject({ status: 404 });
    expect(await results(id)).toHaveLength(2);
  });

  it('is not found for as long as is said', async () => {
    let isAway = true;
    const { batches, create } = await batchDesk({
      obstacles: [goneAtFirst(['retrieve'], { while: () => isAway })],
    });
    const { id } = await create(bowls(1));
    await expect(batches.retrieve(id)).rejects.toMatchObject({ status: 404 });
    isAway = false;
    expect(await batches.retrieve(id)).toMatchObject({ id });
  });

  test.for(keysOf(ODD_LINES))('has one odd line among its results: %s', async (what: OddLine) => {
    const { url, create, set } = await batchDesk();
    const { id } = await create(bowls(3));
    const headers = { authorization: 'Bearer sim', 'anthropic-version': '2026-10-21' };
    const lines = async (): Promise<string[]> => {
      const response = await fetch(`${url}/v1/messages/batches/${id}/results`, { headers });
      return (await response.text()).split(/(?<=\n)/);
    };
    const good = await lines();
    set({ obstacles: [oddLine(what, [1])] });
    const odd = await lines();
    expect([odd[0], odd.at(-1)]).toEqual([good[0], good[2]]);
    expect(odd).not.toEqual(good);
  });
});

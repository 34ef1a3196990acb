import type Anthropic from '@anthropic-ai/sdk';
import { APIConnectionError, APIUserAbortError } from '@anthropic-ai/sdk';
import { describe, expect, it, test } from 'vitest';
import type { What } from './failures.ts';
import { desk, type Desk, HAIKU, inputOf, params, SONNET, ticket } from './tiny-desk.ts';

const asking = (body: string) => ({ messages: [{ role: 'user' as const, content: ticket(body) }] });

test.for<[What, number, string, string | null]>([
  ['usage_limit', 400, 'invalid_request_error', null],
  ['invalid_request', 400, 'invalid_request_error', null],
  ['unauthorized', 401, 'authentication_error', null],
  ['billing', 402, 'billing_error', null],
  ['forbidden', 403, 'permission_error', null],
  ['not_found', 404, 'not_found_error', null],
  ['request_timeout', 408, 'timeout_error', null],
  ['conflict', 409, 'conflict_error', null],
  ['too_large', 413, 'request_too_large', null],
  ['rate_limited', 429, 'rate_limit_error', null],
  ['ramp_limited', 429, 'rate_limit_error', 'ramp_limit_exceeded'],
  ['spend_limit', 429, 'rate_limit_error', 'enforced_spend_limit_reached'],
  ['server_error', 500, 'api_error', null],
  ['gateway_timeout', 504, 'timeout_error', null],
  ['overloaded', 529, 'overloaded_error', null],
])('%s is answered with %i, and not billed', async ([what, status, type, errorCode]) => {
  const { fail, stats } = await desk({ failures: [{ what }] });
  expect(await fail()).toMatchObject({ status, type, errorCode });
  expect(stats.of(HAIKU)).toMatchObject({
    requests: 1,
    byStatus: { [status]: 1 },
    delivered: { answers: 0 },
    lost: { answers: 0 },
  });
});

it('says when to come back if it is told to, and never for a spend limit', async () => {
  const { fail, set } = await desk({ failures: [{ what: 'rate_limited', retryAfter: 7 }] });
  expect((await fail()).headers?.get('retry-after')).toBe('7');
  set({ failures: [{ what: 'rate_limited' }] });
  expect((await fail()).headers?.get('retry-after')).toBe('1');
  set({ failures: [{ what: 'spend_limit' }] });
  expect((await fail()).headers?.get('retry-after')).toBeNull();
});

describe('loses', () => {
  it('a connection before the work, and bills nothing', async () => {
    const { ask, stats } = await desk({ failures: [{ what: 'dropped_before' }] });
    await expect(ask()).rejects.toThrow(APIConnectionError);
    expect(stats.of(HAIKU)).toMatchObject({ byStatus: {}, lost: { answers: 0 } });
  });

  it('a connection after the work, and bills it', async () => {
    const { ask, stats } = await desk({ failures: [{ what: 'dropped_after' }] });
    await expect(ask()).rejects.toThrow(APIConnectionError);
    expect(stats.of(HAIKU)).toMatchObject({ byStatus: {}, lost: { answers: 1 } });
    expect(stats.of(HAIKU).lost.input).toBeGreaterThan(588);
  });

  it('the end of the JSON, and bills it', async () => {
    const { ask, stats } = await desk({ failures: [{ what: 'truncated_json' }] });
    await expect(ask()).rejects.toThrow(SyntaxError);
    expect(stats.of(HAIKU)).toMatchObject({ byStatus: { 200: 1 }, lost: { answers: 1 } });
  });

  it('the answer to a page of HTML, and bills nothing', async () => {
    const { ask, stats } = await desk({ failures: [{ what: 'html_page' }] });
    expect(await ask()).toEqual(expect.stringContaining('<!doctype html>'));
    expect(stats.of(HAIKU)).toMatchObject({ byStatus: { 200: 1 }, lost: { answers: 0 } });
  });

  it('itself in thought for ever, until the client gives up', async () => {
    const { client, stats } = await desk({ failures: [{ what: 'hang' }] });
    const leave = new AbortController();
    const call = client.messages.create(params(), { signal: leave.signal });
    await expect.poll(() => stats.inFlight).toBe(1);
    leave.abort();
    await expect(call).rejects.toThrow(APIUserAbortError);
    expect(stats.of(HAIKU)).toMatchObject({ byStatus: {}, lost: { answers: 0 } });
  });
});

describe('spoils the answer, which is billed and delivered', () => {
  async function spoilt(what: What): Promise<Anthropic.Message> {
    const { ask, stats } = await desk({ failures: [{ what }] });
    const message = await ask();
    const { delivered } = stats.of(HAIKU);
    expect(delivered).toMatchObject({ answers: 1, output: message.usage.output_tokens });
    return message;
  }

  test.for<[What, object]>([
    ['wrong_label', { dish: 'no_such_label' }],
    ['other_case', { dish: 'SOUP', mood: 'CALM' }],
    ['confidence_out_of_range', { dish_confidence: 1.5 }],
    ['confidence_not_a_number', { dish_confidence: 'high' }],
    ['long_summary', { summary: expect.stringMatching(/^Simulated: .{200}/) }],
  ])('%s', async ([what, part]) => {
    expect(inputOf(await spoilt(what))).toMatchObject(part);
  });

  it('missing_field', async () => {
    expect(inputOf(await spoilt('missing_field'))).not.toHaveProperty('dish');
  });

  it('text_answer', async () => {
    expect(await spoilt('text_answer')).toMatchObject({
      stop_reason: 'end_turn',
      content: [{ type: 'text' }],
    });
  });

  it('other_tool', async () => {
    expect(await spoilt('other_tool')).toMatchObject({ content: [{ name: 'taste_other' }] });
  });

  it('refused', async () => {
    expect(await spoilt('refused')).toMatchObject({
      stop_reason: 'refusal',
      stop_details: { type: 'refusal' },
      content: [],
    });
  });

  it('cut_off', async () => {
    const message = await spoilt('cut_off');
    expect(message.stop_reason).toBe('max_tokens');
    expect(inputOf(message)).not.toHaveProperty('reason');
  });
});

describe('fails only where it is told to', () => {
  async function failed(count: number, { ask }: Desk): Promise<boolean[]> {
    const outcomes: boolean[] = [];
    for (let i = 0; i < count; i += 1) outcomes.push(await fails(ask(asking(`bowl ${i}`))));
    return outcomes;
  }

  function fails(call: Promise<unknown>): Promise<boolean> {
    return call.then(
      () => false,
      () => true,
    );
  }

  it('for the first requests', async () => {
    const open = await desk({ failures: [{ what: 'overloaded', first: 2 }] });
    expect(await failed(4, open)).toEqual([true, true, false, false]);
  });

  it('for the nth requests', async () => {
    const open = await desk({ failures: [{ what: 'overloaded', nth: [2, 4] }] });
    expect(await failed(4, open)).toEqual([false, true, false, true]);
  });

  it('for one model, one ticket or one attempt', async () => {
    const { ask } = await desk({
      failures: [
        { what: 'overloaded', when: ({ model }) => model === SONNET },
        { what: 'server_error', when: (asked) => asked.ticket.includes('cold') },
        { what: 'conflict', when: ({ attempt }) => attempt === 2 },
      ],
    });
    await expect(ask({ model: SONNET })).rejects.toMatchObject({ status: 529 });
    await expect(ask()).rejects.toMatchObject({ status: 500 });
    await ask(asking('warm'));
    await expect(ask(asking('warm'))).rejects.toMatchObject({ status: 409 });
    await ask(asking('warm'));
  });

  it('for a share of the tickets, the same ones in whatever order they come', async () => {
    const failures = [{ what: 'overloaded' as const, rate: 0.3 }];
    const forwards = await failed(60, await desk({ failures, seed: 5 }));
    const share = forwards.filter(Boolean).length / 60;
    expect(share).toBeGreaterThan(0.1);
    expect(share).toBeLessThan(0.5);

    const { ask } = await desk({ failures, seed: 5 });
    const together = forwards.map((_, i) => fails(ask(asking(`bowl ${59 - i}`))));
    expect((await Promise.all(together)).toReversed()).toEqual(forwards);
  });
});

// A result that can't be read is its own ticket's trouble, and never the batch's; nothing that was paid is thrown away.
import { beforeAll, describe, expect, test } from 'vitest';
import type { JsonObject } from '../../../src/simulator/shape.ts';
import { backlog, type Item } from '../../ledger/backlog.ts';
import { oddResults, type Line } from '../../simulator/odd-results.ts';
import { askedAgain, billOf, openBatchDesk, type BatchDesk, type Json } from './batch-desk.ts';

const BAD = 'Room 7.';

let items: Item[];
beforeAll(async () => {
  const [first] = await backlog(1);
  items = Array.from({ length: 40 }, (_, at) => ({
    ...first,
    id: `P-${at}`,
    body: `How do we change the language of the reports? Room ${at}.`,
  }));
});

function isBad({ simulator }: BatchDesk, customId: string): boolean {
  const asked = simulator.stats.batches.created.flatMap((batch) => batch.asked);
  return asked.find((one) => one.customId === customId)?.ticket.includes(BAD) === true;
}

/** With a server that spoils the result of one ticket, each time or as often as is said. */
async function deskThat(spoil: (line: JsonObject) => Line, times = 1_000): Promise<BatchDesk> {
  const desk = await openBatchDesk();
  let left = times;
  const obstacles = oddResults((customId, line) => {
    if (!isBad(desk, customId) || left === 0) return line;
    left -= 1;
    return spoil(line);
  });
  desk.simulator.set({ obstacles: [obstacles] });
  return desk;
}

function withMessage(line: JsonObject, change: (message: Json) => unknown): JsonObject {
  const { result, ...rest } = structuredClone(line) as { result: { message: Json } };
  return { ...rest, result: { ...result, message: change(result.message) } };
}

const usage = (change: object) => (line: JsonObject) =>
  withMessage(line, (message) => ({
    ...message,
    usage: { ...(message['usage'] as object), ...change },
  }));

const sizes = ({ simulator }: BatchDesk) =>
  simulator.stats.batches.created.map(({ requests }) => requests);

describe.each<[what: string, spoil: (line: JsonObject) => Line]>([
  ['garbled', (line) => JSON.stringify(line).slice(0, 90)],
  ['not there', () => []],
  ['of a type of later days', (line) => ({ ...line, result: { type: 'postponed' } })],
  ['without a message', (line) => withMessage(line, () => null)],
  ['with usage that is text', usage({ input_tokens: '12' })],
  ['with usage below 0', usage({ output_tokens: -5 })],
  ['under a name that is a number', (line) => ({ ...line, custom_id: 7 })],
])('a result that is %s', (_, spoil) => {
  test('is asked for again once, and is for a human then; all others are kept', async () => {
    const desk = await deskThat(spoil);
    const { code, rows, stderr, summary, billed } = await desk.job(items, '--batch');
    expect(code, stderr).toBe(4);
    // Of the fast model, and then of the strong one.
    expect(sizes(desk)).toEqual([40, 1, 1, 1]);
    const human = rows.filter((row) => row['ai_status'] === 'needs_human_triage');
    expect(human).toMatchObject([{ id: 'P-7' }]);
    expect(human[0]?.['ai_triage_reason']).toContain('its result could not be read');
    expect(await desk.lines('answer')).toHaveLength(39);
    expect(desk.simulator.stats.batches.deleted).toEqual([]);

    const lost = await desk.lines('lost');
    expect(lost.map(({ calls }) => calls)).toEqual([1, 1, 1, 1]);
    const most = lost.reduce((sum, line) => sum + Number(line['at_most_usd']), 0);
    expect(summary?.total.unknown_cost_calls).toBe(4);
    expect(summary?.total.unknown_cost_at_most_usd).toBeCloseTo(most, 9);
    const told = summary?.cost.cost_usd ?? 0;
    expect(told).toBeGreaterThan(0);
    expect(billed / 2e9).toBeGreaterThan(told);
    expect(billed / 2e9).toBeLessThanOrEqual(told + most);
  });
});

test('one that is garbled once is read again, and asked once', async () => {
  const desk = await deskThat((line) => JSON.stringify(line).slice(0, 90), 1);
  const { code, rows, summary, billed } = await desk.job(items, '--batch');
  expect([code, rows.length, sizes(desk)]).toEqual([0, 40, [40]]);
  expect(summary?.cost.cost_usd).toBe(billed / 2e9);
  expect(desk.simulator.stats.batches.deleted).toHaveLength(1);
});

test.each<[what: string, spoil: (line: JsonObject) => Line]>([
  ['comes twice', (line) => [line, line]],
  ['comes after another of no use', (line) => [{ ...line, result: { type: 'expired' } }, line]],
  [
    'holds nothing beside its call',
    (line) =>
      withMessage(line, (message) => ({
        ...message,
        content: [null, ...(message['content'] as unknown[])],
      })),
  ],
])('one that %s is read as it is meant', async (_, spoil) => {
  const desk = await deskThat(spoil);
  const { code, rows, summary, billed } = await desk.job(items, '--batch');
  expect([code, rows.length, sizes(desk)]).toEqual([0, 40, [40]]);
  expect(summary?.cost.cost_usd).toBe(billed / 2e9);
});

test('a batch of which none can be read stops the run, and is there for a later version', async () => {
  const desk = await openBatchDesk();
  const odd = oddResults((_, line) => ({ ...line, result: { type: 'postponed' } }));
  desk.simulator.set({ obstacles: [odd] });
  const { code, stderr, summary } = await desk.job(items, '--batch', '--batch-size', '25');
  expect(code).toBe(3);
  expect(stderr).toContain('can be read: a result of the type postponed.');
  expect(stderr).toMatch(/1 batch \(25 tickets\) is not collected, for at most \$\d/);
  expect(summary?.total.unknown_cost_calls).toBeGreaterThanOrEqual(25);
  expect(desk.simulator.stats.batches.deleted).toEqual([]);
  desk.simulator.set({ obstacles: [] });
  const later = await desk.job(items, '--batch');
  expect([later.code, later.rows.length]).toEqual([0, 40]);
});

test('credit that ends inside a batch stops the run, and what it left is asked again', async () => {
  const desk = await openBatchDesk({
    failures: [{ what: 'billing', when: ({ ticket }) => /Room [78]\./.test(ticket) }],
  });
  const { code, rows, stderr } = await desk.job(items, '--batch');
  expect([code, rows]).toEqual([3, []]);
  expect(stderr).toContain('Your credit balance is too low');
  expect(stderr).toContain('add credit');
  expect(await desk.lines('answer')).toHaveLength(38);
  for (const kind of ['unanswered', 'lost']) expect(await desk.lines(kind)).toEqual([]);
  desk.simulator.set({ failures: [] });
  const again = await desk.job(items, '--batch');
  expect([again.code, again.rows.length, sizes(desk)]).toEqual([0, 40, [40, 2]]);
});

test('twenty answers of no use in a row stop the run before the next batch', async () => {
  const desk = await openBatchDesk({ failures: [{ what: 'text_answer' }] });
  const { code, stderr, summary } = await desk.job(items, '--batch');
  expect(code).toBe(3);
  expect(stderr).toContain('were paid for and are of no use');
  expect(sizes(desk)).toEqual([40]);
  expect(await desk.lines('answer')).toHaveLength(40);
  expect(summary?.cost.cost_usd).toBe(billOf(desk.simulator) / 2e9);
  expect(desk.simulator.stats.batches.deleted).toHaveLength(1);
});

describe('answers that do not tell their usage', () => {
  const untold = oddResults((_, line) =>
    withMessage(line, ({ usage: _usage, ...message }) => message),
  );

  test('are booked at the most, which is said once', async () => {
    const desk = await openBatchDesk();
    desk.simulator.set({ obstacles: [untold] });
    const { code, stderr, summary } = await desk.job(items, '--batch');
    expect(code).toBe(0);
    expect(stderr.match(/do not tell their usage/g)).toHaveLength(1);
    const [intended] = await desk.lines('batch');
    expect(summary?.total.unknown_cost_calls).toBe(40);
    expect(summary?.total.unknown_cost_at_most_usd).toBeCloseTo(
      Number(intended?.['at_most_usd']),
      6,
    );
    expect(desk.simulator.stats.batches.deleted).toHaveLength(1);
  });

  test('stop a run that was given a cap, and are kept', async () => {
    const desk = await openBatchDesk();
    desk.simulator.set({ obstacles: [untold] });
    const { code, stderr } = await desk.job(items, '--batch', '--max-cost', '20');
    expect(code).toBe(3);
    expect(stderr).toContain('no cap can hold');
    expect(await desk.lines('answer')).toHaveLength(40);
    const last = await desk.job(items, '--batch', '--max-cost', '20');
    expect([last.code, askedAgain(desk.simulator)]).toEqual([0, []]);
  });
});

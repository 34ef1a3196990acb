// A server that loses what it is asked, or its answer: no batch is made twice, and none is missed.
import { beforeAll, expect, test } from 'vitest';
import type { BatchFailure } from '../../simulator/batch-failures.ts';
import { backlog, type Item } from '../../ledger/backlog.ts';
import {
  askedAgain,
  MINUTE,
  openBatchDesk,
  startBatchDesk,
  verdicts,
  type Json,
} from './batch-desk.ts';

const FLAGS = ['--batch', '--batch-size', '8'];
const batches = { takesMs: 10 * MINUTE };

let items: Item[];
let undisturbed: Json[];
beforeAll(async () => {
  items = await backlog(24);
  const desk = await startBatchDesk({ batches });
  undisturbed = verdicts((await desk.job(items, ...FLAGS)).rows);
  await desk.close();
});

async function expectWhole(failures: BatchFailure[]): Promise<string> {
  const desk = await openBatchDesk({ batches: { ...batches, failures } });
  const { code, rows, stderr, summary, billed } = await desk.job(items, ...FLAGS);
  expect(code, stderr).toBe(0);
  expect(verdicts(rows)).toEqual(undisturbed);
  expect(summary?.cost.cost_usd).toBe(billed / 2e9);
  const { created, deleted } = desk.simulator.stats.batches;
  expect(askedAgain(desk.simulator)).toEqual([]);
  expect(deleted.toSorted()).toEqual(created.map(({ id }) => id).toSorted());
  return stderr;
}

test.each<BatchFailure['what']>([
  'dropped_after',
  'dropped_before',
  'dropped_halfway',
  'truncated_json',
  'server_error_after',
  'server_error',
  'gateway_timeout',
  'html_page',
])('creates that end with %s are looked into before anything else is sent', async (what) => {
  const stderr = await expectWhole([{ on: 'create', what, nth: [1, 3] }]);
  expect(stderr.match(/It is not known whether a batch was made/g)).toHaveLength(2);
});

test.each<BatchFailure['what']>(['overloaded', 'rate_limited', 'conflict'])(
  'creates that are refused with %s are sent again',
  async (what) => {
    const stderr = await expectWhole([{ on: 'create', what, nth: [1, 2, 4] }]);
    expect(stderr).not.toContain('It is not known');
  },
);

test.each<BatchFailure['what']>([
  'dropped_halfway',
  'lines_missing',
  'truncated_json',
  'html_page',
])('results that come with %s are fetched again', async (what) => {
  await expectWhole([{ on: 'results', what, nth: [1, 3] }]);
});

test('looks and deletions that fail are done again', async () => {
  await expectWhole([
    { on: 'retrieve', what: 'server_error', rate: 0.5 },
    { on: 'list', what: 'dropped_after', rate: 0.5 },
    { on: 'delete', what: 'dropped_after', rate: 0.5 },
  ]);
});

test('what the server would not delete is deleted by the next run, which asks nothing', async () => {
  const desk = await openBatchDesk({
    batches: { ...batches, failures: [{ on: 'delete', what: 'forbidden' }] },
  });
  expect((await desk.job(items, ...FLAGS)).code).toBe(0);
  const { created, deleted } = desk.simulator.stats.batches;
  expect(deleted).toEqual([]);
  desk.simulator.set({ batches: { failures: [] } });
  const made = created.length;
  expect((await desk.job(items, ...FLAGS)).code).toBe(0);
  expect(created).toHaveLength(made);
  expect(deleted.toSorted()).toEqual(created.map(({ id }) => id).toSorted());
});

test('--keep-batches deletes none', async () => {
  const desk = await openBatchDesk({ batches });
  expect((await desk.job(items, ...FLAGS, '--keep-batches')).code).toBe(0);
  expect((await desk.job(items, ...FLAGS)).code).toBe(0);
  expect(desk.simulator.stats.batches.deleted).toEqual([]);
});

// What is out with a batch: not asked live as well, listed, and given up.
import { describe, expect, test } from 'vitest';
import { usd } from '../../../src/ground/money.ts';
import { backlog, type Item } from '../../ledger/backlog.ts';
import type { BatchFailure } from '../../simulator/batch-failures.ts';
import { askedAgain, billOf, FAST, HOUR, openBatchDesk, type BatchDesk } from './batch-desk.ts';

/** No two of one text, none without any, none for the strong model. */
async function plain(count: number): Promise<Item[]> {
  const [first] = await backlog(1);
  return Array.from({ length: count }, (_, at) => ({
    ...first,
    id: `P-${at}`,
    body: `How do we change the language of the reports? Room ${at}.`,
  }));
}

/** With a batch of forty tickets that takes two hours. */
async function withOpenBatch(): Promise<{ desk: BatchDesk; items: Item[]; id: string }> {
  const desk = await openBatchDesk({ batches: { takesMs: 2 * HOUR } });
  const items = await plain(40);
  const { code } = await desk.job(items, '--batch', '--no-wait');
  expect(code).toBe(75);
  const [batch, ...others] = desk.simulator.stats.batches.created;
  expect([batch?.requests, others]).toEqual([40, []]);
  return { desk, items, id: batch?.id ?? '' };
}

test('a live run stops before it asks what is in a batch', async () => {
  const { desk, items, id } = await withOpenBatch();
  const { code, stderr } = await desk.job(items);
  expect(code).toBe(3);
  expect(stderr).toContain(id);
  expect(stderr).toContain(`ticket-classify batches cancel --ledger ${desk.ledger}`);
  expect(stderr).toContain('--batch');
  expect(desk.simulator.stats.of(FAST).requests).toBe(0);
});

test('a live run of other tickets goes on', async () => {
  const { desk } = await withOpenBatch();
  const { code } = await desk.job([{ id: 'other', body: 'The invoice is wrong.' }]);
  expect(code).toBe(0);
});

test('`batches` lists what is open', async () => {
  const { desk, id } = await withOpenBatch();
  await desk.pass(HOUR);
  const { code, stdout, stderr } = await desk.command('batches');
  expect([code, stderr]).toEqual([0, '']);
  const [head, line, ...rest] = stdout.split('\n');
  expect(head).toMatch(/^Batch +tickets +age +state +at most$/);
  expect(line).toMatch(new RegExp(`^${id} +40 +1 h +running +\\$\\d`));
  expect(rest.join('\n')).toContain('`batches cancel` gives them up');

  const json: unknown = JSON.parse((await desk.command('batches', '--json')).stdout);
  const [intended] = await desk.lines('batch');
  expect(json).toEqual([
    {
      id,
      batch: intended?.['batch'],
      host: new URL(desk.simulator.url).host,
      model: FAST,
      playbook: intended?.['playbook'],
      state: 'running',
      intended_at: intended?.['time'],
      tickets: 40,
      at_most_usd: intended?.['at_most_usd'],
    },
  ]);
});

test('`batches cancel` keeps what was answered by then, and a live run asks the rest', async () => {
  const { desk, items, id } = await withOpenBatch();
  await desk.pass(HOUR);
  const canceled = await desk.command('batches', 'cancel');
  expect(canceled.code, canceled.stderr).toBe(0);
  const { simulator } = desk;
  const { answers } = simulator.stats.of(FAST).batch;
  expect(answers).toBeGreaterThanOrEqual(20);
  expect(answers).toBeLessThan(30);
  expect(canceled.stdout).toContain(
    `collected ${id}: ${answers} answered, ${40 - answers} canceled`,
  );
  expect(simulator.stats.batches).toMatchObject({ canceled: [id], deleted: [id] });
  expect((await desk.command('batches')).stdout).toBe(`No batch of ${desk.ledger} is open.\n`);
  expect((await desk.command('batches', '--json')).stdout).toBe('[]\n');

  const live = await desk.job(items);
  expect(live.code, live.stderr).toBe(0);
  expect(simulator.stats.of(FAST).delivered.answers).toBe(40 - answers);
  const costs = (await desk.lines('answer')).map((line) => Number(line['cost_usd']));
  expect(live.summary?.cost.rows_cost_usd).toBeCloseTo(
    costs.reduce((sum, cost) => sum + cost),
    9,
  );
  expect(live.summary?.cost.cost_usd).toBe(Number(usd(live.billed)));
});

test('a run by batch goes on after a cancellation, and asks the rest in a batch', async () => {
  const { desk, items } = await withOpenBatch();
  await desk.pass(HOUR);
  await desk.command('batches', 'cancel');
  const { answers } = desk.simulator.stats.of(FAST).batch;
  const { code } = await desk.job(items, '--batch');
  expect(code).toBe(0);
  const [, second, ...others] = desk.simulator.stats.batches.created;
  expect([second?.requests, others]).toEqual([40 - answers, []]);
});

test('`batches cancel` waits until the cancellation is through', async () => {
  const { desk, id } = await withOpenBatch();
  desk.simulator.set({ batches: { cancelTakesMs: 60_000 } });
  await desk.pass(HOUR);
  const { code, stdout, stderr } = await desk.command('batches', 'cancel', id);
  expect(code, stderr).toBe(0);
  expect(stderr).toContain(`${id} is being canceled`);
  expect(stdout).toContain(`collected ${id}: `);
});

test('`batches cancel` of an unknown id gives nothing up', async () => {
  const { desk } = await withOpenBatch();
  const { code, stderr } = await desk.command('batches', 'cancel', 'msgbatch_other');
  expect(code).toBe(2);
  expect(stderr).toContain('No open batch');
  expect(desk.simulator.stats.batches.canceled).toEqual([]);
});

describe('`batches cancel` gets out', () => {
  const ALWAYS = Array.from({ length: 2_000 }, (_, at) => at + 1);

  test.each<[on: BatchFailure['on'], what: BatchFailure['what'], why: string]>([
    ['retrieve', 'not_found', 'the server does not know it (404)'],
    ['results', 'not_found', "its results can't be had (404)"],
    ['results', 'html_page', "its results can't be had (the response was not a message)"],
    ['results', 'server_error', "its results can't be had (No call has succeeded"],
  ])('of a batch whose %s is %s for ever, which is booked at its most', async (on, what, why) => {
    const { desk, items, id } = await withOpenBatch();
    await desk.pass(2 * HOUR);
    desk.simulator.set({ batches: { takesMs: 0, failures: [{ on, what, nth: ALWAYS }] } });
    const before = desk.clock.now();
    const { code, stdout, stderr } = await desk.command('batches', 'cancel', '--max-wait', '5m');
    expect(code, stderr).toBe(0);
    expect(stdout).toContain(`${id} is written off, as ${why}`);
    expect(desk.clock.now() - before).toBeGreaterThan(5 * 60_000);
    expect(desk.clock.now() - before).toBeLessThan(12 * 60_000);
    const [intended] = await desk.lines('batch');
    const most = intended?.['at_most_usd'];
    expect(await desk.lines('lost')).toMatchObject([{ calls: 40, at_most_usd: most }]);
    expect((await desk.command('batches', '--json')).stdout).toBe('[]\n');
    expect(desk.simulator.stats.batches.deleted).toEqual([]);

    desk.simulator.set({ batches: { failures: [] } });
    const again = await desk.job(items, '--batch');
    expect([again.code, again.rows.length]).toEqual([0, 40]);
    expect(desk.simulator.stats.batches.created.map(({ requests }) => requests)).toEqual([40, 40]);
  });

  test('of one that runs and can’t be canceled', async () => {
    const { desk, id } = await withOpenBatch();
    desk.simulator.set({ batches: { failures: [{ on: 'cancel', what: 'not_found' }] } });
    const { code, stdout } = await desk.command('batches', 'cancel', '--max-wait', '5m');
    expect([code, desk.simulator.stats.batches.canceled]).toEqual([0, []]);
    expect(stdout).toContain(`${id} is written off, as it can't be canceled`);
  });

  test.each<BatchFailure['on']>(['retrieve', 'results', 'cancel'])(
    'after some 404s on %s, with all that was answered',
    async (on) => {
      const { desk, id } = await withOpenBatch();
      await desk.pass(HOUR);
      const failures: BatchFailure[] = [{ on, what: 'not_found', nth: [1, 2, 3] }];
      desk.simulator.set({ batches: { failures } });
      const { code, stdout, stderr } = await desk.command('batches', 'cancel');
      expect(code, stderr).toBe(0);
      const { answers } = desk.simulator.stats.of(FAST).batch;
      expect(answers).toBeLessThan(30);
      expect(stdout).toContain(`collected ${id}: ${answers} answered, ${40 - answers} canceled`);
      expect(desk.simulator.stats.batches).toMatchObject({ canceled: [id], deleted: [id] });
      expect(await desk.lines('lost')).toEqual([]);
    },
  );
});

test('a run that ends as its batch can’t be had says what may have been paid for it', async () => {
  const { desk, items, id } = await withOpenBatch();
  await desk.pass(2 * HOUR);
  desk.simulator.set({ batches: { failures: [{ on: 'results', what: 'not_found' }] } });
  const { code, stderr, summary } = await desk.job(items, '--batch');
  expect(code).toBe(75);
  expect(stderr).toContain(`${id}: its results can't be had (404), and that for 10m (--max-wait).`);
  expect(stderr).toMatch(/1 batch \(40 tickets\) is not collected, for at most \$\d/);
  const [intended] = await desk.lines('batch');
  expect(summary?.total).toMatchObject({
    unknown_cost_calls: 40,
    unknown_cost_at_most_usd: intended?.['at_most_usd'],
  });
  expect(await desk.lines('lost')).toEqual([]);
  const listed = await desk.command('batches');
  expect(listed.stdout).toMatch(new RegExp(`^${id} +40 .* ended, to be collected`, 'm'));

  desk.simulator.set({ batches: { failures: [{ on: 'retrieve', what: 'not_found', nth: [1] }] } });
  expect((await desk.command('batches')).stdout).toContain('not known just now');
  const last = await desk.job(items, '--batch');
  expect([last.code, last.rows.length]).toEqual([0, 40]);
  expect(askedAgain(desk.simulator)).toEqual([]);
  expect(last.summary?.cost.cost_usd).toBe(billOf(desk.simulator) / 2e9);
});

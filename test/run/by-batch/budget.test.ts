// --max-cost over batches: what is sent can't come to more, and another run goes on.
import { expect, test } from 'vitest';
import { halfNanosOf } from '../../../src/ground/money.ts';
import { program } from '../../program.ts';
import { backlog } from '../../ledger/backlog.ts';
import {
  askedAgain,
  billOf,
  HOUR,
  openBatchDesk,
  readLines,
  verdicts,
  type BatchDesk,
  type Json,
} from './batch-desk.ts';

const CAP = '0.15';
const cap = halfNanosOf(Number(CAP));

/** Runs the last line of what was said, as a shell would. */
async function goOn({ env, clock, simulator }: BatchDesk, stderr: string) {
  const [name, ...args] = stderr.trimEnd().split('\n').at(-1)?.trim().split(' ') ?? [];
  expect(name).toBe('ticket-classify');
  const before = billOf(simulator);
  const outcome = await program(args, { env, clock });
  return { ...outcome, billed: billOf(simulator) - before };
}

/** A row does not tell which run has paid for it. */
function whoeverPaid(rows: readonly Json[]): Json[] {
  return verdicts(rows).map((row) => ({ ...row, ai_reused: null }));
}

test('a cap below the whole stops with the command that goes on, and no run exceeds it', async () => {
  const items = await backlog(100);
  const free = await openBatchDesk();
  const whole = await free.job(items, '--batch');
  expect(whole.billed).toBeGreaterThan(1.5 * cap);

  const desk = await openBatchDesk();
  const stopped = await desk.job(items, '--batch', '--max-cost', CAP);
  expect([stopped.code, stopped.rows]).toEqual([3, []]);
  expect(stopped.stderr).toContain(`--max-cost $${CAP} is nearly used up`);
  expect(stopped.billed).toBeGreaterThan(0);
  expect(stopped.billed).toBeLessThanOrEqual(cap);
  expect(stopped.summary?.cost.cost_usd).toBe(stopped.billed / 2e9);
  expect(desk.simulator.stats.batches.created.length).toBeGreaterThan(1);
  // What it could still send was waited for.
  expect((await desk.command('batches', '--json')).stdout).toBe('[]\n');

  let last = await goOn(desk, stopped.stderr);
  for (let runs = 1; last.code === 3 && runs < 20; runs++) {
    expect(last.billed).toBeLessThanOrEqual(cap);
    last = await goOn(desk, last.stderr);
  }
  expect(last.code, last.stderr).toBe(0);
  expect(last.billed).toBeLessThanOrEqual(cap);
  expect(askedAgain(desk.simulator)).toEqual([]);
  expect(whoeverPaid(readLines(last.stdout))).toEqual(whoeverPaid(whole.rows));
});

test('what an earlier run has sent is held against the cap until it is collected', async () => {
  const desk = await openBatchDesk({ batches: { takesMs: HOUR } });
  const asking = (about: string) =>
    Array.from({ length: 10 }, (_, at) => ({
      id: about + at,
      body: `Where is the ${about} ${at}?`,
    }));
  const sent = await desk.job(asking('invoice'), '--batch', '--no-wait');
  const [intent, ...others] = await desk.lines('batch');
  expect([sent.code, others.length]).toEqual([75, 1]);
  expect(Number(intent?.['at_most_usd'])).toBeGreaterThan(Number(CAP));

  const both = [...asking('invoice'), ...asking('report')];
  const { code, billed } = await desk.job(both, '--batch', '--max-cost', CAP);
  expect(code).toBe(0);
  expect(billed).toBeLessThanOrEqual(cap);
  const events = (await desk.lines('batch')).map(({ event }) => event);
  expect(events.slice(0, 5)).toEqual(['intended', 'sent', 'collected', 'deleted', 'intended']);
});

test('a cap that is too low for one request says how much is enough', async () => {
  const desk = await openBatchDesk();
  const items = await backlog(10);
  const stopped = await desk.job(items, '--batch', '--max-cost', '0.001');
  expect(stopped.code).toBe(3);
  expect(desk.simulator.stats.batches.created).toEqual([]);
  expect(stopped.stderr).toContain('To go on with more:');
  expect((await goOn(desk, stopped.stderr)).code).toBe(0);
});

test('the first answer tells the size of the prompt, so that the usual cap makes few batches', async () => {
  const desk = await openBatchDesk({ batches: { cacheHits: 1 } });
  const { code } = await desk.job(await backlog(700), '--batch', '--max-cost', '8');
  expect(code).toBe(0);
  // By its bytes alone the prompt would seem four times as dear, and 8 dollars enough for 200 calls.
  expect(desk.simulator.stats.batches.created.length).toBeLessThanOrEqual(6);
});

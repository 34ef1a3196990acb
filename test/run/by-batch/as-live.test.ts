// The same tickets live and by batch: the same rows, for half the money.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { halfNanosOf } from '../../../src/ground/money.ts';
import type { Summary } from '../../../src/output/summary-format.ts';
import { backlog } from '../../ledger/backlog.ts';
import {
  askedAgain,
  FAST,
  openBatchDesk,
  startBatchDesk,
  STRONG,
  verdicts,
  type BatchDesk,
  type Job,
  type Json,
} from './batch-desk.ts';

const dollars = (halfNanos: number) => halfNanos / 2e9;

describe('2,000 tickets', () => {
  const desks: { close: () => Promise<void> }[] = [];
  let live: { desk: BatchDesk; job: Job };
  let batched: { desk: BatchDesk; job: Job };

  async function classified(...flags: string[]) {
    const desk = await startBatchDesk({ batches: { cacheHits: 1 } });
    desks.push(desk);
    const job = await desk.job(await backlog(1_500), '--max-cost', 'none', ...flags);
    return { desk, job };
  }

  beforeAll(async () => {
    live = await classified();
    batched = await classified('--batch');
  });
  afterAll(() => Promise.all(desks.map(({ close }) => close())));

  test('are of all kinds', () => {
    const { tickets, escalated, triage, total } = summaryOf(live.job);
    expect(tickets).toBe(2_000);
    expect(escalated.by_cause.field / tickets).toBeGreaterThan(0.03);
    expect(escalated.by_cause.language).toBeGreaterThan(100);
    expect(escalated.by_cause.pattern).toBeGreaterThan(100);
    expect(triage.by_reason.empty).toBeGreaterThan(40);
    expect(total.reused).toBeGreaterThan(400);
  });

  test('come out in the same order with the same verdicts', () => {
    expect([live.job.code, batched.job.code]).toEqual([0, 0]);
    expect(verdicts(batched.job.rows)).toEqual(verdicts(live.job.rows));
  });

  test('are asked in batches but for one of each model, each question once', () => {
    const { simulator } = batched.desk;
    for (const model of [FAST, STRONG]) {
      const asked = live.desk.simulator.stats.of(model).delivered.answers;
      const { delivered, batch } = simulator.stats.of(model);
      expect([delivered.answers, batch.answers]).toEqual([1, asked - 1]);
    }
    expect(askedAgain(simulator)).toEqual([]);
  });

  test('cost what the server bills, in the summary as in the rows', () => {
    for (const { job } of [live, batched]) {
      const billed = dollars(job.billed);
      expect(job.summary?.cost).toMatchObject({ cost_usd: billed, rows_cost_usd: billed });
      const ofRows = job.rows.reduce(
        (sum, row) => sum + halfNanosOf(Number(row['ai_cost_usd'])),
        0,
      );
      expect(ofRows).toBe(job.billed);
    }
  });

  test('cost exactly half where the cache did the same', async () => {
    const ofLive = byQuestion(await live.desk.lines('answer'));
    const ofBatch = byQuestion(await batched.desk.lines('answer'));
    expect([...ofBatch.keys()].toSorted()).toEqual([...ofLive.keys()].toSorted());
    const sums = { live: 0, batch: 0, alone: 0 };
    for (const [question, { batch, ...answer }] of ofBatch) {
      const other = ofLive.get(question);
      if (batch === undefined || other?.['cache_write_tokens'] !== 0) {
        sums.alone += 1;
        continue;
      }
      expect(usageOf(answer)).toEqual(usageOf(other));
      expect(2 * costOf(answer), question).toBe(costOf(other));
      sums.live += costOf(other);
      sums.batch += costOf(answer);
    }
    expect(2 * sums.batch).toBe(sums.live);
    // Those that wrote the prompt to the cache, here or there.
    expect(sums.alone).toBeLessThanOrEqual(4);
    expect(ofBatch.size).toBeGreaterThan(1_400);
  });
});

function summaryOf({ summary, stderr }: Job): Summary {
  if (summary === null) throw new Error(stderr);
  return summary;
}

function byQuestion(lines: readonly Json[]): Map<string, Json> {
  return new Map(lines.map((line) => [`${String(line['model'])} ${String(line['text'])}`, line]));
}

function usageOf(line: Json): unknown[] {
  const names = ['input_tokens', 'cache_read_tokens', 'cache_write_tokens', 'output_tokens'];
  return names.map((name) => line[name]);
}

function costOf(line: Json): number {
  return halfNanosOf(Number(line['cost_usd']));
}

test.each([0, 0.5])(
  'costs what the server bills where a share of %f finds the prompt cached',
  async (cacheHits) => {
    const desk = await openBatchDesk({ batches: { cacheHits } });
    const { code, summary, billed } = await desk.job(await backlog(80), '--batch');
    expect(code).toBe(0);
    expect(desk.simulator.stats.of(FAST).batch.cacheWrite1h).toBeGreaterThan(0);
    expect(desk.simulator.stats.of(FAST).batch.cacheWrite5m).toBe(0);
    expect(summary?.cost.cost_usd).toBe(dollars(billed));
  },
);

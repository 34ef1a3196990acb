import { expect, test } from 'vitest';
import { costOf } from '../../src/claude/cost.ts';
import { MODELS } from '../../src/claude/models.ts';
import { summarise, type RunFacts } from '../../src/output/summary.ts';
import type { Summary } from '../../src/output/summary-format.ts';
import { count, createTally } from '../../src/output/tally.ts';
import type { Routed } from '../../src/ticket.ts';
import { countAll, invalid, none, routed, valid } from './routed.ts';

const SONNET = 'claude-sonnet-4-6';

const run: RunFacts = {
  startedAt: new Date('2026-11-22T10:00:00Z'),
  finishedAt: new Date('2026-11-22T10:00:04Z'),
  playbook: 'support@1f2e3d4c',
  fast: 'claude-haiku-4-5',
  strong: SONNET,
  inputs: ['backlog.csv'],
  output: 'backlog.classified.csv',
  exitCode: 0,
  exitReason: 'every ticket is classified',
  goOnAt: null,
  waited: new Map(),
  rows: { read: 1, written: 1 },
};

function summaryOf(...tickets: Routed[]): Summary {
  const tally = createTally({ strong: SONNET, prices: new Map(Object.entries(MODELS)) });
  for (const ticket of tickets) countAll(tally, ticket);
  return summarise(tally, run);
}

test('says what ran, when, with what and how it ended', () => {
  expect(summaryOf(routed(), routed())).toMatchObject({
    format: 'ticket-classify.summary',
    version: 1,
    simulated: false,
    started_at: '2026-11-22T10:00:00.000Z',
    finished_at: '2026-11-22T10:00:04.000Z',
    seconds: 4,
    tickets_per_second: 0.5,
    exit: { code: 0, reason: 'every ticket is classified' },
    playbook: 'support@1f2e3d4c',
    models: { fast: 'claude-haiku-4-5', strong: SONNET },
    inputs: ['backlog.csv'],
    output: 'backlog.classified.csv',
    tickets: 2,
    classified: 2,
  });
});

test('has null for every ratio and quantile of nothing', () => {
  const summary = summaryOf();
  expect(summary.triage.share).toBeNull();
  expect(summary.escalated.share).toBeNull();
  expect(summary.confidence.team).toBeNull();
  expect(summary.total.cached_share).toBeNull();
  expect(summary.cost).toEqual({
    cost_usd: 0,
    rows_cost_usd: 0,
    per_ticket_usd: null,
    per_1000_tickets_usd: null,
    strong_only_estimate_usd: 0,
    saved_share: null,
  });
});

test('gives money as numbers with no more digits than there are', () => {
  const asked = [valid({ cost: 12_345_000 }), invalid({ model: SONNET, cost: 1 })];
  const summary = summaryOf(routed({ asked }));
  expect(summary.by_model['claude-haiku-4-5']?.cost_usd).toBe(0.0061725);
  expect(summary.total.cost_usd).toBe(0.0061725005);
  expect(JSON.stringify(summary.cost)).toContain('"cost_usd":0.0061725005');
});

test('gives the cost of a ticket from what the rows cost, reused answers too', () => {
  const { cost } = summaryOf(
    routed({ asked: [valid({ cost: 2_000_000 })] }),
    routed({ asked: [valid({ cost: 4_000_000, reused: true })] }),
  );
  expect(cost).toMatchObject({ cost_usd: 0.001, rows_cost_usd: 0.003 });
  expect(cost).toMatchObject({ per_ticket_usd: 0.0015, per_1000_tickets_usd: 1.5 });
});

test('says which tokens the money went to, and what of it to invalid answers', () => {
  const usage = { input: 1_000, cacheRead: 10_000, cacheWrite: 4_000, output: 100 };
  const haiku = MODELS['claude-haiku-4-5'];
  if (!haiku) throw new Error('no facts');
  const cost = costOf(usage, haiku);
  const { by_model: models, total } = summaryOf(
    routed({ asked: [valid({ usage, cost })] }),
    routed({ asked: [invalid({ usage, cost })] }),
  );
  expect(total).toMatchObject({
    input_cost_usd: 0.002,
    cache_read_cost_usd: 0.002,
    cache_write_cost_usd: 0.01,
    output_cost_usd: 0.001,
    invalid_cost_usd: 0.0075,
    cost_usd: 0.015,
  });
  expect(models['claude-haiku-4-5']).toMatchObject({ cache_write_cost_usd: 0.01 });
});

test('sets what was paid against the strong model alone', () => {
  const usage = { input: 1_000, cacheRead: 0, cacheWrite: 0, output: 0 };
  const { cost } = summaryOf(routed({ asked: [valid({ usage, cost: 2_000_000 })] }));
  expect(cost.strong_only_estimate_usd).toBe(0.003);
  expect(cost.saved_share).toBeCloseTo(2 / 3);
});

test('has no estimate where the strong model has no known price', () => {
  const tally = createTally({ strong: 'llama', prices: new Map() });
  count(tally, routed());
  const { cost } = summarise(tally, { ...run, strong: 'llama' });
  expect(cost.strong_only_estimate_usd).toBeNull();
  expect(cost.saved_share).toBeNull();
});

test('gives the share of the input that came from the cache, by model and in all', () => {
  const haiku = valid({ usage: { input: 500, cacheRead: 1_500, cacheWrite: 0, output: 9 } });
  const usage = { input: 500, cacheRead: 0, cacheWrite: 500, output: 9 };
  const { by_model: models, total } = summaryOf(
    routed({ asked: [haiku, valid({ model: SONNET, usage })] }),
  );
  expect(models['claude-haiku-4-5']?.cached_share).toBe(0.75);
  expect(models[SONNET]?.cached_share).toBe(0);
  expect(total.cached_share).toBe(0.5);
});

test('gives calls, failures and latencies by model', () => {
  const slow = valid({ latencyMs: 4_000, attempts: 2, unknown: 1 });
  const { by_model: models } = summaryOf(
    routed({ asked: [slow] }),
    routed(),
    routed({ asked: [none()] }),
  );
  expect(models['claude-haiku-4-5']).toMatchObject({
    calls: 7,
    retries: 4,
    answered: 2,
    failed: 1,
    unknown_cost_calls: 1,
    latency_p50_ms: 900,
    latency_p95_ms: 4_000,
  });
});

test('gives all nine deciles of a confidence', () => {
  const tickets = [10, 9, 8, 7, 6, 5, 4, 3, 2, 1].map((tenths) => {
    const all = tenths / 10;
    const confidence = { team: all, ticket_type: all, urgency: all, sentiment: all };
    return routed({ answer: valid({ confidence }) });
  });
  const { confidence } = summaryOf(...tickets);
  expect(Object.values(confidence.urgency ?? {})).toEqual([
    0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9,
  ]);
});

test('lists the fullest queues first', () => {
  const queues = ['b', 'a', 'c', 'c'].map((queue) => routed({ queue, slaMinutes: 60 }));
  expect(summaryOf(...queues).queues).toEqual([
    { queue: 'c', tickets: 2, sla_minutes: 60 },
    { queue: 'a', tickets: 1, sla_minutes: 60 },
    { queue: 'b', tickets: 1, sla_minutes: 60 },
  ]);
});

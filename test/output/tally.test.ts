import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { MODELS } from '../../src/claude/models.ts';
import { count, countCall, createTally, type Tally } from '../../src/output/tally.ts';
import type { Escalation, Routed } from '../../src/ticket.ts';
import { countAll, invalid, none, routed, valid } from './routed.ts';

const HAIKU = 'claude-haiku-4-5';
const SONNET = 'claude-sonnet-4-6';

function tallyOf(...tickets: Routed[]): Tally {
  const tally = createTally({ strong: SONNET, prices: new Map(Object.entries(MODELS)) });
  for (const ticket of tickets) countAll(tally, ticket);
  return tally;
}

test('counts every ticket as classified or for triage', () => {
  const empty = { reason: 'empty', detail: '' } as const;
  const failed = { reason: 'both_failed', detail: '' } as const;
  const tally = tallyOf(
    routed(),
    routed({ triage: empty, answer: null, asked: [] }),
    routed({ triage: failed, answer: null, asked: [none(), none({ model: SONNET })] }),
  );
  expect(tally).toMatchObject({ tickets: 3, classified: 1, triage: { tickets: 2 } });
  expect(tally.triage.byReason).toMatchObject({ empty: 1, both_failed: 1, unsure: 0 });
});

test('counts a ticket with two unsure fields once as escalated, and under both fields', () => {
  const because = { by: 'field', team: 'security', confidence: 0.5, threshold: 0.75 } as const;
  const escalations: Escalation[] = [
    { ...because, field: 'team' },
    { ...because, field: 'urgency' },
    { by: 'pattern', pattern: 'breach' },
    { by: 'language', language: 'de' },
  ];
  const { escalated, teams } = tallyOf(routed({ escalations }));
  expect(escalated.tickets).toBe(1);
  expect(escalated.byCause).toEqual({ field: 1, language: 1, pattern: 1, failure: 0 });
  expect(escalated.byField).toEqual({ team: 1, ticket_type: 0, urgency: 1, sentiment: 0 });
  expect([...escalated.byPattern, ...escalated.byLanguage]).toEqual([
    ['breach', 1],
    ['de', 1],
  ]);
  expect(teams.get('security')).toEqual({ tickets: 0, escalated: 0, unsure: 1 });
  expect(teams.get('billing')).toEqual({ tickets: 1, escalated: 1, unsure: 0 });
});

test('keeps calls, retries, tokens and cost by model', () => {
  const answers = [
    invalid({ attempts: 2, unknown: 1 }),
    valid({ model: SONNET, cost: 9_000_000, latencyMs: 1_500.4 }),
  ];
  const tally = tallyOf(routed({ asked: answers }), routed({ asked: [none()] }), routed());
  expect(tally.models.get(HAIKU)).toMatchObject({
    calls: 7,
    retries: 4,
    answered: 1,
    invalid: 1,
    failed: 1,
    unknown: 1,
    usage: { input: 400, cacheRead: 9_000, cacheWrite: 0, output: 180 },
    cost: 4_400_000,
  });
  expect(tally.models.get(SONNET)?.latency.quantile(0.5)).toBe(1_500);
  expect(tally.cost.run).toBe(13_400_000);
});

test('a reused answer costs its row, but not this run', () => {
  const tally = tallyOf(routed({ asked: [valid({ reused: true, attempts: 3 })] }), routed());
  expect(tally.cost).toMatchObject({ run: 2_200_000, rows: 4_400_000 });
  expect(tally.models.get(HAIKU)).toMatchObject({ calls: 1, retries: 0, reused: 1, answered: 1 });
});

test('counts a call though its ticket never comes out', () => {
  const tally = tallyOf();
  countCall(tally, valid());
  expect(tally).toMatchObject({ tickets: 0, cost: { run: 2_200_000, rows: 0, strongOnly: 0 } });
  count(tally, routed());
  expect(tally.cost).toEqual(tallyOf(routed()).cost);
  expect(tally.models.get(HAIKU)?.calls).toBe(1);
});

test('counts what an answer cost once for all the rows that show it', () => {
  const shared = routed({ asked: [valid({ reused: true, shared: true })] });
  const { cost, models } = tallyOf(routed(), shared);
  expect(cost).toEqual(tallyOf(routed()).cost);
  expect(models.get(HAIKU)).toMatchObject({ calls: 1, answered: 1, reused: 1 });
});

test('tells tickets whose text has changed, and where they went', () => {
  const past = { textHash: '', queue: 'billing-normal', kept: false, newPatterns: [] };
  const { changed } = tallyOf(
    routed(),
    routed({ queue: 'security-high', past }),
    routed({ queue: 'billing-normal', past }),
    routed({ queue: 'billing-normal', past: { ...past, kept: true } }),
  );
  expect(changed).toEqual({
    reclassified: 2,
    queueChanged: 1,
    kept: 1,
    changes: [{ id: 'T-1', from: 'billing-normal', to: 'security-high', newPatterns: [] }],
  });
});

test('estimates the strong model alone from the last paid answer', () => {
  const usage = { input: 100, cacheRead: 1_000, cacheWrite: 0, output: 10 };
  const last = valid({ model: SONNET, usage });
  const tally = tallyOf(routed({ asked: [valid(), last, none()] }), routed({ asked: [none()] }));
  expect(tally.cost.strongOnly).toBe(100 * 6_000 + 1_000 * 600 + 10 * 30_000);
});

test('estimates nothing where the strong model has no known price', () => {
  const tally = createTally({ strong: 'llama', prices: new Map() });
  count(tally, routed());
  expect(tally.cost.strongOnly).toBe(0);
});

test('keeps the confidences of the answers that count', () => {
  const unsure = { team: 0.6, ticket_type: 0.6, urgency: 0.6, sentiment: 0.6 };
  const last = valid({ model: SONNET });
  const asked = [valid({ confidence: unsure }), last];
  const { confidences } = tallyOf(routed({ asked, answer: last }));
  expect(confidences.team.quantile(0.1)).toBe(900);
  expect(confidences.team.count()).toBe(1);
});

test('a queue keeps the shortest of its promises', () => {
  const queue = 'priority-billing';
  const tally = tallyOf(routed({ queue, slaMinutes: 480 }), routed({ queue, slaMinutes: 240 }));
  expect(tally.queues.get(queue)).toEqual({ tickets: 2, slaMinutes: 240 });
});

test('one simulated answer makes the run simulated', () => {
  expect(tallyOf(routed()).simulated).toBe(false);
  expect(tallyOf(routed(), routed({ asked: [valid({ simulated: true })] })).simulated).toBe(true);
});

test('the models add up to the run, and the run to the rows that are not reused', () => {
  const answer = fc.record({
    model: fc.constantFrom(HAIKU, SONNET),
    cost: fc.nat(2 ** 40),
    reused: fc.boolean(),
  });
  const tickets = fc.array(fc.array(answer, { maxLength: 2 }));
  fc.assert(
    fc.property(tickets, (all) => {
      const tally = tallyOf(
        ...all.map((asked) => routed({ asked: asked.map((given) => valid(given)) })),
      );
      const answers = all.flat();
      const fresh = answers.filter(({ reused }) => !reused);
      expect(tally.cost.rows).toBe(sum(answers));
      expect(tally.cost.run).toBe(sum(fresh));
      expect(sum([...tally.models.values()])).toBe(sum(fresh));
    }),
  );
});

function sum(costs: { cost: number }[]): number {
  return costs.reduce((total, { cost }) => total + cost, 0);
}

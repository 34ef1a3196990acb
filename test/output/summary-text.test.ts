import { stripVTControlCharacters } from 'node:util';
import { expect, test } from 'vitest';
import { costOf } from '../../src/claude/cost.ts';
import { MODELS } from '../../src/claude/models.ts';
import { summarise, type RunFacts } from '../../src/output/summary.ts';
import { summaryText } from '../../src/output/summary-text.ts';
import { textWidth } from '../../src/ground/text-table.ts';
import { createTally } from '../../src/output/tally.ts';
import type { Routed } from '../../src/ticket.ts';
import { countAll, invalid, none, routed, valid } from './routed.ts';

const HAIKU = 'claude-haiku-4-5';
const SONNET = 'claude-sonnet-4-6';

interface Given {
  strong?: string;
  colour?: boolean;
  verbose?: boolean;
  waited?: RunFacts['waited'];
}

function textOf(tickets: Routed[], given: Given = {}): string {
  const { strong = SONNET, colour = false, verbose = false, waited = new Map() } = given;
  const tally = createTally({ strong, prices: new Map(Object.entries(MODELS)) });
  for (const ticket of tickets) countAll(tally, ticket);
  const startedAt = new Date('2026-11-22T10:00:00Z');
  const summary = summarise(tally, {
    startedAt,
    finishedAt: new Date(startedAt.getTime() + 131_000),
    playbook: 'support@1f2e3d4c',
    fast: HAIKU,
    strong,
    inputs: ['backlog.csv'],
    output: 'backlog.classified.csv',
    exitCode: 0,
    exitReason: '',
    goOnAt: null,
    waited,
    rows: { read: tally.tickets, written: tally.tickets },
  });
  return summaryText(summary, { colour, verbose });
}

function answers(model: string, usage = valid().usage): ReturnType<typeof valid> {
  const priced = MODELS[model];
  return valid({ model, usage, cost: priced === undefined ? 0 : costOf(usage, priced) });
}

function mixed(): Routed[] {
  const because = { by: 'field', team: 'billing', confidence: 0.5, threshold: 0.75 } as const;
  const strong = answers(SONNET);
  const tickets = Array.from({ length: 1_000 }, () => routed({ asked: [answers(HAIKU)] }));
  tickets.push(
    routed({
      asked: [answers(HAIKU), strong],
      answer: strong,
      escalations: [
        { ...because, field: 'team' },
        { ...because, field: 'urgency' },
      ],
      queue: 'urgent-security',
      slaMinutes: 15,
    }),
    routed({
      asked: [invalid(), strong],
      answer: strong,
      escalations: [{ by: 'failure', why: 'no tool call' }],
    }),
    routed({
      asked: [strong],
      escalations: [{ by: 'language', language: 'de' }],
    }),
    routed({
      asked: [none({ unknown: 2 }), none({ model: SONNET, unknown: 1 })],
      answer: null,
      triage: { reason: 'both_failed', detail: '' },
      queue: 'needs-human-triage',
      slaMinutes: 60,
    }),
  );
  return tickets;
}

test('tells how it went, block by block', () => {
  expect(textOf(mixed())).toMatchInlineSnapshot(`
    "1,004 tickets in 2 min 11 s, 7.7/s
      classified                 1,003   99.9 %
      for human triage               1  < 0.1 %
        both failed                  1
      escalated                      3    0.3 %
        unsure                       1
        language                     1   de 1
        fast model failed            1
      1,004 rows read = 1,003 classified + 1 for triage, 1,004 written

    Model              calls  retries   input  output  cached   p50   p95     cost
    claude-haiku-4-5   1,006        3   4.71M  90,180    96 %  0.9s  0.9s    $1.10
    claude-sonnet-4-6      7        3  14,100     270    96 %  0.9s  0.9s  $0.0099
      claude-haiku-4-5: 1 invalid but paid for, 1 unanswered
      claude-sonnet-4-6: 1 unanswered

    Confidence    p10   p50   p90  unsure
    team         0.90  0.90  0.90       1
    ticket_type  0.90  0.90  0.90       0
    urgency      0.90  0.90  0.90       1
    sentiment    0.90  0.90  0.90       0

    Cost
      this run                                $1.11
      per ticket                           $0.00111
      per 1,000 tickets                       $1.11
      claude-sonnet-4-6 alone, estimate       $3.31  66 % saved
      3 calls of unknown cost, at most $0.00

    Spent on             input  cache writes  cache reads    output  invalid
    claude-haiku-4-5     $0.20         $0.00        $0.45     $0.45  $0.0011
    claude-sonnet-4-6  $0.0018         $0.00     $0.00405  $0.00405        –

    Queue               tickets     SLA
    billing-normal        1,002    24 h
    needs-human-triage        1     1 h
    urgent-security           1  15 min
    "
  `);
});

const waited: RunFacts['waited'] = new Map([
  [HAIKU, new Map([['growth', 2_000] as const, ['requests', 100_000] as const])],
]);

test('tells what limited a model', () => {
  const text = textOf(mixed(), { waited });
  expect(text).toContain(`  ${HAIKU}: limited by requests a minute\n`);
  expect(text).not.toContain('held back');
});

test('tells all that limited it with verbose', () => {
  expect(textOf(mixed(), { waited, verbose: true })).toMatch(
    /Calls held back by *\n\S+: requests a minute  100\.0 s\n\S+: its start            2\.0 s\n/,
  );
});

const long = 'a-very-long-name-'.repeat(12);

test.each([
  ['nothing', []],
  ['a mixed run', mixed()],
  ['long names', [long, '請求'.repeat(60), '\u001B[31m'].map(named)],
  ['millions', [routed({ asked: [valid({ attempts: 9e9, latencyMs: 9e7, cost: 2e15 })] })]],
])('fits 80 columns with %s', (_, tickets) => {
  for (const strong of [SONNET, long]) {
    const lines = textOf(tickets, { strong }).split('\n');
    expect(lines.filter((line) => textWidth(line) > 80)).toEqual([]);
  }
});

function named(name: string): Routed {
  const answer = valid({ model: name, attempts: 1_234_567, unknown: 9 });
  return routed({
    asked: [answer, invalid({ model: name }), none({ model: name })],
    queue: name,
    escalations: [
      { by: 'pattern', pattern: name },
      { by: 'language', language: 'de' },
    ],
  });
}

test('lets no name move the cursor', () => {
  expect(textOf([named('\u001B[2J')])).not.toContain('\u001B');
});

test('colours only when asked to, and then nothing but the colour changes', () => {
  const plain = textOf(mixed());
  const coloured = textOf(mixed(), { colour: true });
  expect(coloured).not.toBe(plain);
  expect(stripVTControlCharacters(coloured)).toBe(plain);
});

test('says first and last that a simulated run means nothing', () => {
  const lines = textOf([routed({ asked: [valid({ simulated: true })] })])
    .trimEnd()
    .split('\n');
  expect(lines[0]).toMatch(/simulated.*mean nothing/i);
  expect(lines.at(-1)).toBe(lines[0]);
  expect(lines).toContain('Cost (simulated)');
  expect(textOf([routed()])).not.toMatch(/simulated/i);
});

function queues(many: number): Routed[] {
  return Array.from({ length: many }, (_, at) => routed({ queue: `queue-${at}` }));
}

test('ends a long table of queues with how many more there are', () => {
  expect(textOf(queues(22))).toMatch(/… and 7 more queues with 7 tickets\n$/);
});

test('shows one queue more rather than a line about it', () => {
  expect(textOf(queues(16))).not.toContain('…');
});

test.each([
  [1, '1 call of unknown cost'],
  [3, '3 calls of unknown cost'],
])('tells of %d calls of unknown cost', (unknown, line) => {
  expect(textOf([routed({ asked: [valid({ unknown })] })])).toContain(line);
});

test('says nothing of unknown cost where there is none', () => {
  expect(textOf([routed()])).not.toContain('unknown');
});

test('gives both sums where answers are reused', () => {
  const text = textOf([routed({ asked: [valid({ reused: true, cost: 3_000_000_000 })] })]);
  expect(text).toMatch(/this run +\$0\.00/);
  expect(text).toMatch(/these rows in all +\$1\.50/);
});

test('claims no saving where the strong model has no known price', () => {
  const text = textOf([routed()], { strong: 'llama' });
  expect(text).toMatch(/alone, estimate +unknown/);
  expect(text).not.toContain('saved');
});

test('says so where the two models cost more than the strong one alone', () => {
  const usage = { input: 1_000, cacheRead: 0, cacheWrite: 0, output: 0 };
  const asked = [answers(HAIKU, usage), answers(SONNET, usage)];
  expect(textOf([routed({ asked })])).toContain('33 % more than that');
});

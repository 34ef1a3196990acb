import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { progressLine, progressLogLine, type Standing } from '../../src/output/progress-line.ts';

const standing: Standing = {
  tickets: 12_345,
  escalated: 1_481,
  triage: 3,
  cost: 840_000_000,
  simulated: false,
  waiting: null,
  done: 0.415,
  ticketsPerSecond: 87.4,
  secondsLeft: 200,
  secondsGone: 142,
};

test.each([
  [
    120,
    '████████░░░░░░░░░░░░  41 %  12,345 tickets  87/s  4 min left  $0.42  12 % escalated  3 for triage',
  ],
  [90, '██████░░░░░░░░░  41 %  12,345 tickets  4 min left  $0.42  12 % escalated  3 for triage'],
  [80, '█████░░░░░░░░  41 %  12,345 tickets  4 min left  $0.42  3 for triage'],
  [40, '41 %  4 min left  $0.42  3 for triage'],
  [10, '41 %'],
  [3, '41'],
])('says in %d columns what matters most', (columns, line) => {
  expect(progressLine(standing, columns)).toBe(line);
});

test.each([
  [0.4, '1 s left'],
  [59.2, '1 min left'],
  [61, '2 min left'],
  [3_700, '1 h 02 min left'],
])('says %d seconds as %s', (secondsLeft, text) => {
  expect(progressLine({ ...standing, secondsLeft }, 80)).toContain(`  ${text}  `);
});

test('draws no bar where the size of the input is unknown', () => {
  expect(progressLine({ ...standing, done: null, secondsLeft: null }, 80)).toBe(
    '12,345 tickets  87/s  $0.42  12 % escalated  3 for triage',
  );
});

test('says at once what it waits for', () => {
  const waiting = { ...standing, tickets: 0, secondsGone: 4.2 };
  expect(progressLine(waiting, 80)).toBe('waiting for the first answer, 4 s');
});

test('marks the cost of a simulated run', () => {
  expect(progressLine({ ...standing, simulated: true }, 120)).toContain('  simulated $0.42');
  expect(progressLogLine({ ...standing, simulated: true }, new Date(0))).toMatch(
    /, simulated \$0\.42$/,
  );
});

test('says 100 % only when all is done', () => {
  expect(progressLine({ ...standing, done: 0.9999 }, 80)).toContain('99 %');
  expect(progressLine({ ...standing, done: 1 }, 80)).toContain('100 %');
});

test('fits every width', () => {
  const share = fc.double({ min: 0, max: 1, noNaN: true });
  const many = fc.nat(10_000_000);
  const anything = fc.record({
    tickets: many,
    escalated: fc.nat(1_000),
    triage: many,
    cost: fc.nat(2 ** 50),
    simulated: fc.boolean(),
    waiting: fc.option(fc.string()),
    done: fc.option(share),
    ticketsPerSecond: fc.option(share.map((value) => value * 1_000)),
    secondsLeft: fc.option(many),
    secondsGone: many,
  });
  fc.assert(
    fc.property(anything, fc.integer({ min: 1, max: 200 }), (given, columns) => {
      expect(progressLine(given, columns).length).toBeLessThan(columns);
    }),
  );
});

const at = new Date('2026-11-22T10:31:00.123Z');

test('writes a dated line for a log', () => {
  expect(progressLogLine(standing, at)).toBe(
    '2026-11-22T10:31:00Z 12,345 tickets, 41 %, 87/s, 12 % escalated, 3 for triage, $0.42',
  );
});

test('writes a dated line before there is anything to tell', () => {
  const nothing = { tickets: 0, escalated: 0, triage: 0, cost: 0, ticketsPerSecond: null };
  expect(progressLogLine({ ...standing, ...nothing, done: null }, at)).toBe(
    '2026-11-22T10:31:00Z 0 tickets, 0 for triage, $0.00',
  );
});

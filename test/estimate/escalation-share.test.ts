import { expect, test } from 'vitest';
import { escalationShare } from '../../src/estimate/escalation-share.ts';

const none = { tickets: 0, escalated: 0 };

test.each([
  ['this input, if enough of it is known', { tickets: 50, escalated: 5 }, none, 'input', 0.1],
  [
    'else the ledger',
    { tickets: 49, escalated: 49 },
    { tickets: 200, escalated: 40 },
    'ledger',
    0.2,
  ],
  ['else nothing', { tickets: 49, escalated: 49 }, { tickets: 49, escalated: 0 }, 'assumed', null],
] as const)('is judged by %s', (_, input, ledger, from, share) => {
  expect(escalationShare(input, ledger, 1_000)).toMatchObject({ from, share });
});

test('is 5 to 30 % where nothing is known', () => {
  expect(escalationShare(none, none, 10).range).toEqual({ low: 0.05, high: 0.3 });
});

test('is the score interval for a great many to come', () => {
  const { range } = escalationShare({ tickets: 100, escalated: 10 }, none, 1e9);
  expect(range.low).toBeCloseTo(0.0552, 4);
  expect(range.high).toBeCloseTo(0.1744, 4);
});

test('is wider for few, who are a draw themselves', () => {
  const many = escalationShare({ tickets: 1_000, escalated: 150 }, none, 100_000).range;
  const few = escalationShare({ tickets: 1_000, escalated: 150 }, none, 20).range;
  expect(few.low).toBeLessThan(many.low);
  expect(few.high).toBeGreaterThan(many.high);
});

test.each([0, 100])('stays within 0 and 1 where %i of 100 were escalated', (escalated) => {
  const { range } = escalationShare({ tickets: 100, escalated }, none, 5);
  expect(range.low).toBeGreaterThanOrEqual(0);
  expect(range.high).toBeLessThanOrEqual(1);
  expect(range.low).toBeLessThan(range.high);
});

import { expect, test } from 'vitest';
import { failures } from '../../src/ground/errors.ts';
import { checkFlags } from '../../src/settings/flags.ts';

const HALF_NANOS = 2_000_000_000;

test.each([
  [{}, 25, null],
  [{ maxCost: '12.5' }, 12.5, null],
  [{ maxCost: '$0.05' }, 0.05, null],
  [{ maxCost: 3 }, 3, null],
  [{ maxCost: 'none' }, null, null],
  [{ maxCost: 'none', maxCostPerDay: '$100' }, null, 100],
])('%j caps the run and the day at %d and %d dollars', (given, run, day) => {
  const { maxCost, maxCostPerDay } = checkFlags(given);
  expect(maxCost).toBe(run === null ? null : run * HALF_NANOS);
  expect(maxCostPerDay).toBe(day === null ? null : day * HALF_NANOS);
});

const WANTED = 'must be a number of US dollars over 0, such as 25 or 0.50';

test.each([
  [{ maxCost: '0' }, `--max-cost 0: ${WANTED}, or none`],
  [{ maxCost: '' }, `--max-cost : ${WANTED}, or none`],
  [{ maxCost: '$' }, `--max-cost $: ${WANTED}, or none`],
  [{ maxCost: '-1' }, `--max-cost -1: ${WANTED}, or none`],
  [{ maxCost: '25,00' }, `--max-cost 25,00: ${WANTED}, or none`],
  [{ maxCost: '1e99' }, `--max-cost 1e99: ${WANTED}, or none`],
  [{ maxCostPerDay: 'none' }, `--max-cost-per-day none: ${WANTED}`],
  [{ maxCostPerDay: 'x' }, `--max-cost-per-day x: ${WANTED}`],
])('%j is refused', (given, complaint) => {
  expect(() => checkFlags(given)).toThrow(failures.usage(complaint));
});

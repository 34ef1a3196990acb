import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { createQuantiles } from '../../src/output/quantiles.ts';

test('has no quantile of nothing', () => {
  expect(createQuantiles().quantile(0.5)).toBeNull();
});

test.each([
  [[7], 0.1, 7],
  [[1, 2, 3, 4], 0.5, 2],
  [[4, 3, 2, 1], 0.5, 2],
  [[1, 2, 3, 4, 5], 0.5, 3],
  [[1, 1, 1, 9], 0.75, 1],
  [[1, 1, 1, 9], 0.76, 9],
  [[1, 2], 1, 2],
  [[1, 2], 0, 1],
])('of %j the quantile %d is %d', (values, q, expected) => {
  const quantiles = createQuantiles();
  for (const value of values) quantiles.add(value);
  expect(quantiles.quantile(q)).toBe(expected);
  expect(quantiles.count()).toBe(values.length);
});

test('takes the 55th of a hundred for 0.55, whatever the floating point says', () => {
  const quantiles = createQuantiles();
  for (let value = 1; value <= 100; value += 1) quantiles.add(value);
  expect(quantiles.quantile(0.55)).toBe(55);
});

test('agrees with sorting everything', () => {
  const values = fc.array(fc.integer({ min: 0, max: 50 }), { minLength: 1 });
  fc.assert(
    fc.property(values, fc.integer({ min: 1, max: 99 }), (all, hundredths) => {
      const quantiles = createQuantiles();
      for (const value of all) quantiles.add(value);
      const rank = Math.ceil((hundredths * all.length) / 100);
      const sorted = all.toSorted((a, b) => a - b);
      expect(quantiles.quantile(hundredths / 100)).toBe(sorted[rank - 1]);
    }),
  );
});

import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { roundedUsd, usd } from '../../src/ground/money.ts';
import { billOf, costOf } from '../../src/claude/cost.ts';
import { inBatches, MODELS, pricedModel, tariff, type Model } from '../../src/claude/models.ts';

function model(name: string): Model {
  const found = MODELS[name];
  if (found === undefined) throw new Error(name);
  return found;
}

test.each([
  ['claude-haiku-4-5', [1_000_000, 0, 0, 0], '1'],
  ['claude-haiku-4-5', [0, 1_000_000, 0, 0], '0.1'],
  ['claude-haiku-4-5', [0, 0, 1_000_000, 0], '1.25'],
  ['claude-haiku-4-5', [0, 0, 0, 1_000_000], '5'],
  ['claude-haiku-4-5', [210, 4_500, 0, 91], '0.001115'],
  ['claude-sonnet-4-6', [210, 0, 1_131, 87], '0.00617625'],
  ['claude-haiku-5-5', [0, 0, 1, 0], '0.000000125'],
  ['claude-haiku-5-5', [1, 1, 0, 0], '0.00000011'],
  ['claude-haiku-5-5', [100_000, 0, 0, 0], '0.01'],
  ['claude-haiku-5-5', [100_001, 0, 0, 0], '0.0500005'],
  ['claude-haiku-5-5', [1, 99_999, 1, 100], '0.005251075'],
  ['claude-sonnet-5-5', [0, 0, 0, 0], '0'],
] as const)('%s with tokens %j costs %s dollars', (name, tokens, dollars) => {
  const [input, cacheRead, cacheWrite, output] = tokens;
  expect(usd(costOf({ input, cacheRead, cacheWrite, output }, model(name)))).toBe(dollars);
});

test('a price that no binary number is, as 1.005, costs what it says', () => {
  const prices = { input: 1.005, output: 4.015, cache_write: 1.25625, cache_read: 0.1005 };
  const own = pricedModel('own', { own: prices });
  expect(1.005 * 2_000).toBeLessThan(2_010);
  const used = { input: 1_000_000, cacheRead: 0, cacheWrite: 0, output: 1_000_000 };
  expect(usd(costOf(used, own))).toBe('5.02');
});

const tokens = fc.nat(200_000);
const usage = fc.record({ input: tokens, cacheRead: tokens, cacheWrite: tokens, output: tokens });

test('every cost is a whole number', () => {
  fc.assert(
    fc.property(usage, fc.constantFrom(...Object.values(MODELS)), (used, of) => {
      expect(costOf(used, of)).toSatisfy(Number.isSafeInteger);
    }),
  );
});

test.each([
  [0, '0'],
  [1, '0.0000000005'],
  [2, '0.000000001'],
  [12_345_000, '0.0061725'],
  [2_000_000_000, '1'],
  [2_000_000_001, '1.0000000005'],
  [20_000_000_000, '10'],
  [Number.MAX_SAFE_INTEGER, '4503599.6273704955'],
])('writes %d half nano-dollars as %s', (halfNanos, text) => {
  expect(usd(halfNanos)).toBe(text);
});

/** The inverse of `usd`, by another way. */
function parsed(dollars: string): bigint {
  const [whole = '', decimals = ''] = dollars.split('.');
  return BigInt(whole + decimals.padEnd(10, '0'));
}

test('the sum of the decimals is the decimal of the sum', () => {
  const costs = fc.array(fc.nat(2 ** 40), { maxLength: 1_000 });
  fc.assert(
    fc.property(costs, (halfNanos) => {
      const sum = halfNanos.reduce((total, cost) => total + cost, 0);
      const decimals = halfNanos.reduce((total, cost) => total + parsed(usd(cost)), 0n);
      expect(parsed(usd(sum))).toBe(decimals);
    }),
  );
});

test('writes plain decimals without exponent and trailing zeros', () => {
  fc.assert(
    fc.property(fc.maxSafeNat(), (halfNanos) => {
      expect(usd(halfNanos)).toMatch(/^(0|[1-9]\d*)(\.\d*[1-9])?$/);
    }),
  );
});

test.each([
  [0, '$0.00'],
  [12.34, '$12.34'],
  [1_234.567, '$1,234.57'],
  [0.42, '$0.42'],
  [0.1, '$0.10'],
  [0.0421, '$0.0421'],
  [0.04, '$0.040'],
  [0.000062, '$0.000062'],
  [0.0010234, '$0.00102'],
  [0.099_999, '$0.10'],
  [0.000_000_000_5, '$0.00000000050'],
])('shows people %d dollars as %s', (dollars, text) => {
  expect(roundedUsd(dollars * 2_000_000_000)).toBe(text);
});

describe('a bill', () => {
  const used = { input: 100, cacheRead: 0, cacheWrite: 0, output: 10 };
  const models = tariff(new Map(), inBatches);

  test('is that of the model that was asked, on the terms of the request', () => {
    const bill = billOf({ model: 'claude-haiku-4-5', usage: used }, 'claude-haiku-4-5', models);
    expect(bill).toMatchObject({ usage: used, cost: costOf(used, model('claude-haiku-4-5')) / 2 });
  });

  test.each([
    ['claude-haiku-5-5', 'version', 'claude-haiku-5-5'],
    ['claude-sonnet-4-6', 'stranger', 'claude-sonnet-4-6'],
  ])('is priced as %s if that answered', (said, kind, priced) => {
    const bill = billOf({ model: said, usage: used }, 'claude-haiku-4-5', models);
    expect(bill.by.kind).toBe(kind);
    expect(bill.cost).toBe(costOf(used, model(priced)) / 2);
  });

  test.each([
    ['a usage that is not told', 'claude-haiku-4-5', null],
    ['a version without a price', 'claude-3-5-haiku', used],
    ['a stranger without a price', 'gpt-4o-mini', used],
  ])('is open for %s', (_, said, told) => {
    expect(billOf({ model: said, usage: told }, 'claude-haiku-4-5', models).cost).toBeNull();
  });
});

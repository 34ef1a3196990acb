import { expect, test } from 'vitest';
import { modelFacts, MODELS } from '../../src/claude/models.ts';

const names = Object.keys(MODELS);

test.each(names)('%s has prices that are whole in half nano-dollars a token', (name) => {
  for (const price of Object.values(MODELS[name]?.prices ?? {})) {
    expect(price * 2_000).toBeCloseTo(Math.round(price * 2_000), 9);
    expect(price).toBeGreaterThan(0);
  }
});

test.each(names)(
  '%s reads from the cache for less than the input price and writes for more',
  (name) => {
    const prices = MODELS[name]?.prices;
    if (prices === undefined) throw new Error(name);
    expect(prices.cacheRead).toBeLessThan(prices.input);
    expect(prices.cacheWrite5m).toBe(prices.input * 1.25);
    expect(prices.cacheWrite1h).toBe(prices.input * 2);
  },
);

test('knows which models refuse a forced tool', () => {
  expect(names.filter((name) => !MODELS[name]?.forcedTool)).toEqual(['claude-sonnet-5-5']);
});

test('has no price for a model that is not in it', () => {
  expect(MODELS['claude-haiku-9']).toBeUndefined();
});

const given = { input: 0.5, output: 2, cache_write: 0.625, cache_read: 0.05 };

test('takes the prices of the playbook before its own', () => {
  expect(modelFacts('claude-sonnet-5-5', given)).toMatchObject({
    prices: { input: 0.5, output: 2, cacheWrite5m: 0.625, cacheWrite1h: 1, cacheRead: 0.05 },
    smallestCacheablePrefix: 512,
    forcedTool: false,
  });
});

test.each([
  ['claude-opus-5-5', false],
  ['llama', true],
])('lets the playbook price %s, whose forced tool it takes for %s', (name, forced) => {
  expect(modelFacts(name, given)?.forcedTool).toBe(forced);
  expect(modelFacts(name, undefined)).toBeNull();
});

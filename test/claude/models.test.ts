import { describe, expect, test } from 'vitest';
import { answeredBy, modelFacts, MODELS, pricedModel } from '../../src/claude/models.ts';

const names = Object.keys(MODELS);

test.each(names)('%s has prices that are whole in half nano-dollars a token', (name) => {
  for (const price of Object.values(MODELS[name]?.prices ?? {})) {
    expect(price * 2_000).toBeCloseTo(Math.round(price * 2_000), 9);
    expect(price).toBeGreaterThan(0);
  }
});

test('a model that can’t be forced is one that thinks first', () => {
  const think = (name: string) => MODELS[name]?.thinks !== undefined;
  expect(names.filter((name) => !MODELS[name]?.forcedTool)).toEqual(names.filter(think));
});

test.each(['claude-haiku-9', 'constructor', '__proto__', 'toString'])(
  'has no price for %s, and says which it has',
  (name) => {
    expect(modelFacts(name, {})).toBeNull();
    expect(() => pricedModel(name)).toThrow(`The price of model ${name} is not known`);
  },
);

test('a dated id is priced as its family', () => {
  expect(modelFacts('claude-haiku-4-5-20251001')).toBe(MODELS['claude-haiku-4-5']);
  expect(modelFacts('claude-haiku-4-5-1')).toBeNull();
});

const given = { input: 0.5, output: 2, cache_write: 0.625, cache_read: 0.05 };

test('takes the prices of the playbook before its own', () => {
  expect(modelFacts('claude-sonnet-5-5', { 'claude-sonnet-5-5': given })).toMatchObject({
    prices: { input: 0.5, output: 2, cacheWrite5m: 0.625, cacheWrite1h: 1, cacheRead: 0.05 },
    smallestCacheablePrefix: 512,
    forcedTool: false,
  });
});

test.each([
  ['claude-fable-5-1', false],
  ['llama', true],
])('lets the playbook price %s, whose forced tool it takes for %s', (name, forced) => {
  expect(modelFacts(name, { [name]: given })?.forcedTool).toBe(forced);
  expect(modelFacts(name, undefined)).toBeNull();
});

describe('who answered', () => {
  const haiku = pricedModel('claude-haiku-4-5');

  test.each([
    ['claude-haiku-4-5', 'claude-haiku-4-5'],
    ['claude-haiku-4-5', 'claude-haiku-4-5-20251001'],
    ['claude-haiku-4-5-20251001', 'claude-haiku-4-5'],
    ['claude-haiku-4-5', 'us.anthropic.claude-haiku-4-5-20251001-v1:0'],
    ['claude-haiku-4-5', 'anthropic/claude-haiku-4.5'],
    ['claude-haiku-4-5', 'anthropic/claude-4.5-haiku-20251001'],
    ['claude-haiku-4-5', 'claude-haiku-4-5@20251001'],
    ['claude-haiku-4-5', 'Claude Haiku 4.5'],
    ['claude-haiku-4-5', 'claude-haiku-latest'],
    ['claude-haiku-4-5', null],
  ])('%s is %s', (asked, said) => {
    expect(answeredBy(asked, haiku, said)).toEqual({ kind: 'asked', name: asked });
  });

  test.each([
    ['claude-haiku-4-5', 'claude-haiku-5-5', 'claude-haiku-5-5'],
    ['claude-haiku-4-5', 'eu.anthropic.claude-3-5-haiku-20241022-v2:0', null],
    ['claude-sonnet-5', 'claude-sonnet-5-5', 'claude-sonnet-5-5'],
    ['claude-sonnet-5-5', 'vertex/claude-sonnet-5.0', 'claude-sonnet-5'],
    ['claude-sonnet-4-6', 'claude-sonnet-4-20250514', null],
  ])('asked %s, %s is another version of it', (asked, said, name) => {
    expect(answeredBy(asked, haiku, said)).toEqual({ kind: 'version', name });
  });

  test.each([
    ['gpt-4o-mini', null],
    ['', null],
    ['claude-sonnet-4-6', 'claude-sonnet-4-6'],
    ['anthropic/claude-opus-5.5', 'claude-opus-5-5'],
  ])('asked a haiku, %s is a stranger', (said, name) => {
    const by = { kind: 'stranger', name };
    expect(answeredBy('claude-haiku-4-5', haiku, said)).toEqual(by);
  });

  test('where the playbook gives the prices, anybody may answer', () => {
    const own = pricedModel('claude-haiku-4-5', { 'claude-haiku-4-5': given });
    expect(answeredBy('claude-haiku-4-5', own, 'gpt-4o-mini').kind).toBe('asked');
    expect(answeredBy('qwen3:8b', pricedModel('qwen3:8b', { 'qwen3:8b': given }), 'x').kind).toBe(
      'asked',
    );
  });
});

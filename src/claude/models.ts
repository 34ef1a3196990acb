import type { GivenPrices } from '../playbook/playbook.ts';

/** US dollars per million tokens. Every price times 2,000 must be whole: `costOf` counts so. */
export interface Prices {
  input: number;
  output: number;
  cacheWrite5m: number;
  cacheWrite1h: number;
  cacheRead: number;
}

export interface Model {
  prices: Prices;
  /** A prompt with more tokens than `above`, cached ones included, costs `factor` times as much. */
  longPrompt?: { above: number; factor: number };
  /** Tokens. A shorter prefix is not cached, and no error says so. */
  smallestCacheablePrefix: number;
  /** False where the API refuses a `tool_choice` of type `tool` or `any` with 400. */
  forcedTool: boolean;
}

/** Source: Anthropic's pages, checked 2026-11-22; prices of 2026-10. */
export const MODELS: Readonly<Record<string, Model>> = {
  'claude-haiku-4-5': {
    prices: { input: 1, output: 5, cacheWrite5m: 1.25, cacheWrite1h: 2, cacheRead: 0.1 },
    smallestCacheablePrefix: 4_096,
    forcedTool: true,
  },
  'claude-sonnet-4-6': {
    prices: { input: 3, output: 15, cacheWrite5m: 3.75, cacheWrite1h: 6, cacheRead: 0.3 },
    // Users report 2,048.
    smallestCacheablePrefix: 1_024,
    forcedTool: true,
  },
  'claude-haiku-5-5': {
    prices: { input: 0.1, output: 0.5, cacheWrite5m: 0.125, cacheWrite1h: 0.2, cacheRead: 0.01 },
    longPrompt: { above: 100_000, factor: 5 },
    smallestCacheablePrefix: 512,
    forcedTool: true,
  },
  'claude-sonnet-5': {
    prices: { input: 2, output: 10, cacheWrite5m: 2.5, cacheWrite1h: 4, cacheRead: 0.2 },
    smallestCacheablePrefix: 1_024,
    forcedTool: true,
  },
  'claude-sonnet-5-5': {
    prices: { input: 2, output: 10, cacheWrite5m: 2.5, cacheWrite1h: 4, cacheRead: 0.1 },
    smallestCacheablePrefix: 512,
    forcedTool: false,
  },
};

/** The same model in a batch: half of every price, and a prefix that is cached for an hour. */
export function inBatches(model: Model): Model {
  const { input, output, cacheRead, cacheWrite1h } = model.prices;
  const prices = {
    input: input / 2,
    output: output / 2,
    cacheRead: cacheRead / 2,
    cacheWrite5m: cacheWrite1h / 2,
    cacheWrite1h: cacheWrite1h / 2,
  };
  return { ...model, prices };
}

/** The same models, asked live with a prefix that is cached for an hour. */
export function modelsCachedForHour(
  models: ReadonlyMap<string, Model>,
): ReadonlyMap<string, Model> {
  return new Map(
    [...models].map(([name, model]) => {
      const { prices } = model;
      return [name, { ...model, prices: { ...prices, cacheWrite5m: prices.cacheWrite1h } }];
    }),
  );
}

/** Models without a price in the table whose forced tool calls the API refuses. */
const NOT_FORCED = new Set(['claude-opus-5-5', 'claude-fable-5-1', 'claude-mythos-5-1']);

/**
 * Facts about a model: the table's, with the playbook's prices in place of them if it gives any.
 * Null for a model that neither knows, since there is no guessed price.
 */
export function modelFacts(name: string, given: GivenPrices | undefined): Model | null {
  const known = MODELS[name];
  if (!given) return known ?? null;
  const prices = {
    input: given.input,
    output: given.output,
    cacheWrite5m: given.cache_write,
    // The one-hour cache costs twice the input price on every model of the table.
    cacheWrite1h: 2 * given.input,
    cacheRead: given.cache_read,
  };
  return {
    smallestCacheablePrefix: known?.smallestCacheablePrefix ?? 1_024,
    forcedTool: known?.forcedTool ?? !NOT_FORCED.has(name),
    prices,
  };
}

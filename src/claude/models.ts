// What is known of each model: its prices, how it is asked, by what other names it answers.
import { failures } from '../ground/errors.ts';
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
  /**
   * Of those that think before they call, and take the room for it from `max_tokens`: whether they can
   * be told not to, or only to do it briefly.
   */
  thinks?: 'unless told' | 'always';
  /** True where the prices are the playbook's own: whatever answers is the playbook's business. */
  isGiven?: boolean;
}

/** Source: Anthropic's pages, checked 2026-11-27. */
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
    thinks: 'unless told',
  },
  'claude-opus-5-5': {
    prices: { input: 4, output: 20, cacheWrite5m: 5, cacheWrite1h: 8, cacheRead: 0.2 },
    smallestCacheablePrefix: 512,
    forcedTool: false,
    thinks: 'always',
  },
  'claude-fable-5-2': {
    prices: { input: 8, output: 40, cacheWrite5m: 10, cacheWrite1h: 16, cacheRead: 0.2 },
    smallestCacheablePrefix: 512,
    forcedTool: false,
    thinks: 'always',
  },
  'claude-mythos-5-2': {
    prices: { input: 8, output: 40, cacheWrite5m: 10, cacheWrite1h: 16, cacheRead: 0.2 },
    smallestCacheablePrefix: 512,
    forcedTool: false,
    thinks: 'always',
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

/** The same model, asked live with a prefix that is cached for an hour. */
export function cachedForHour(model: Model): Model {
  const { prices } = model;
  return { ...model, prices: { ...prices, cacheWrite5m: prices.cacheWrite1h } };
}

/** The same models on other terms. */
export function onTerms(
  models: ReadonlyMap<string, Model>,
  terms: (model: Model) => Model,
): ReadonlyMap<string, Model> {
  return new Map([...models].map(([name, model]) => [name, terms(model)]));
}

/** All of which a price is known, since another may answer than was asked. @param own before the table's */
export function tariff(
  own: ReadonlyMap<string, Model>,
  terms: (model: Model) => Model = (model) => model,
): ReadonlyMap<string, Model> {
  return onTerms(new Map([...Object.entries(MODELS), ...own]), terms);
}

/** Models without a price in the table that think first, and whose forced tool calls the API refuses. */
const NOT_FORCED = new Set(['claude-fable-5-1', 'claude-mythos-5-1']);

/** Of a snapshot, which is priced and asked as its family: `claude-haiku-4-5-20251001`. */
const DATE = /-20\d{6}$/;

/** Of others neither what they cache is known nor what an account may ask of them. */
export function isInTable(name: string): boolean {
  // Every object has a `constructor`.
  return Object.hasOwn(MODELS, name.replace(DATE, ''));
}

/**
 * Facts about a model: the table's, with the playbook's prices in place of them if it gives any.
 * Null for a model that neither knows, since there is no guessed price.
 */
export function modelFacts(
  name: string,
  given: Readonly<Record<string, GivenPrices>> = {},
): Model | null {
  const family = name.replace(DATE, '');
  const known = isInTable(name) ? (MODELS[family] ?? null) : null;
  const own = Object.hasOwn(given, name) ? given[name] : undefined;
  if (!own) return known;
  const alwaysThinks = NOT_FORCED.has(family);
  return {
    smallestCacheablePrefix: known?.smallestCacheablePrefix ?? 1_024,
    forcedTool: known?.forcedTool ?? !alwaysThinks,
    ...(known?.thinks || alwaysThinks ? { thinks: known?.thinks ?? 'always' } : {}),
    isGiven: true,
    prices: {
      input: own.input,
      output: own.output,
      cacheWrite5m: own.cache_write,
      // The one-hour cache costs twice the input price on every model of the table.
      cacheWrite1h: 2 * own.input,
      cacheRead: own.cache_read,
    },
  };
}

/** @throws Failure for a model without a price */
export function pricedModel(
  name: string,
  given: Readonly<Record<string, GivenPrices>> = {},
): Model {
  const facts = modelFacts(name, given);
  if (!facts) throw failures.unpricedModel(name, Object.keys(MODELS).join(', '));
  return facts;
}

/** @throws Error for one that the settings do not name: a mistake of ours */
export function modelOf(models: ReadonlyMap<string, Model>, name: string): Model {
  const model = models.get(name);
  if (!model) throw new Error(`no facts about the model ${name}`);
  return model;
}

/** The words that tell Anthropic's models apart. */
const WORDS = ['haiku', 'sonnet', 'opus', 'fable', 'mythos'] as const;
/** A version stands behind the word or, in older names, before it; dates and `v1` are none. */
const BEHIND = /^(?:[-_. ]?\d{1,2}(?![\da-z]))+/;
const BEFORE = /(?:(?<![\da-z])\d{1,2}[-_. ])+$/;

/** Who answered, beside who was asked; `name` as the table has it, null where it is not in it. */
export interface AnsweredBy {
  kind: 'asked' | 'version' | 'stranger';
  name: string | null;
}

/**
 * By the word and the version's digits of both names, whatever stands around them. Nothing is made of
 * an answer without a name, of a model whose prices the playbook gives, and of one not in the table.
 */
export function answeredBy(asked: string, facts: Model, said: string | null): AnsweredBy {
  const wanted = versionIn(asked);
  if (said === null || facts.isGiven || !wanted) return { kind: 'asked', name: asked };
  const came = versionIn(said, wanted.word);
  if (!came) return { kind: 'stranger', name: nameInTable(versionIn(said)) };
  if (came.digits === '' || came.digits === wanted.digits) return { kind: 'asked', name: asked };
  return { kind: 'version', name: nameInTable(came) };
}

interface Version {
  word: (typeof WORDS)[number];
  digits: string;
}

function nameInTable(version: Version | null): string | null {
  const isIt = (known: string) => {
    const own = versionIn(known);
    return own?.word === version?.word && own?.digits === version?.digits;
  };
  return Object.keys(MODELS).find(isIt) ?? null;
}

/** `us.anthropic.claude-haiku-4-5-20251001-v1:0` → haiku and 45. */
function versionIn(text: string, only?: Version['word']): Version | null {
  const name = text.toLowerCase();
  const word = WORDS.find((one) => name.includes(one) && (only ?? one) === one);
  if (word === undefined) return null;
  const at = name.indexOf(word);
  const found = BEHIND.exec(name.slice(at + word.length)) ?? BEFORE.exec(name.slice(0, at));
  // 5.0 is 5.
  const digits = (found?.[0].match(/\d+/g) ?? []).join(' ').replace(/( 0)+$/, '');
  return { word, digits: digits.replaceAll(' ', '') };
}

// The usage of a response in, its cost in whole numbers out.
import type { Usage } from '../ticket.ts';
import type { Message } from './message.ts';
import { answeredBy, modelOf, type AnsweredBy, type Model } from './models.ts';

/**
 * In half nano-dollars. One dollar per million tokens is 1,000 nano-dollars a token, so 2,000 half
 * ones: every price times 2,000 must be whole. Cache writes are priced as those that live five
 * minutes. A JavaScript number holds four million dollars of these exactly.
 */
export function costOf(usage: Usage, model: Model): number {
  const { input, cacheRead, cacheWrite, output } = costsOf(usage, model);
  return input + cacheRead + cacheWrite + output;
}

/** What each kind of token costs; in sum `costOf`. */
export function costsOf(usage: Usage, { prices, longPrompt }: Model): Record<keyof Usage, number> {
  const prompt = usage.input + usage.cacheRead + usage.cacheWrite;
  const factor = longPrompt !== undefined && prompt > longPrompt.above ? longPrompt.factor : 1;
  return {
    input: usage.input * perToken(prices.input) * factor,
    cacheRead: usage.cacheRead * perToken(prices.cacheRead) * factor,
    cacheWrite: usage.cacheWrite * perToken(prices.cacheWrite5m) * factor,
    output: usage.output * perToken(prices.output) * factor,
  };
}

/** What a message is booked at. */
export interface Bill {
  /** Zeros where it is not told. */
  usage: Usage;
  /** In half nano-dollars; null where nobody will know it: the server tells no usage, or the price of what answered is in no table. */
  cost: number | null;
  by: AnsweredBy;
}

const NOTHING: Usage = { input: 0, cacheRead: 0, cacheWrite: 0, output: 0 };

/**
 * Priced as what answered.
 * @param models all of which a price is known, on the terms of the request
 */
export function billOf(
  { model: said, usage }: Pick<Message, 'model' | 'usage'>,
  asked: string,
  models: ReadonlyMap<string, Model>,
): Bill {
  const by = answeredBy(asked, modelOf(models, asked), said);
  const facts = by.name === null ? undefined : models.get(by.name);
  if (usage === null || !facts) return { usage: usage ?? NOTHING, cost: null, by };
  return { usage, cost: costOf(usage, facts), by };
}

/** Rounded since a product of decimals can miss the whole number that it is by a hair. */
function perToken(dollarsPerMillion: number): number {
  return Math.round(dollarsPerMillion * 2_000);
}

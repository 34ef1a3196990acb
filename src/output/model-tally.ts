// What was asked of one model in, one answer at a time; calls, tokens, cost and latency out.
import { costsOf } from '../claude/cost.ts';
import type { Model } from '../claude/models.ts';
import type { Answer, Usage } from '../ticket.ts';
import { createQuantiles, type Quantiles } from './quantiles.ts';

/** Of this run alone. Costs are in half nano-dollars. */
export interface ModelTally {
  /** Requests sent, retries included. */
  calls: number;
  retries: number;
  answered: number;
  /** Paid for, but no valid answer. */
  invalid: number;
  /** Asked, and no answer came. */
  failed: number;
  /** Answers on rows for which no call was made. */
  reused: number;
  /** Requests that may have been paid for, without our learning it; and what they cost at most. */
  unknown: number;
  unknownCost: number;
  usage: Usage;
  cost: number;
  /** What each kind of token cost, as far as prices are known. */
  costs: Usage;
  /** Of `cost`: what invalid answers cost. */
  invalidCost: number;
  /** In milliseconds. */
  latency: Quantiles;
}

export function createModelTally(): ModelTally {
  return {
    calls: 0,
    retries: 0,
    answered: 0,
    invalid: 0,
    failed: 0,
    reused: 0,
    unknown: 0,
    unknownCost: 0,
    usage: { input: 0, cacheRead: 0, cacheWrite: 0, output: 0 },
    cost: 0,
    costs: { input: 0, cacheRead: 0, cacheWrite: 0, output: 0 },
    invalidCost: 0,
    latency: createQuantiles(),
  };
}

/** Adds an answer that was asked for in this run. @param facts null where no price is known */
export function countForModel(model: ModelTally, answer: Answer, facts: Model | null): void {
  model.calls += answer.attempts;
  model.retries += Math.max(0, answer.attempts - 1);
  model.unknown += answer.unknown;
  model.unknownCost += answer.unknownCost;
  if (answer.kind === 'none') {
    model.failed += 1;
    return;
  }
  if (answer.kind === 'valid') model.answered += 1;
  else {
    model.invalid += 1;
    model.invalidCost += answer.cost;
  }
  model.cost += answer.cost;
  addUsage(model.usage, answer.usage);
  if (facts !== null) addUsage(model.costs, costsOf(answer.usage, facts));
  if (answer.latencyMs !== null) model.latency.add(Math.round(answer.latencyMs));
}

/** Adds to the first. */
export function addUsage(sum: Usage, usage: Usage): void {
  sum.input += usage.input;
  sum.cacheRead += usage.cacheRead;
  sum.cacheWrite += usage.cacheWrite;
  sum.output += usage.output;
}

import { modelFacts } from './models.ts';
import { draw } from './random.ts';

/** Milliseconds before an answer: fixed, by model, or drawn as real models are. */
export type Latency = 'real' | number | ((model: string) => number);

/** `key` names the one request that is waited for. */
export function latencyOf(latency: Latency, model: string, seed: number, key: string): number {
  if (typeof latency === 'number') return latency;
  if (latency !== 'real') return latency(model);
  const logNormal = Math.exp(SPREAD * normal(seed, key));
  return Math.round(modelFacts(model).medianMs * logNormal);
}

// The 95th percentile (1.645 standard deviations) is then twice the median.
const SPREAD = Math.LN2 / 1.645;

/** Box and Muller's. */
function normal(seed: number, key: string): number {
  const radius = Math.sqrt(-2 * Math.log(1 - draw(seed, `radius ${key}`)));
  return radius * Math.cos(2 * Math.PI * draw(seed, `angle ${key}`));
}

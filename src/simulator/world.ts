import type { Batch } from './batch.ts';
import { promptCache, type PromptCache } from './cache.ts';
import { modelFacts } from './model-facts.ts';
import type { Obstacles } from './obstacles.ts';
import { prefixes, type Prefix } from './prefix.ts';
import { draw, hash } from './random.ts';
import type { JsonObject } from './shape.ts';

/** Read anew with every request, but for the clock. */
export interface SimulatorOptions {
  /** Of answers; errors come at once. 0 if left out. */
  latency?: Latency;
  batches?: BatchOptions;
  obstacles?: Obstacles;
}

/** Milliseconds before an answer: fixed, by model, or drawn as real models are. */
export type Latency = 'real' | number | ((model: string) => number);

/** By the simulator's clock: no timer runs, and a batch goes on when the next request comes in. */
export interface BatchOptions {
  /** Milliseconds from creation to the end; 0 if left out. Over a day, what is not done expires. */
  takesMs?: number | ((requests: number) => number);
  /** Milliseconds from cancellation to the end at the most; 0 if left out. */
  cancelTakesMs?: number;
  /** 0 to 1: how many requests find in the cache what is there; 0.9 if left out. */
  cacheHits?: number;
  /** In ids, before the serial: none if left out, so that ids are the same in every run. */
  name?: string;
}

/** What a request meets. */
export interface World {
  options: SimulatorOptions;
  readonly obstacles: Obstacles;
  /** Milliseconds. */
  now: () => number;
  /** Of the server itself. */
  url: string;
  cache: PromptCache;
  batches: {
    /** By id, oldest first, without the deleted ones. */
    kept: Map<string, Batch>;
    /** Those that have not ended. */
    running: Set<Batch>;
    made: number;
  };
  prefixOf: (body: JsonObject) => Prefix;
  /** How often this model has been asked this text, this time counted. */
  attempt: (model: string, ticket: string) => number;
}

export function newWorld(options: SimulatorOptions): World {
  const now = options.obstacles?.now ?? Date.now;
  return {
    options,
    get obstacles() {
      return options.obstacles ?? {};
    },
    now,
    url: '',
    cache: promptCache(now),
    batches: { kept: new Map(), running: new Set(), made: 0 },
    prefixOf: prefixes(),
    attempt: attempts(),
  };
}

/** `key` names the one request that is waited for. */
export function latencyOf(latency: Latency, model: string, key: string): number {
  if (typeof latency === 'number') return latency;
  if (latency !== 'real') return latency(model);
  const logNormal = Math.exp(SPREAD * normal(key));
  return Math.round(modelFacts(model).medianMs * logNormal);
}

// The 95th percentile (1.645 standard deviations) is then twice the median.
const SPREAD = Math.LN2 / 1.645;

/** Box and Muller's. */
function normal(key: string): number {
  const radius = Math.sqrt(-2 * Math.log(1 - draw(`radius ${key}`)));
  return radius * Math.cos(2 * Math.PI * draw(`angle ${key}`));
}

const MOST_REMEMBERED = 1_000_000;

function attempts(): World['attempt'] {
  const counts = new Map<number, number>();
  return (model, ticket) => {
    const key = hash(`${model}\0${ticket}`);
    const count = (counts.get(key) ?? 0) + 1;
    if (counts.size >= MOST_REMEMBERED) counts.clear();
    counts.set(key, count);
    return count;
  };
}

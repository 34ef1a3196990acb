import { changeBatches, newBatches, type BatchOptions, type Batches } from './batches.ts';
import { promptCache, type PromptCache } from './cache.ts';
import { failures, type Failure, type FindFailure } from './failures.ts';
import type { Latency } from './latency.ts';
import { rateLimits, type Limits, type RateLimits } from './limits.ts';
import { prefixes, type Prefix } from './prefix.ts';
import { hash } from './random.ts';
import type { JsonObject } from './shape.ts';
import type { Stats } from './stats.ts';

/** What can be changed while it runs. */
export interface Behaviour {
  /** Of answers, in milliseconds; errors come at once. 0 if left out. */
  latency?: Latency;
  /** Of messages, by themselves and inside batches. */
  failures?: Failure[];
  /** Batches have none. */
  limits?: Limits;
  /** False for a server that knows nothing of batches and answers 404. */
  batches?: BatchOptions | false;
}

/** What a request meets. */
export interface World {
  seed: number;
  /** Milliseconds. */
  now: () => number;
  /** Of the server itself. */
  url: string;
  isRecording: boolean;
  stats: Stats;
  latency: Latency;
  failureFor: FindFailure;
  limits: RateLimits;
  cache: PromptCache;
  batches: Batches;
  prefixOf: (body: JsonObject) => Prefix;
  /** How often this model has been asked this text, this time counted. */
  attempt: (model: string, ticket: string) => number;
}

export function newWorld(
  behaviour: Behaviour,
  given: Pick<World, 'seed' | 'now' | 'isRecording' | 'stats'>,
): World {
  const { seed, now } = given;
  return {
    ...given,
    url: '',
    latency: behaviour.latency ?? 0,
    failureFor: failures(behaviour.failures ?? [], seed),
    limits: rateLimits(behaviour.limits ?? {}, now),
    cache: promptCache(now),
    batches: newBatches(behaviour.batches ?? {}, seed),
    prefixOf: prefixes(),
    attempt: attempts(),
  };
}

export function changeWorld(world: World, behaviour: Behaviour): void {
  const { latency, failures: list, limits, batches } = behaviour;
  if (latency !== undefined) world.latency = latency;
  if (list !== undefined) world.failureFor = failures(list, world.seed);
  if (limits !== undefined) world.limits = rateLimits(limits, world.now);
  if (batches !== undefined) changeBatches(world.batches, batches, world.seed);
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

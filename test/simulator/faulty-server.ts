// The simulator with all that can stand in a client's way, and a count of what happened.

import { ApiError } from '../../src/simulator/api-error.ts';
import type { Obstacles } from '../../src/simulator/obstacles.ts';
import { startSimulator as startGood } from '../../src/simulator/simulator.ts';
import type {
  BatchOptions,
  Latency,
  SimulatorOptions as GoodOptions,
} from '../../src/simulator/world.ts';
import { failingBatches, WITHOUT_BATCHES, type BatchFailure } from './batch-failures.ts';
import { failing, type Failure } from './failures.ts';
import { limiting, type Limits } from './limits.ts';
import { stack } from './stack.ts';
import { counting, type Stats } from './stats.ts';

/** What can be changed while it runs. */
export interface Behaviour {
  /** Of answers, in milliseconds; errors come at once. 0 if left out. */
  latency?: Latency;
  /** Of messages, by themselves and inside batches. */
  failures?: readonly Failure[];
  /** Batches have none. */
  limits?: Limits;
  /** False for a server that knows nothing of batches and answers 404. */
  batches?: OptionsOfBatches | false;
  /** Others, each around those after it. */
  obstacles?: readonly Obstacles[];
}

export interface OptionsOfBatches extends BatchOptions {
  /** Of the requests that make batches and fetch them. */
  failures?: readonly BatchFailure[];
}

export interface SimulatorOptions extends Behaviour {
  /** Any other key is refused; left out, every key will do. */
  apiKey?: string;
  /** Of all failures that are drawn by lot; 1 if left out. */
  seed?: number;
  /** Milliseconds; the clock of caches, limits and batches. */
  now?: () => number;
  /** Keeps every body in `stats.bodies`, and what batches ask in `stats.batches.created`. */
  record?: boolean;
}

export interface Simulator {
  /** To be given to the SDK as `baseURL`. */
  url: string;
  stats: Stats;
  /** Replaces what is named: counts of failures and buckets of limits begin anew. */
  set(behaviour: Behaviour): void;
  close(): Promise<void>;
}

export async function startSimulator(options: SimulatorOptions = {}): Promise<Simulator> {
  const { now = Date.now, seed = 1, apiKey, record = false } = options;
  const { stats, watch, outer, inner } = counting(record);
  const parts = {
    others: stack([]),
    batches: failingBatches([], seed),
    failures: failing([], seed),
    limits: limiting({}, now),
  };
  const batches: BatchOptions = {};
  const nature: GoodOptions = { batches, obstacles: { now } };

  function change({ latency, failures, limits, obstacles, batches: ofBatches }: Behaviour): void {
    if (latency !== undefined) nature.latency = latency;
    if (failures !== undefined) parts.failures = failing(failures, seed);
    if (limits !== undefined) parts.limits = limiting(limits, now);
    if (obstacles !== undefined) parts.others = stack(obstacles);
    if (ofBatches === false) parts.batches = WITHOUT_BATCHES;
    else if (ofBatches !== undefined) changeBatches(ofBatches);
    const faults = [parts.others, parts.batches, parts.failures, parts.limits];
    nature.obstacles = { now, ...stack([{ watch }, outer, keyed(apiKey), ...faults, inner]) };
  }

  function changeBatches({ failures, ...rest }: OptionsOfBatches): void {
    Object.assign(batches, rest);
    const isAnew = failures !== undefined || parts.batches === WITHOUT_BATCHES;
    if (isAnew) parts.batches = failingBatches(failures ?? [], seed);
  }

  change(options);
  const { url, catchUp, close } = await startGood(nature);
  return {
    url,
    stats,
    set(behaviour) {
      // What was due before is not to meet what comes now.
      catchUp();
      change(behaviour);
    },
    close,
  };
}

function keyed(apiKey: string | undefined): Obstacles {
  return {
    request({ headers }, answer) {
      const bearer = /^Bearer (.+)$/.exec(headers.authorization ?? '')?.[1];
      if (apiKey === undefined || apiKey === (bearer ?? headers['x-api-key'])) return answer();
      const message = bearer === undefined ? 'invalid x-api-key' : 'Invalid bearer token';
      throw new ApiError(401, 'authentication_error', message);
    },
  };
}

// What the simulator has seen and what it would have billed.

import { newBatchStats, type BatchStats } from './batch-stats.ts';

/** Tokens as a bill counts them. */
export interface Tokens {
  input: number;
  cacheRead: number;
  cacheWrite5m: number;
  cacheWrite1h: number;
  output: number;
}

export interface Billed extends Tokens {
  answers: number;
}

export interface ModelStats {
  /** Requests whose body named this model, refused ones too. */
  requests: number;
  /** Responses sent, by HTTP status. */
  byStatus: Record<number, number>;
  /** Answers that reached the client whole. */
  delivered: Billed;
  /** Answers that are billed though the client never got them whole. */
  lost: Billed;
  /** Answers inside batches, which cost half, whether or not the client ever asks for them. */
  batch: Billed;
  /** Answers, inside batches too, that wrote to the cache, and that read from it. */
  cacheWrites: number;
  cacheReads: number;
}

export interface Stats {
  /** All requests, also those that named no model. */
  requests: number;
  byStatus: Record<number, number>;
  inFlight: number;
  mostInFlight: number;
  /** With `record`, each POST body as received, in order; a batch is one of them. */
  bodies: unknown[];
  models: Record<string, ModelStats>;
  batches: BatchStats;
  /** The model's figures; all zero if nobody asked it. */
  of: (model: string) => ModelStats;
}

export function newStats(): Stats {
  const models: Record<string, ModelStats> = Object.create(null);
  return {
    requests: 0,
    byStatus: {},
    inFlight: 0,
    mostInFlight: 0,
    bodies: [],
    models,
    batches: newBatchStats(),
    of: (model) => (models[model] ??= newModelStats()),
  };
}

export function bill(
  stats: ModelStats,
  tokens: Tokens,
  account: 'delivered' | 'lost' | 'batch',
): void {
  const sums = stats[account];
  sums.answers += 1;
  sums.input += tokens.input;
  sums.cacheRead += tokens.cacheRead;
  sums.cacheWrite5m += tokens.cacheWrite5m;
  sums.cacheWrite1h += tokens.cacheWrite1h;
  sums.output += tokens.output;
  if (tokens.cacheRead > 0) stats.cacheReads += 1;
  if (tokens.cacheWrite5m + tokens.cacheWrite1h > 0) stats.cacheWrites += 1;
}

function newModelStats(): ModelStats {
  return {
    requests: 0,
    byStatus: {},
    delivered: newBilled(),
    lost: newBilled(),
    batch: newBilled(),
    cacheWrites: 0,
    cacheReads: 0,
  };
}

function newBilled(): Billed {
  return { answers: 0, input: 0, cacheRead: 0, cacheWrite5m: 0, cacheWrite1h: 0, output: 0 };
}

// All batches of a simulator, and how it treats them.

import { batchFailures, type BatchFailure, type FindBatchFailure } from './batch-failures.ts';
import { newBatch, type Batch, type BatchRequest } from './batch.ts';

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
  /** Of the requests that make batches and fetch them. */
  failures?: BatchFailure[];
}

export interface Batches {
  /** False on a server that knows nothing of batches. */
  exist: boolean;
  takesMs: (requests: number) => number;
  cancelTakesMs: number;
  cacheHits: number;
  failureOn: FindBatchFailure;
  /** By id, oldest first, without the deleted ones. */
  kept: Map<string, Batch>;
  /** Those that have not ended. */
  running: Set<Batch>;
  made: number;
  name: string;
}

export function newBatches(options: BatchOptions | false, seed: number): Batches {
  const batches: Batches = {
    exist: true,
    takesMs: () => 0,
    cancelTakesMs: 0,
    cacheHits: 0.9,
    failureOn: () => null,
    kept: new Map(),
    running: new Set(),
    made: 0,
    name: '',
  };
  changeBatches(batches, options, seed);
  return batches;
}

/** Replaces what is named. Batches that run keep the time that they take. */
export function changeBatches(batches: Batches, options: BatchOptions | false, seed: number): void {
  batches.exist = options !== false;
  if (options === false) return;
  const { takesMs, cancelTakesMs, cacheHits, failures, name } = options;
  if (takesMs !== undefined)
    batches.takesMs = typeof takesMs === 'number' ? () => takesMs : takesMs;
  if (cancelTakesMs !== undefined) batches.cancelTakesMs = cancelTakesMs;
  if (name !== undefined) batches.name = name;
  if (cacheHits !== undefined) batches.cacheHits = cacheHits;
  if (failures !== undefined) batches.failureOn = batchFailures(failures, seed);
}

export function addBatch(batches: Batches, requests: BatchRequest[], now: number): Batch {
  batches.made += 1;
  const serial = `${batches.name}${String(batches.made).padStart(6, '0')}`;
  const batch = newBatch(serial, requests, now, batches.takesMs(requests.length));
  batches.kept.set(batch.id, batch);
  batches.running.add(batch);
  return batch;
}

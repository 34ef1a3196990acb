// Reading may be done again as often as it takes: until it succeeds, or `--max-wait` is over.
import { APIError, type Anthropic } from '@anthropic-ai/sdk';
import type { Clock } from '../ground/clock.ts';
import { failures, type Failure } from '../ground/errors.ts';
import { hostOf } from './client.ts';
import { problemOf, runFailureOf, waitBefore } from './retry.ts';

/** A look at a batch is over sooner, or never. */
export const LOOK_TIMEOUT_MS = 60_000;

export interface PatienceOptions {
  client: Anthropic;
  clock: Clock;
  /** Aborted: no request goes out any more. */
  stop: AbortSignal;
  maxWait: { seconds: number; text: string };
}

/**
 * Rejects with the error itself for a 404, which means something else each time.
 * @throws Failure for what no other try mends, and after `maxWait` without success
 */
export type Patiently = <T>(read: (request: RequestOptions) => Promise<T>) => Promise<T>;

interface RequestOptions {
  signal: AbortSignal;
  maxRetries: 0;
  /** Milliseconds. */
  timeout: number;
}

export function patience({ client, clock, stop, maxWait }: PatienceOptions): Patiently {
  const host = hostOf(client);
  return async (read) => {
    const startedAt = clock.now();
    for (let attempt = 1; ; attempt++) {
      stop.throwIfAborted();
      // One of its own: a body that is read by us leaves its listener on the signal.
      const signal = AbortSignal.any([stop]);
      try {
        return await read({ signal, maxRetries: 0, timeout: LOOK_TIMEOUT_MS });
      } catch (error) {
        stop.throwIfAborted();
        if (isMissing(error)) throw error;
        const failure = absenceOf(error, host) ?? runFailureOf(error, host, '');
        if (failure) throw failure;
        const problem = problemOf(error, LOOK_TIMEOUT_MS / 1_000);
        if (!problem.passing) throw failures.batchesRefused(host, problem.why);
        const wait = waitBefore(Math.min(attempt, 8), problem.retryAfter, clock.random);
        if (clock.now() + wait - startedAt > maxWait.seconds * 1_000) {
          throw failures.noSuccess(maxWait.text, problem.why, host);
        }
        await clock.sleep(wait, stop);
      }
    }
  };
}

export function isMissing(error: unknown): boolean {
  return error instanceof APIError && error.status === 404;
}

/** Of a server that speaks of messages alone; null for any other error. */
export function absenceOf(error: unknown, host: string): Failure | null {
  const status = error instanceof APIError ? error.status : undefined;
  return status === 405 || status === 501 ? failures.noBatches(host, String(status)) : null;
}

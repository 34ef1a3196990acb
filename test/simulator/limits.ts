// Buckets of requests and tokens a minute, as the API keeps them for every model.

import { ApiError } from '../../src/simulator/api-error.ts';
import type { Obstacles } from '../../src/simulator/obstacles.ts';

/** Each figure is for every model by itself; one left out is no limit. */
export interface Limits {
  requestsPerMinute?: number;
  /** Cache reads don't count. */
  inputTokensPerMinute?: number;
  outputTokensPerMinute?: number;
  /** How many seconds' worth may come at once; 1 if left out, as 60 a minute may mean 1 a second. */
  burstSeconds?: number;
  /** False leaves out the `anthropic-ratelimit-*` headers. */
  headers?: boolean;
  /**
   * What the headers tell of a bucket that holds less than a minute's worth: what is in it as its
   * share of the minute's limit, so that a full one shows all of it; or `inBucket`, the bare count.
   */
  remaining?: 'ofMinute' | 'inBucket';
}

export interface RateLimits {
  /** @throws ApiError 429 with `retry-after`, and then takes nothing. */
  admit(model: string, inputTokens: number): void;
  /** Output is known only afterwards, so it can overdraw. */
  spend(model: string, outputTokens: number): void;
  headers(model: string): Record<string, string>;
}

/** Of messages by themselves: batches have none. */
export function limiting(limits: Limits, now: () => number): Obstacles {
  const { admit, spend, headers } = rateLimits(limits, now);
  return {
    message({ model, inBatch, newTokens }, answer) {
      if (!inBatch) admit(model, newTokens);
      return answer();
    },
    headers,
    watch: {
      billed(model, { output }, as) {
        if (as !== 'batch') spend(model, output);
      },
    },
  };
}

/** Limits that change, each from so many seconds after the first request on. */
export function changingLimits(
  phases: readonly { from: number; limits: Limits }[],
  now: () => number,
): Obstacles {
  const changes = phases.map(({ from, limits }) => ({ from, limits: limiting(limits, now) }));
  let start: number | null = null;
  const current = (): Obstacles => {
    start ??= now();
    const seconds = (now() - start) / 1_000;
    return changes.findLast(({ from }) => from <= seconds)?.limits ?? {};
  };
  return {
    message(asked, answer) {
      const { message } = current();
      return message === undefined ? answer() : message(asked, answer);
    },
    headers: (model) => current().headers?.(model) ?? {},
    watch: { billed: (...bill) => current().watch?.billed?.(...bill) },
  };
}

/** @param now Milliseconds. */
export function rateLimits(limits: Limits, now: () => number): RateLimits {
  const models = new Map<string, Bucket[]>();

  function bucketsOf(model: string): Bucket[] {
    const buckets = models.get(model) ?? newBuckets(limits, now());
    models.set(model, buckets);
    for (const bucket of buckets) refill(bucket, now());
    return buckets;
  }

  return {
    admit(model, inputTokens) {
      const buckets = bucketsOf(model);
      const short = buckets.filter((bucket) => missing(bucket, inputTokens) > 0);
      if (short[0] !== undefined) {
        const waits = short.map((bucket) => (missing(bucket, inputTokens) / bucket.perMinute) * 60);
        throw exceeded(short[0], model, Math.max(1, Math.ceil(Math.max(...waits))));
      }
      for (const bucket of buckets) bucket.level -= bucket.costs(inputTokens);
    },
    spend(model, outputTokens) {
      for (const bucket of bucketsOf(model)) {
        if (bucket.kind === 'output-tokens') bucket.level -= outputTokens;
      }
    },
    headers(model) {
      if (limits.headers === false) return {};
      return Object.assign(
        {},
        ...bucketsOf(model).map((bucket) => headersOf(bucket, limits, now())),
      );
    },
  };
}

interface Bucket {
  kind: 'requests' | 'input-tokens' | 'output-tokens';
  perMinute: number;
  capacity: number;
  level: number;
  /** When it was last refilled, in milliseconds. */
  at: number;
  /** What one request takes when it is admitted. */
  costs(inputTokens: number): number;
}

function newBuckets(limits: Limits, now: number): Bucket[] {
  const buckets: Bucket[] = [];

  function add(kind: Bucket['kind'], perMinute: number | undefined, costs: Bucket['costs']): void {
    if (perMinute === undefined) return;
    const capacity = (perMinute / 60) * (limits.burstSeconds ?? 1);
    buckets.push({ kind, perMinute, capacity, level: capacity, at: now, costs });
  }

  add('requests', limits.requestsPerMinute, () => 1);
  add('input-tokens', limits.inputTokensPerMinute, (inputTokens) => inputTokens);
  add('output-tokens', limits.outputTokensPerMinute, () => 0);
  return buckets;
}

function refill(bucket: Bucket, now: number): void {
  const gained = ((now - bucket.at) / 60_000) * bucket.perMinute;
  bucket.level = Math.min(bucket.capacity, bucket.level + gained);
  bucket.at = now;
}

/** A request larger than the whole bucket passes when the bucket is full, or it never would. */
function missing(bucket: Bucket, inputTokens: number): number {
  const needed = Math.min(bucket.capacity, Math.max(1, bucket.costs(inputTokens)));
  // Refilled in floating point, a bucket can stay a hair under what has come back.
  return needed - bucket.level - 1e-9;
}

function exceeded(bucket: Bucket, model: string, retryAfter: number): ApiError {
  const what = `${bucket.perMinute} ${bucket.kind.replace('-', ' ')} per minute`;
  const message = `This request would exceed your organization's rate limit of ${what} (model: ${model})`;
  return new ApiError(429, 'rate_limit_error', message, { retryAfter });
}

function headersOf(
  bucket: Bucket,
  { remaining = 'ofMinute' }: Limits,
  now: number,
): Record<string, string> {
  const level = Math.max(0, bucket.level);
  const shown = remaining === 'inBucket' ? level : (level / bucket.capacity) * bucket.perMinute;
  const msToFull = ((bucket.capacity - bucket.level) / bucket.perMinute) * 60_000;
  const name = `anthropic-ratelimit-${bucket.kind}`;
  return {
    [`${name}-limit`]: String(bucket.perMinute),
    [`${name}-remaining`]: String(Math.floor(shown)),
    [`${name}-reset`]: new Date(now + msToFull).toISOString(),
  };
}

import { ApiError } from './api-error.ts';
import { draw } from './random.ts';
import type { Spoil } from './spoil.ts';

/** Something to go wrong: with every request, or with those that all of the conditions hold for. */
export interface Failure {
  what: What;
  /** 0 to 1: a share of the requests, the same ones in every run with the same seed. */
  rate?: number;
  when?: (asked: Asked) => boolean;
  /** Of the requests that `when` lets through, the first so many. */
  first?: number;
  /** Of the requests that `when` lets through, these: the first one is 1. */
  nth?: number[];
  /** Seconds, for `rate_limited` and other refusals. */
  retryAfter?: number;
}

export type What = Refusal | Loss | Spoil;

/** A refusal: answered at once with an error, not billed. */
export type Refusal = keyof typeof REFUSALS;

/**
 * A loss: `dropped_before` and `hang` are not billed, nor is `html_page`, which a proxy sends;
 * `dropped_after` and `truncated_json` are, and the client does not learn for how much.
 */
export type Loss = (typeof LOSSES)[number];

/** What a failure's condition is told of a request. */
export interface Asked {
  model: string;
  /** The last message's text, as sent. */
  ticket: string;
  /** How often this model has now been asked this text: 1 at first, more for a retry. */
  attempt: number;
}

export type FindFailure = (asked: Asked) => Failure | null;

/** The first failure whose conditions hold. Every failure counts every request for itself. */
export function failures(list: readonly Failure[], seed: number): FindFailure {
  const counts = list.map(() => 0);
  return (asked) => {
    const isHit = list.map((failure, i) => {
      if (failure.when?.(asked) === false) return false;
      const count = (counts[i] ?? 0) + 1;
      counts[i] = count;
      if (failure.first !== undefined && count > failure.first) return false;
      if (failure.nth?.includes(count) === false) return false;
      if (failure.rate === undefined) return true;
      const key = `${failure.what} ${i} ${asked.attempt} ${asked.model} ${asked.ticket}`;
      return draw(seed, key) < failure.rate;
    });
    return list.find((_, i) => isHit[i]) ?? null;
  };
}

/** The error that a refusal answers with; null for the other failures. */
export function refusalOf({ what, retryAfter }: Failure): ApiError | null {
  if (!isRefusal(what)) return null;
  const [status, type, message, code] = REFUSALS[what];
  const seconds = retryAfter ?? (RETRY_AFTER.has(what) ? 1 : undefined);
  return new ApiError(status, type, message, {
    ...(code === undefined ? {} : { code }),
    ...(seconds === undefined ? {} : { retryAfter: seconds }),
  });
}

export function isLoss(what: What): what is Loss {
  return LOSSES.some((loss) => loss === what);
}

// prettier-ignore
const REFUSALS = {
  usage_limit: [400, 'invalid_request_error', 'You have reached your specified API usage limits. You will regain access on 2026-12-01 at 00:00 UTC.'],
  invalid_request: [400, 'invalid_request_error', 'Simulated: the request is not valid.'],
  unauthorized: [401, 'authentication_error', 'invalid x-api-key'],
  billing: [402, 'billing_error', 'Your credit balance is too low to access the Anthropic API.'],
  forbidden: [403, 'permission_error', 'Your API key does not have permission to use the specified resource.'],
  not_found: [404, 'not_found_error', 'Not found'],
  request_timeout: [408, 'timeout_error', 'Request timeout'],
  conflict: [409, 'conflict_error', 'Conflict'],
  too_large: [413, 'request_too_large', 'Request exceeds the maximum size'],
  rate_limited: [429, 'rate_limit_error', "This request would exceed your organization's rate limit."],
  ramp_limited: [429, 'rate_limit_error', 'Your usage is growing too fast.', 'ramp_limit_exceeded'],
  spend_limit: [429, 'rate_limit_error', 'Your organization has reached its monthly spend limit.', 'enforced_spend_limit_reached'],
  server_error: [500, 'api_error', 'Internal server error'],
  gateway_timeout: [504, 'timeout_error', 'Gateway timeout'],
  overloaded: [529, 'overloaded_error', 'Overloaded'],
} as const satisfies Record<string, readonly [number, string, string, string?]>;

/** Those that say when to come back; a spend limit never recovers, and says nothing. */
const RETRY_AFTER = new Set<What>(['rate_limited', 'ramp_limited']);

const LOSSES = ['dropped_before', 'dropped_after', 'hang', 'truncated_json', 'html_page'] as const;

function isRefusal(what: What): what is Refusal {
  return Object.hasOwn(REFUSALS, what);
}

// Refusals, losses and spoilt answers, by rules that say whom they hit.

import { ApiError } from '../../src/simulator/api-error.ts';
import type { Answer, Asked, Obstacles } from '../../src/simulator/obstacles.ts';
import { draw } from '../../src/simulator/random.ts';
import { LOSSES, loseAfter, replyWithoutWork, type Loss } from './losses.ts';
import { isOddMessage, makeOdd, type OddMessage } from './odd-messages.ts';
import { isSpoil, spoil, type Spoil } from './spoil.ts';

/** Something to go wrong: with every request, or with those that all of the conditions hold for. */
export interface Failure extends Conditions {
  what: What;
  when?: (asked: Asked) => boolean;
  /** Seconds, for `rate_limited` and other refusals. */
  retryAfter?: number;
}

export interface Conditions {
  /** 0 to 1: a share of the requests, the same ones in every run with the same seed. */
  rate?: number;
  /** Of the requests that this could happen to, and that `when` lets through, the first so many. */
  first?: number;
  /** Of the same requests, these: the first one is 1. */
  nth?: number[];
}

/** `expired` happens only inside a batch: the request is not answered in time, and not billed. */
export type What = Refusal | Loss | Spoil | OddMessage | 'expired';

/**
 * A refusal: answered at once with an error, not billed. Inside a batch the request's result is
 * that error.
 */
export type Refusal = keyof typeof REFUSALS;

/** Refuses, loses and spoils answers to messages, by themselves and inside batches. */
export function failing(list: readonly Failure[], seed: number): Obstacles {
  const find = failures(list, seed);
  return {
    message(asked, answer) {
      const failure = find(asked);
      return failure === null ? answer() : meet(failure, asked, answer);
    },
  };
}

function meet(failure: Failure, asked: Asked, carryOut: () => Answer | null): Answer | null {
  const { what } = failure;
  const refusal = refusalOf(failure);
  if (refusal !== null) throw refusal;
  if (what === 'expired' || what === 'hang') return null;
  const reply = replyWithoutWork(what);
  if (reply !== null) return { message: null, tokens: null, reply };
  const answer = carryOut();
  if (answer === null) return null;
  if (isSpoil(what)) return spoil(what, answer, asked);
  if (isOddMessage(what)) return makeOdd(what, answer);
  return { ...answer, reply: loseAfter(what, answer.reply) };
}

type FindFailure = (asked: Asked) => Failure | null;

/** The first failure whose conditions hold. Every failure counts every request for itself. */
function failures(list: readonly Failure[], seed: number): FindFailure {
  return firstOf(list, seed, {
    concerns: ({ what, when }, asked) =>
      (asked.inBatch ? !isLoss(what) : what !== 'expired') && when?.(asked) !== false,
    keyOf: ({ attempt, model, ticket }) => `${attempt} ${model} ${ticket}`,
  });
}

/** @param rules Whom a failure could hit at all, and what names one request when lots are drawn. */
export function firstOf<F extends Conditions & { what: string }, A>(
  list: readonly F[],
  seed: number,
  rules: { concerns(failure: F, asked: A): boolean; keyOf(asked: A, count: number): string },
): (asked: A) => F | null {
  const counts = list.map(() => 0);
  return (asked) => {
    const isHit = list.map((failure, i) => {
      if (!rules.concerns(failure, asked)) return false;
      const count = (counts[i] ?? 0) + 1;
      counts[i] = count;
      if (failure.first !== undefined && count > failure.first) return false;
      if (failure.nth?.includes(count) === false) return false;
      if (failure.rate === undefined) return true;
      return draw(`${failure.what} ${i} ${rules.keyOf(asked, count)}`, seed) < failure.rate;
    });
    return list.find((_, i) => isHit[i]) ?? null;
  };
}

/** The error that a refusal answers with; null for the other failures. */
export function refusalOf({
  what,
  retryAfter,
}: {
  what: string;
  retryAfter?: number;
}): ApiError | null {
  if (!isRefusal(what)) return null;
  const [status, type, message, code] = REFUSALS[what];
  const seconds = retryAfter ?? (RETRY_AFTER.has(what) ? 1 : undefined);
  return new ApiError(status, type, message, {
    ...(code === undefined ? {} : { code }),
    ...(seconds === undefined ? {} : { retryAfter: seconds }),
  });
}

function isLoss(what: What): what is Loss {
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
const RETRY_AFTER = new Set<string>(['rate_limited', 'ramp_limited']);

function isRefusal(what: string): what is Refusal {
  return Object.hasOwn(REFUSALS, what);
}

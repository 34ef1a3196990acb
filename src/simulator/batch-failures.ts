// What can happen to the requests that make batches, look at them and fetch their results.

import { ApiError } from './api-error.ts';
import { firstOf, refusalOf, type Conditions, type Loss, type Refusal } from './failures.ts';
import { deliveryAfterWork, replyWithoutWork } from './losses.ts';
import type { Reply } from './reply.ts';

/** Something to go wrong with a request about batches; what happens inside one is a `Failure`. */
export interface BatchFailure extends Conditions {
  on: BatchEndpoint;
  what: Refusal | BatchLoss;
  /** Seconds, for refusals. */
  retryAfter?: number;
}

export type BatchEndpoint = 'create' | 'retrieve' | 'list' | 'cancel' | 'delete' | 'results';

/**
 * Carried out, but: `dropped_after` loses the whole answer, `dropped_halfway` the connection in
 * the middle of it, `truncated_json` its second half without a trace, `lines_missing` (of results)
 * the second half of its lines; `hang_after` never answers, and `server_error_after` answers with a
 * 500. Not carried out: `dropped_before`, `hang` and `html_page`.
 */
export type BatchLoss =
  'dropped_halfway' | 'hang_after' | 'lines_missing' | 'server_error_after' | Loss;

export type FindBatchFailure = (on: BatchEndpoint) => BatchFailure | null;

/** The first failure whose conditions hold; each counts the requests to its own endpoint. */
export function batchFailures(list: readonly BatchFailure[], seed: number): FindBatchFailure {
  return firstOf(list, seed, {
    concerns: (failure, on: BatchEndpoint) => failure.on === on,
    keyOf: (on, count) => `${on} ${count}`,
  });
}

/**
 * @param carryOut Does what was asked for; called or not, as the failure has it.
 * @throws ApiError for a refusal, before or after.
 */
export function meetFailure(failure: BatchFailure | null, carryOut: () => Reply): Reply {
  if (failure === null) return carryOut();
  const refusal = refusalOf(failure);
  if (refusal !== null) throw refusal;
  return replyWithoutWork(failure.what) ?? spoilReply(carryOut(), failure.what);
}

function spoilReply(reply: Reply, what: BatchFailure['what']): Reply {
  if (what === 'server_error_after') throw new ApiError(500, 'api_error', 'Internal server error');
  if (what === 'lines_missing') return { ...reply, body: fewerLines(reply.body) };
  return { ...reply, delivery: deliveryAfterWork(what) };
}

function fewerLines(body: Reply['body']): Reply['body'] {
  return typeof body === 'string' ? body : body.slice(0, body.length / 2);
}

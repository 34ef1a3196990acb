// What can happen to the requests that make batches, look at them and fetch their results.

import { ApiError } from '../../src/simulator/api-error.ts';
import type { Endpoint, Obstacles } from '../../src/simulator/obstacles.ts';
import { jsonReply, type Reply } from '../../src/simulator/reply.ts';
import { firstOf, refusalOf, type Conditions, type Refusal } from './failures.ts';
import { loseAfter, replyWithoutWork, type Loss } from './losses.ts';

/** Something to go wrong with a request about batches; what happens inside one is a `Failure`. */
export interface BatchFailure extends Conditions {
  on: BatchEndpoint;
  what: Refusal | BatchLoss;
  /** Seconds, for refusals. */
  retryAfter?: number;
}

export type BatchEndpoint = Exclude<Endpoint, 'message'>;

/**
 * Carried out, but: `dropped_after` loses the whole answer, `dropped_halfway` the connection in
 * the middle of it, `truncated_json` its second half without a trace, `lines_missing` (of results)
 * the second half of its lines; `hang_after` never answers, and `server_error_after` answers with a
 * 500. Not carried out: `dropped_before`, `hang` and `html_page`.
 */
export type BatchLoss = 'hang_after' | 'lines_missing' | 'server_error_after' | Loss;

/** The first failure whose conditions hold; each counts the requests to its own endpoint. */
export function failingBatches(list: readonly BatchFailure[], seed: number): Obstacles {
  const find = firstOf(list, seed, {
    concerns: (failure, on: Endpoint) => failure.on === on,
    keyOf: (on, count) => `${on} ${count}`,
  });
  return {
    request({ endpoint }, answer) {
      const failure = find(endpoint);
      return failure === null ? answer() : meet(failure, answer);
    },
  };
}

/** For a server that knows nothing of batches. */
export const WITHOUT_BATCHES: Obstacles = {
  request({ endpoint }, answer) {
    if (endpoint === 'message') return answer();
    throw new ApiError(404, 'not_found_error', 'Not found');
  },
};

/** @throws ApiError for a refusal, before or after. */
function meet(failure: BatchFailure, carryOut: () => Reply): Reply {
  const { what } = failure;
  const refusal = refusalOf(failure);
  if (refusal !== null) throw refusal;
  const early = replyWithoutWork(what);
  if (early !== null) return { ...jsonReply(200, ''), ...early };
  const reply = carryOut();
  if (what === 'server_error_after') throw new ApiError(500, 'api_error', 'Internal server error');
  if (what === 'lines_missing') return { ...reply, body: fewerLines(reply.body) };
  return { ...reply, ...loseAfter(what) };
}

function fewerLines(body: Reply['body']): Reply['body'] {
  return Array.isArray(body) ? body.slice(0, body.length / 2) : body;
}

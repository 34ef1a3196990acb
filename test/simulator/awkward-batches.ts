// Batches that are there and cannot be had, and results that cannot be read.

import { ApiError } from '../../src/simulator/api-error.ts';
import type { Obstacles } from '../../src/simulator/obstacles.ts';
import type { BatchEndpoint } from './batch-failures.ts';

/** Of each batch, how long it cannot be had: for so many requests, or for as long as this is true. */
export type Absence = { times: number } | { while: () => boolean };

/** A 404 in place of the state or the results of a batch, which is there all the same. */
export function goneAtFirst(on: readonly BatchEndpoint[], absence: Absence): Obstacles {
  const asked = new Map<string, number>();
  return {
    request(call, answer) {
      const reply = answer();
      const { endpoint, id } = call;
      if (endpoint === 'message' || !on.includes(endpoint)) return reply;
      const key = `${endpoint} ${id}`;
      const times = (asked.get(key) ?? 0) + 1;
      asked.set(key, times);
      const isGone = 'times' in absence ? times <= absence.times : absence.while();
      if (isGone) throw new ApiError(404, 'not_found_error', `Batch ${id} not found.`);
      return reply;
    },
  };
}

/** Other lines in place of one of the results: none, one or more. `at` counts from 0. */
export function oddLines(change: (line: string, at: number) => readonly string[]): Obstacles {
  return {
    request(call, answer) {
      const reply = answer();
      const { body } = reply;
      if (call.endpoint !== 'results' || !Array.isArray(body)) return reply;
      return { ...reply, body: body.flatMap(change) };
    },
  };
}

/** One line of the results as it must not be taken for one. */
export const ODD_LINES = {
  missing: () => [],
  doubled: (line) => [line, line],
  garbled: (line) => [`${line.slice(0, line.length / 2)}\n`],
  not_json: () => ['<html>\n'],
  empty: (line) => ['\n', line, '\n'],
  null: () => ['null\n'],
  list: (line) => [`[${line.trimEnd()}]\n`],
  without_id: (line) => [line.replace(/"custom_id":"[^"]*",/, '')],
  other_id: (line) => [line.replace(/"custom_id":"[^"]*"/, '"custom_id":"of_somebody_else"')],
  unknown_type: (line) => [line.replace(/"type":"succeeded"/, '"type":"postponed"')],
  without_result: (line) => [line.replace(/"result":.*/, '"result":null}')],
  without_message: (line) => [line.replace(/"message":.*/, '"message":null}}')],
  error_object: (line) => [line.replace(/"result":.*/, '"result":{"type":"errored","error":[]}}')],
} as const satisfies Record<string, (line: string) => readonly string[]>;

export type OddLine = keyof typeof ODD_LINES;

/** Every line at one of these places is odd in this way; every line if none are named. */
export function oddLine(what: OddLine, places?: readonly number[]): Obstacles {
  return oddLines((line, at) => (places?.includes(at) === false ? [line] : ODD_LINES[what](line)));
}

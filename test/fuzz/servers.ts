// Servers that do what servers do, and some of what none should.

import * as fc from 'fast-check';
import type { Obstacles } from '../../src/simulator/obstacles.ts';
import { goneAtFirst, ODD_LINES, oddLine } from '../simulator/awkward-batches.ts';
import { failingBatches, type BatchFailure } from '../simulator/batch-failures.ts';
import { failing, type Conditions, type Failure, type What } from '../simulator/failures.ts';
import type { Limits } from '../simulator/limits.ts';
import { ODD_MESSAGES } from '../simulator/odd-messages.ts';
import { ODD_REPLIES, oddReplies, type OddReply } from '../simulator/odd-replies.ts';

export interface OddServer {
  failures: Failure[];
  replies: OddReply[];
  batchFailures: BatchFailure[];
  lines: { what: keyof typeof ODD_LINES; places: number[] }[];
  /** How often state and results of a batch are not found. */
  gone: number;
  headers: Record<string, string>;
  limits: Limits;
}

/** New for each run: they count. */
export function obstaclesOf(server: OddServer): Obstacles[] {
  const { failures, replies, batchFailures, lines, gone, headers } = server;
  return [
    { headers: () => headers },
    oddReplies(replies),
    failingBatches(batchFailures, 1),
    goneAtFirst(['retrieve', 'results'], { times: gone }),
    ...lines.map(({ what, places }) => oddLine(what, places)),
    failing(failures, 1),
  ];
}

/** Whether it bills no more than it says: the rest can't be held against the client. */
export function billsAsItSays({ failures, lines }: OddServer): boolean {
  const isUnsaid = failures.some(({ what }) => what === 'usage_openai' || what === 'usage_empty');
  return !isUnsaid && !lines.some(({ what }) => what === 'error_object');
}

const REFUSED: What[] = [
  'usage_limit',
  'invalid_request',
  'unauthorized',
  'billing',
  'forbidden',
  'not_found',
  'request_timeout',
  'conflict',
  'too_large',
  'rate_limited',
  'ramp_limited',
  'spend_limit',
  'server_error',
  'gateway_timeout',
  'overloaded',
];
/** No hanging: a time-out is in real seconds. */
const LOST: What[] = [
  'dropped_before',
  'dropped_after',
  'dropped_halfway',
  'truncated_json',
  'html_page',
  'expired',
];
const SPOILT: What[] = [
  'wrong_label',
  'other_case',
  'confidence_out_of_range',
  'confidence_not_a_number',
  'missing_field',
  'long_summary',
  'other_tool',
  'text_answer',
  'refused',
  'cut_off',
];

const conditions: fc.Arbitrary<Conditions> = fc.oneof(
  fc.constant({}),
  fc.record({ first: fc.integer({ min: 1, max: 5 }) }),
  fc.record({ rate: fc.constantFrom(0.1, 0.5) }),
  fc.record({
    nth: fc.uniqueArray(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 2 }),
  }),
);

const failure: fc.Arbitrary<Failure> = fc
  .tuple(
    conditions,
    fc.oneof(
      fc.constantFrom(...REFUSED),
      fc.constantFrom(...LOST),
      fc.constantFrom(...SPOILT),
      fc.constantFrom(...namesOf(ODD_MESSAGES)),
    ),
  )
  .map(([where, what]) => ({ ...where, what }));

const endpoint = fc.constantFrom(
  'create' as const,
  'retrieve' as const,
  'list' as const,
  'cancel' as const,
  'delete' as const,
  'results' as const,
);

const reply: fc.Arbitrary<OddReply> = fc
  .tuple(
    conditions,
    fc.oneof(fc.constant('message' as const), endpoint),
    fc.constantFrom(...namesOf(ODD_REPLIES)),
  )
  .map(([where, on, what]) => ({ ...where, on, what }));

const batchFailure: fc.Arbitrary<BatchFailure> = fc
  .tuple(
    conditions,
    endpoint,
    fc.constantFrom(
      'overloaded' as const,
      'not_found' as const,
      'dropped_before' as const,
      'dropped_after' as const,
      'dropped_halfway' as const,
      'truncated_json' as const,
      'lines_missing' as const,
      'server_error_after' as const,
      'html_page' as const,
    ),
  )
  .map(([where, on, what]) => ({ ...where, on, what }));

const line = fc.record({
  what: fc.constantFrom(...namesOf(ODD_LINES)),
  places: fc.uniqueArray(fc.integer({ min: 0, max: 5 }), { minLength: 1, maxLength: 3 }),
});

const headers = fc.oneof(
  { weight: 3, arbitrary: fc.constant({}) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(
        fc.constantFrom('requests', 'input-tokens', 'output-tokens'),
        fc.constantFrom('limit', 'remaining', 'reset'),
        fc.constantFrom('1e-9', '0', '0.001', '1e400', '-1', '', 'many', '1e3', '2026-13-45'),
      )
      .map(([kind, part, value]) => ({ [`anthropic-ratelimit-${kind}-${part}`]: value })),
  },
);

const limits: fc.Arbitrary<Limits> = fc.oneof(
  { weight: 3, arbitrary: fc.constant({}) },
  {
    weight: 1,
    arbitrary: fc.record({
      requestsPerMinute: fc.constantFrom(60, 600, 3_600),
      remaining: fc.constantFrom('inBucket', 'ofMinute'),
      headers: fc.boolean(),
    }),
  },
);

export const oddServer: fc.Arbitrary<OddServer> = fc.record({
  failures: fc.array(failure, { maxLength: 3 }),
  replies: fc.array(reply, { maxLength: 2 }),
  batchFailures: fc.array(batchFailure, { maxLength: 1 }),
  lines: fc.array(line, { maxLength: 1 }),
  gone: fc.constantFrom(0, 0, 1, 3),
  headers,
  limits,
});

function namesOf<T extends object>(table: T): (keyof T)[] {
  return Object.keys(table) as (keyof T)[];
}

// A batch that has ended → the result of each of its requests, read as often as it takes to have them all.
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { z } from 'zod';
import type { Failure } from '../ground/errors.ts';
import { shown } from './error-words.ts';
import { NotAMessage, readMessage, type Message } from './message.ts';
import { isMissing, LOOK_TIMEOUT_MS, type PatienceOptions, type Patiently } from './patience.ts';
import { problemOf, spendFailureOf, waitBefore } from './retry.ts';

export type BatchResult = { customId: string } & (
  | { kind: 'answered'; message: Message }
  /** `failure`: it is not the request's own, but the run's. */
  | { kind: 'errored'; why: string; passing: boolean; failure: Failure | null }
  | { kind: 'expired' }
  | { kind: 'canceled' }
  /** It may have been paid for, but nobody can tell what it says. */
  | { kind: 'unreadable'; why: string }
);

/**
 * They can't be had just now, for the reason that the message gives. A 404, which the API gives for
 * minutes at times, is no proof that they are gone.
 */
export class ResultsMissing extends Error {}

/** So many readings in a row that bring nothing new are enough. */
const QUIET_READINGS = 4;

/** As the SDK asks for results. */
const HEADERS = { accept: 'application/binary' };

/** Refusals of a single request that say nothing of the request itself. */
const PASSING = /^(api_error|overloaded_error|rate_limit_error|timeout_error)$/;

/**
 * Each once, in any order; fewer than `requests` where the others can't be read, or are not there.
 * A `results_url` of another host is not followed, as the key would go along.
 * @throws ResultsMissing if there are none, or they break off each time
 */
export async function* readResults(
  batch: { id: string; requests: number; resultsUrl: string | null },
  { client, clock, stop }: PatienceOptions,
  patiently: Patiently,
): AsyncGenerator<BatchResult> {
  const own = new URL(
    client.buildURL(`/v1/messages/batches/${encodeURIComponent(batch.id)}/results`, null),
  );
  const told = new URL(batch.resultsUrl ?? own.href, own);
  // The key goes along, so to no other host than the one that it is for.
  const { href } = told.origin === own.origin ? told : own;
  const answered = new Set<string>();
  /** Held back: a result may come twice, and an answer is worth more. */
  const others = new Map<string, BatchResult>();
  let quiet = 0;
  for (let attempt = 1; ; attempt++) {
    const before = answered.size + others.size;
    const reading = { lines: 0, brokeOff: '' };
    const response = await opened();
    try {
      for await (const line of linesOf(response)) {
        reading.lines += 1;
        const result = resultOf(line);
        if (result === null || answered.has(result.customId)) continue;
        if (result.kind !== 'answered') {
          others.set(result.customId, result);
          continue;
        }
        answered.add(result.customId);
        others.delete(result.customId);
        yield result;
      }
    } catch (error) {
      stop.throwIfAborted();
      reading.brokeOff = problemOf(error, LOOK_TIMEOUT_MS / 1_000).why;
    }
    const known = answered.size + others.size;
    if (known >= batch.requests) break;
    // What holds something else may be a proxy's page; nothing at all are results that are lacking.
    const isOther = known === 0 && reading.lines > 0 && reading.lines < batch.requests;
    if (isOther) reading.brokeOff ||= 'they are none';
    quiet = known > before ? 0 : quiet + 1;
    if (quiet === QUIET_READINGS && reading.brokeOff) throw new ResultsMissing(reading.brokeOff);
    if (quiet === QUIET_READINGS) break;
    await clock.sleep(waitBefore(Math.min(attempt, 8), null, clock.random), stop);
  }
  yield* others.values();

  async function opened(): Promise<Response> {
    try {
      return await patiently((request) =>
        client.get(href, { ...request, headers: HEADERS }).asResponse(),
      );
    } catch (error) {
      throw isMissing(error) ? new ResultsMissing('404') : error;
    }
  }
}

async function* linesOf({ body, headers }: Response): AsyncGenerator<string> {
  if (body === null) throw new NotAMessage();
  const input = Readable.fromWeb(body);
  try {
    if (/html/.test(headers.get('content-type') ?? '')) throw new NotAMessage();
    for await (const line of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
      if (line.trim() !== '') yield line;
    }
  } finally {
    // What is not read to its end would hold its connection.
    input.destroy();
  }
}

const text = z.string().catch('');
const lineSchema = z.object({ custom_id: z.string(), result: z.looseObject({ type: text }) });
const details = z.object({ error_code: text }).nullish().catch(null);
const errorSchema = z.object({
  error: z.object({ error: z.object({ type: text, message: text, details }) }),
});

/** Null for a line that does not tell whose it is. */
function resultOf(line: string): BatchResult | null {
  const { custom_id: customId, result } = lineSchema.safeParse(parsed(line)).data ?? {};
  if (customId === undefined || result === undefined) return null;
  switch (result.type) {
    case 'succeeded':
      return { customId, ...answerOf(result['message']) };
    case 'errored':
      return { customId, ...errorOf(result) };
    case 'canceled':
    case 'expired':
      return { customId, kind: result.type };
    default:
      return {
        customId,
        kind: 'unreadable',
        why: `a result of the type ${shown(result.type) || 'none'}`,
      };
  }
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line.trim());
  } catch {
    return null;
  }
}

function answerOf(body: unknown) {
  try {
    return { kind: 'answered', message: readMessage(body) } as const;
  } catch (error) {
    if (!(error instanceof NotAMessage)) throw error;
    return { kind: 'unreadable', why: `not a message ${shown(error.message)}`.trimEnd() } as const;
  }
}

/** It was not carried out, and is not paid for, whatever its error looks like. */
function errorOf(result: unknown) {
  const { data } = errorSchema.safeParse(result);
  const { type = '', message = '', details: more } = data?.error.error ?? {};
  const passing = type === '' || PASSING.test(type);
  const words = shown([type, message].filter(Boolean).join(': ')) || 'an error without a name';
  // What passes says nothing more than its type does.
  const why = passing && type !== '' ? type : words;
  return {
    kind: 'errored',
    why,
    passing,
    failure: spendFailureOf(words, more?.error_code),
  } as const;
}

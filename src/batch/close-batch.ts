// A batch of which nothing more will come → a line for each request without an answer, and one that closes it.
import type { BatchResult } from '../claude/batch-results.ts';
import { answerKey } from '../ground/keys.ts';
import { halfNanosOf } from '../ground/money.ts';
import type { BatchLine, UnansweredLine } from '../ledger/format.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { OpenBatch } from '../ledger/open-batches.ts';
import type { Answer, NoAnswer } from '../ticket.ts';
import { batchHead } from './out.ts';

export interface CloseOptions {
  ledger: Ledger;
  /** Whether the answers are a stand-in's. */
  simulated: boolean;
  /** Whether the batch stays on the server. */
  keep: boolean;
  now: () => number;
  /** Told of each answer when it is in the ledger, and of requests of unknown cost. */
  came: (answer: Answer) => void;
}

export type CollectedLine = Extract<BatchLine, { event: 'collected' }>;

/** What came in place of an answer. */
export type Lacking = Exclude<BatchResult, { kind: 'answered' }>;

export interface Closed {
  line: CollectedLine;
  /** Requests that may have been paid for, but have no result in hand; the most in half nano-dollars. */
  lost: { requests: number; most: number };
  /** Why all of it was refused for one reason that another batch meets as well; null if it was not. */
  lasting: string | null;
}

/** So many equal refusals, and nothing else, are not the tickets' own. */
export const EQUAL_REFUSALS = 20;

const GONE = { customId: '', kind: 'unreadable', why: 'the batch is gone' } as const;
const UNREADABLE = 'its result could not be read';

const KEPT_MS = 29 * 86_400_000;

/** The API keeps results for 29 days. */
export function isPastKeeping({ time }: Pick<OpenBatch, 'time'>, now: number): boolean {
  return now >= Date.parse(time) + KEPT_MS;
}

/**
 * One that the server knows no more: what is not answered by now never will be, and is asked again. What
 * it did may have been paid for all the same.
 */
export function writeOff(batch: OpenBatch, options: CloseOptions): Promise<Closed> {
  const lacking = new Map<string, Lacking>(batch.texts.map((text) => [text, GONE]));
  return closeBatch(batch, lacking, { ...options, keep: true });
}

/** @param lacking by text; what has an answer in the ledger all the same, an earlier run has read */
export async function closeBatch(
  batch: OpenBatch,
  lacking: ReadonlyMap<string, Lacking>,
  options: CloseOptions,
): Promise<Closed> {
  const { ledger, keep, now } = options;
  const id = batch.id ?? batch.batch;
  const counts = { answered: batch.texts.length, errored: 0, expired: 0, canceled: 0 };
  const unanswered: UnansweredLine[] = [];
  let requests = 0;
  for (const [text, result] of lacking) {
    if (isKept(text, batch, ledger)) continue;
    counts.answered -= 1;
    counts[result.kind === 'unreadable' ? 'errored' : result.kind] += 1;
    if (result.kind === 'unreadable') requests += 1;
    if (result.kind === 'canceled') continue;
    unanswered.push(unansweredLine(result, text, batch, options));
  }
  const lost = { requests, most: mostOf(batch, requests) };
  const lasting = counts.answered + requests === 0 ? lastingOf(unanswered) : null;
  if (lasting === null) for (const line of unanswered) ledger.keepBatch(line);
  if (requests > 0) {
    const answer = lostAnswer(batch, lost, options.simulated);
    ledger.keepLost(answer);
    options.came(answer);
  }
  // Of what is not in hand the server's is the only copy.
  const kept = keep || requests > 0;
  const line = { ...batchHead(batch.batch, 'collected', now()), id, ...counts, kept };
  const isKnown = batch.id !== null;
  ledger.keepBatch(
    isKnown ? line : { ...batchHead(batch.batch, 'dropped', now()), why: 'written off' },
  );
  await ledger.sync();
  return { line, lost, lasting };
}

/** What so many of its requests cost at most, in half nano-dollars: their share of what all of them do. */
export function mostOf({ at_most_usd, texts }: OpenBatch, requests: number): number {
  return Math.ceil((halfNanosOf(at_most_usd) / texts.length) * requests);
}

/** Whether this batch's answer is in the ledger. */
export function isKept(text: string, batch: OpenBatch, ledger: Ledger): boolean {
  return batch.id !== null && ledger.find(askerOf(batch), text)?.batch === batch.id;
}

export function askerOf({ host, model, prompt }: OpenBatch) {
  return { host, model, promptHash: prompt };
}

/** Requests that may have been paid for without our learning what they cost. */
export function lostAnswer(
  { model }: OpenBatch,
  { requests, most }: Closed['lost'],
  simulated: boolean,
): NoAnswer {
  return {
    kind: 'none',
    model,
    key: null,
    why: UNREADABLE,
    // The answer of the next attempt counts them.
    attempts: 0,
    unknown: requests,
    unknownCost: most,
    requestId: null,
    simulated,
    reused: false,
    shared: false,
  };
}

/** What of a batch has no answer in the ledger. */
export function lackingOf(batch: OpenBatch, ledger: Ledger): Closed['lost'] {
  const requests = batch.texts.filter((text) => !isKept(text, batch, ledger)).length;
  return { requests, most: mostOf(batch, requests) };
}

function lastingOf(unanswered: readonly UnansweredLine[]): string | null {
  const [first] = unanswered;
  if (!first || first.passing || unanswered.length < EQUAL_REFUSALS) return null;
  return unanswered.every(({ why }) => why === first.why) ? first.why : null;
}

function unansweredLine(
  result: Exclude<Lacking, { kind: 'canceled' }>,
  text: string,
  batch: OpenBatch,
  { ledger, now }: CloseOptions,
): UnansweredLine {
  const { host, model } = batch;
  const id = batch.id ?? batch.batch;
  const key = answerKey(askerOf(batch), text);
  const time = new Date(now()).toISOString();
  const line = { kind: 'unanswered', key, text, host, model, time, batch: id } as const;
  if (result.kind === 'expired') return { ...line, why: 'expired', passing: true };
  if (result.kind === 'errored') return { ...line, why: result.why, passing: result.passing };
  const before = ledger.batches.unanswered(key);
  // Each time may have been paid for, so it is asked again once, and not twice.
  const isAgain = before?.why.startsWith(UNREADABLE) === true && before.batch !== id;
  return { ...line, why: `${UNREADABLE} (${result.why})`, passing: !isAgain };
}

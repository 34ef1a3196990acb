// A batch of which nothing more will come → a line for each request without an answer, and one that closes it.
import type { BatchResult } from '../claude/batch-results.ts';
import { failures, type Failure } from '../ground/errors.ts';
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
  /** What was refused for a reason that every other batch meets as well, and so must end the run. */
  ends: Failure | null;
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
  const { ledger, keep, now, came, simulated } = options;
  const id = batch.id ?? batch.batch;
  const { counts, unanswered, lost, spent } = sortOut(batch, lacking, options);
  const lasting = counts.answered + lost.requests === 0 ? lastingOf(unanswered) : null;
  // Once that is mended, all that was refused is asked again.
  if (lasting !== null) ledger.keepBatch(batchHead('', 'finished', now()));
  else for (const line of unanswered) ledger.keepBatch(line);
  if (lost.requests > 0) {
    ledger.keepLost(lostAnswer(batch, lost, simulated));
    came(lostAnswer(batch, lost, simulated));
  }
  // Of what is not in hand the server's is the only copy.
  const kept = keep || lost.requests > 0;
  const line = { ...batchHead(batch.batch, 'collected', now()), id, ...counts, kept };
  const dropped = { ...batchHead(batch.batch, 'dropped', now()), why: 'written off' };
  ledger.keepBatch(batch.id === null ? dropped : line);
  await ledger.sync();
  const ends = lasting === null ? spent : failures.batchErrored(id, lasting);
  return { line, lost, ends };
}

/** What gave no answer, how often, and the lines that say so. */
function sortOut(batch: OpenBatch, lacking: ReadonlyMap<string, Lacking>, options: CloseOptions) {
  const counts = { answered: batch.texts.length, errored: 0, expired: 0, canceled: 0 };
  const unanswered: UnansweredLine[] = [];
  let requests = 0;
  let spent: Failure | null = null;
  for (const [text, result] of lacking) {
    if (isKept(text, batch, options.ledger)) continue;
    counts.answered -= 1;
    counts[result.kind === 'unreadable' ? 'errored' : result.kind] += 1;
    if (result.kind === 'unreadable') requests += 1;
    // What was given up is asked again as if it had not been, and so is what found no money.
    if (result.kind === 'canceled') continue;
    if (result.kind === 'errored' && result.failure) spent = result.failure;
    else unanswered.push(unansweredLine(result, text, batch, options));
  }
  return { counts, unanswered, spent, lost: { requests, most: mostOf(batch, requests) } };
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

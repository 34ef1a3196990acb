// A batch whose fate is unknown (a crash, a lost answer) → the id under which it runs, or that it does not.
import { ResultsMissing } from '../claude/batch-results.ts';
import { SEND_TIMEOUT_MS, type BatchState, type ClaudeBatches } from '../claude/batches.ts';
import { EXIT, Failure } from '../ground/errors.ts';
import type { OpenBatch } from '../ledger/open-batches.ts';

/**
 * `running`: one that may be it has not ended, and tells no sooner; `hidden`: one has ended, but can't be
 * read; `waiting`: it may yet turn up.
 */
export type Fate =
  { kind: 'found'; id: string } | { kind: 'none' | 'running' | 'hidden' | 'waiting' };

/** Between our clock and the server's. */
const SKEW_MS = 10 * 60_000;

/** So long after its request is over a batch may still turn up in the list. */
const LATE_MS = 30_000;

/**
 * A batch carries nothing that names it but the ids of its requests, and these are told only when it
 * has ended: until then each of its size, made since, may be it.
 * @param known ids of batches that are others
 * @param heard when it was first known to this run that nobody waits for an answer any more, at the
 *   latest now: before that, the request may have been on its way
 */
export async function settle(
  batch: OpenBatch,
  claude: Pick<ClaudeBatches, 'since' | 'results'>,
  known: ReadonlySet<string>,
  now: number,
  heard: number,
): Promise<Fate> {
  const intendedAt = Date.parse(batch.time);
  let isRunning = false;
  let isHidden = false;
  for await (const state of claude.since(intendedAt - SKEW_MS)) {
    if (known.has(state.id) || state.requests !== batch.texts.length) continue;
    const isOurs = state.isEnded ? await isOfOurs(state, batch, claude) : null;
    if (isOurs) return { kind: 'found', id: state.id };
    if (!state.isEnded) isRunning = true;
    else if (isOurs === null) isHidden = true;
  }
  if (isRunning) return { kind: 'running' };
  if (isHidden) return { kind: 'hidden' };
  const overAt = Math.min(heard, intendedAt + SEND_TIMEOUT_MS);
  return { kind: now - overAt < LATE_MS ? 'waiting' : 'none' };
}

/** Null for one that does not tell. */
async function isOfOurs(
  state: BatchState,
  { batch }: OpenBatch,
  claude: Pick<ClaudeBatches, 'results'>,
): Promise<boolean | null> {
  try {
    for await (const { customId } of claude.results(state)) return isOfBatch(customId, batch);
  } catch (error) {
    const isSilent = error instanceof Failure && error.exit === EXIT.later;
    if (!isSilent && !(error instanceof ResultsMissing)) throw error;
  }
  return null;
}

/**
 * What a request is called: by it the answer finds its text, and a run its batch. 45 characters of
 * `[0-9a-f_]`, whatever the ticket's id looks like.
 * @param batch our name for the batch, 12 hex digits
 * @param text the text's hash, 32 hex digits
 */
export function customIdOf(batch: string, text: string): string {
  return `${batch}_${text}`;
}

/** Of any request: what it is not ours to know is no text of ours. */
export function textOf(customId: string): string {
  return customId.slice(customId.indexOf('_') + 1);
}

export function isOfBatch(customId: string, batch: string): boolean {
  return customId.startsWith(`${batch}_`);
}

// A chunk in, out goes a batch: the intent is on the disk before it, and what came of it right after.
import type { Sending } from '../claude/batches.ts';
import { plural } from '../ground/figures.ts';
import { failures } from '../ground/errors.ts';
import type { Chunk, Entry } from './chunk.ts';
import type { BatchJob, Out } from './out.ts';
import { customIdOf } from './settle.ts';
import type { Watcher } from './watcher.ts';

/** Asks one question live, so that a batch finds the prompt cached; it may stay without an answer. */
export type Warm = (chunk: Chunk) => Promise<Entry | null>;

export interface Sender {
  /** What the warming has answered, or left no money for, is not in the batch. */
  send: (chunk: Chunk) => Promise<void>;
  /** @returns whether one was asked, and the prompt's size may be known better */
  warm: (chunk: Chunk) => Promise<boolean>;
}

/** So many requests are out at once, at most: half of what the lowest tier may have in its queue. */
const MOST_OUT = 100_000;

/** Said once for each ledger. */
const RETENTION =
  'Batches stay on the server until they are collected, and are not eligible for zero data retention.';

export function batchSender(job: BatchJob, out: Out, watcher: Watcher, warmUp: Warm): Sender {
  const { claude, ledger, budget, flags, clock, stop, note } = job;
  /** Since when each create has been of unknown fate; null: the last was not. */
  let unclearSince: number | null = null;

  async function warm(chunk: Chunk): Promise<boolean> {
    const warmed = await warmUp(chunk);
    if (warmed) chunk.take(warmed);
    chunk.reprice();
    return warmed !== null;
  }

  async function send(chunk: Chunk): Promise<void> {
    await watcher.settleAll();
    while (out.requests() + chunk.entries.length > MOST_OUT && out.requests() > 0) {
      await watcher.waitForNews();
    }
    await warm(chunk);
    // What the warming has cost may be missing for the last ones: they wait for the next batch.
    const left = budget.left() ?? Number.POSITIVE_INFINITY;
    for (const entry of chunk.entries.toReversed()) if (chunk.most() > left) chunk.take(entry);
    if (chunk.entries.length === 0) return;
    if (ledger.batches.ids().size === 0) note(RETENTION);
    await sendUntilMade(chunk);
  }

  async function sendUntilMade(chunk: Chunk): Promise<void> {
    const since = clock.now();
    for (let attempt = 1; ; attempt++) {
      const sending = await sendOnce(chunk);
      if (sending.kind !== 'unclear') unclearSince = null;
      if (sending.kind === 'made') return;
      if (sending.kind === 'unclear') {
        unclearSince ??= clock.now();
        refuseForEver(unclearSince, 0, sending.why);
        note(
          `It is not known whether a batch was made (${sending.why}); that is looked into first.`,
        );
        return watcher.settleAll();
      }
      if (sending.failure) throw sending.failure;
      const wait = Math.max(sending.retryAfter ?? 0, Math.min(60, 2 ** attempt)) * 1_000;
      // Its queue may be full of what is out: that is no reason to give up.
      if (out.open().length === 0) refuseForEver(since, wait, sending.why);
      else if (!flags.wait) throw failures.batchesRunning();
      await clock.sleep(wait, stop);
      await watcher.look();
    }
  }

  /** @throws Failure for a wait that ends too long after `since`, all in milliseconds */
  function refuseForEver(since: number, wait: number, why: string): void {
    const { seconds, text } = flags.maxWait;
    if (clock.now() + wait - since > seconds * 1_000) throw failures.noSuccess(text, why);
  }

  async function sendOnce(chunk: Chunk): Promise<Sending> {
    stop.throwIfAborted();
    const batch = await out.intend(chunk);
    if (stop.aborted) out.drop(batch, 'interrupted before it was sent');
    stop.throwIfAborted();
    const sending = await claude.send(
      chunk.entries.map(({ request, question }) => ({
        customId: customIdOf(batch, question.ticket.textHash),
        request,
      })),
    );
    if (sending.kind === 'made') {
      await out.sent(batch, sending.id);
      note(`sent ${sending.id}: ${plural(chunk.entries.length, 'ticket')} for ${chunk.model}`);
    } else if (sending.kind === 'refused') {
      out.drop(batch, sending.why);
    } else {
      watcher.heard(batch);
    }
    return sending;
  }

  return { send, warm };
}

// Open batches → what has become of them: found again, ended and collected, gone.
import { Failure, failures } from '../ground/errors.ts';
import type { OpenBatch } from '../ledger/open-batches.ts';
import type { BatchState } from '../claude/batches.ts';
import { collectedText } from './batch-text.ts';
import { collect, writeOff } from './collect.ts';
import { batchHead, type BatchJob, type Out } from './out.ts';
import { settle } from './settle.ts';

export interface Watcher {
  /** Collects what has ended. @returns how many those were */
  look: () => Promise<number>;
  /** Until the next look. @throws Failure 75 in a run that waits for nothing */
  pause: () => Promise<void>;
  /** A look, and a pause where it brought nothing. */
  waitForNews: () => Promise<void>;
  /** Nobody waits for an answer to its create any more. */
  heard: (batch: string) => void;
  /** Resolves when it is known of each batch whether it was made. */
  settleAll: () => Promise<void>;
  /** What has been collected is no longer kept by the server; if it refuses, that ends no run. */
  removeLeft: () => Promise<void>;
}

/** Between two looks at the server: at first, and at most. */
const LOOK_MS = 2_000;
const LONGEST_LOOK_MS = 60_000;

/** @param simulated whether a stand-in answers */
export function watchBatches(job: BatchJob, out: Out, simulated: boolean): Watcher {
  const { claude, ledger, flags, host, clock, stop, note } = job;
  const { batches } = ledger;
  const collecting = { ...job, simulated, keep: flags.keepBatches, now: clock.now };
  /** Since when nobody waits for an answer to a create of unknown fate, by our names for the batches. */
  const unheard = new Map<string, number>();
  let looks = 0;
  let isRemoving = !flags.keepBatches;

  async function look(): Promise<number> {
    let news = 0;
    for (const batch of out.open()) {
      stop.throwIfAborted();
      const id = batch.id ?? (await settled(batch));
      if (id === null) continue;
      const state = await claude.look(id);
      if (state?.isEnded === false) continue;
      await take(batch, id, state);
      news += 1;
    }
    if (news > 0) looks = 0;
    return news;
  }

  async function pause(): Promise<void> {
    if (!flags.wait) throw failures.batchesRunning();
    const wait = Math.min(LONGEST_LOOK_MS, LOOK_MS * 1.5 ** looks);
    looks += 1;
    await clock.sleep(wait, stop);
  }

  async function waitForNews(): Promise<void> {
    const before = out.open().length;
    await look();
    if (out.open().length === before) await pause();
  }

  async function take(batch: OpenBatch, id: string, state: BatchState | null): Promise<void> {
    if (state === null) {
      // A key of another workspace does not see it either, and all of it would be paid for twice.
      if (!flags.simulate) throw failures.batchGone(id, ledger.path ?? '');
      writeOff(batch, id, collecting);
      out.close(batch.batch, 0);
      return;
    }
    const { line, cost, paid, lasting } = await collect(batch, state, collecting);
    out.close(batch.batch, paid);
    note(collectedText(line, cost, simulated));
    if (lasting === null) return removeLeft();
    // Once that is mended, all that was refused is asked again.
    ledger.keepBatch(batchHead('', 'finished', clock.now()));
    throw failures.batchErrored(id, lasting);
  }

  async function removeLeft(): Promise<void> {
    for (const { batch, id, host: where } of batches.left()) {
      if (!isRemoving || where !== host) continue;
      try {
        await claude.remove(id);
      } catch (error) {
        stop.throwIfAborted();
        if (!(error instanceof Failure)) throw error;
        isRemoving = false;
        note(`${id} is collected, but stays on the server for now. ${error.message}`);
        return;
      }
      ledger.keepBatch({ ...batchHead(batch, 'deleted', clock.now()), id });
    }
  }

  /** The id under which a batch of unknown fate runs; null as long as that is not known, or for ever. */
  async function settled(batch: OpenBatch): Promise<string | null> {
    heard(batch.batch);
    const since = unheard.get(batch.batch) ?? clock.now();
    const fate = await settle(batch, claude, batches.ids(), clock.now(), since);
    if (fate.kind === 'none') out.drop(batch.batch, 'it never arrived');
    if (fate.kind !== 'found') return null;
    await out.sent(batch.batch, fate.id);
    return fate.id;
  }

  function heard(batch: string): void {
    if (!unheard.has(batch)) unheard.set(batch, clock.now());
  }

  async function settleAll(): Promise<void> {
    while (out.open().some(({ id }) => id === null)) await waitForNews();
  }

  return { look, pause, waitForNews, heard, settleAll, removeLeft };
}

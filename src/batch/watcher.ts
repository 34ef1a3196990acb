// Open batches → what has become of them: found again, ended and collected, gone.
import { ResultsMissing } from '../claude/batch-results.ts';
import { Failure, failures } from '../ground/errors.ts';
import type { Answer } from '../ticket.ts';
import type { OpenBatch } from '../ledger/open-batches.ts';
import type { BatchState } from '../claude/batches.ts';
import { collectedText, uncollectedText, writtenOffText } from './batch-text.ts';
import { isPastKeeping, lackingOf, lostAnswer, writeOff } from './close-batch.ts';
import { collect, ResultsUnreadable, type CollectOptions } from './collect.ts';
import { judgeAnswers } from './judge.ts';
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

/** Why it is not told what a batch has answered. */
export const UNKNOWN = 'the server does not know it (404)';
export const HIDDEN = 'what may be it has no results that can be read';
export const withoutResults = ({ message }: ResultsMissing) =>
  `its results can't be had (${message})`;

/** @param simulated whether a stand-in answers */
export function watchBatches(job: BatchJob, out: Out, simulated: boolean): Watcher {
  const { claude, ledger, flags, host, clock, stop, note } = job;
  const { batches } = ledger;
  const judge = judgeAnswers(job);
  const collecting: CollectOptions = {
    ...job,
    came,
    hear: judge.hear,
    simulated,
    keep: flags.keepBatches,
    isLast: false,
    now: clock.now,
  };
  /** Of what this run has put into the ledger, by the server's names for the batches. */
  const paid = new Map<string, { cost: number; unknown: number }>();
  /** Since when nobody waits for an answer to a create of unknown fate, by our names for the batches. */
  const unheard = new Map<string, number>();
  /** What the server does not tell, and since when, by our names for the batches. */
  const missing = new Map<string, { since: number; why: string }>();
  let looks = 0;
  let isRemoving = !flags.keepBatches;

  function came(answer: Answer): void {
    if (answer.kind !== 'none' && answer.batch !== null) {
      const { cost, unknown } = paidFor(answer.batch);
      paid.set(answer.batch, {
        cost: cost + answer.cost,
        unknown: unknown + answer.unknownCost,
      });
    }
    job.came(answer);
  }

  function paidFor(id: string | null) {
    return paid.get(id ?? '') ?? { cost: 0, unknown: 0 };
  }

  /** It is out no more; `lost` is what nobody will ever know of it. */
  function close({ batch, id }: OpenBatch, lost: { most: number }): void {
    const { cost, unknown } = paidFor(id);
    out.close(batch, cost, lost.most + unknown);
  }

  async function look(): Promise<number> {
    let news = 0;
    let ended: Failure | null = null;
    for (const batch of out.open()) {
      stop.throwIfAborted();
      const id = batch.id ?? (await settled(batch));
      const found = id === null ? false : await lookAt(batch, id);
      if (found instanceof Failure) ended ??= found;
      else if (found) news += 1;
    }
    // What the others have answered is in the ledger by now.
    if (ended) throw ended;
    if (news > 0) looks = 0;
    return news;
  }

  /** @returns whether it is out no more, or what must end the run */
  async function lookAt(batch: OpenBatch, id: string): Promise<boolean | Failure> {
    const state = await claude.look(id);
    if (state === null) return lack(batch, UNKNOWN);
    if (!state.isEnded) {
      missing.delete(batch.batch);
      return false;
    }
    try {
      return await take(batch, state);
    } catch (error) {
      if (error instanceof ResultsMissing) return lack(batch, withoutResults(error));
      if (!(error instanceof ResultsUnreadable)) throw error;
      return uncollected([batch], failures.batchUnreadable(id, error.message));
    }
  }

  /** That is no proof that it is gone: it is looked for again, now and by later runs. */
  async function lack(batch: OpenBatch, why: string): Promise<boolean> {
    const name = batch.id ?? batch.batch;
    // A stand-in forgets its own with each run.
    if (flags.simulate || isPastKeeping(batch, clock.now())) {
      const { lost } = await writeOff(batch, collecting);
      close(batch, lost);
      note(writtenOffText(name, lost, why));
      return true;
    }
    if (!missing.has(batch.batch)) note(`${name}: ${why}. That is looked for again.`);
    missing.set(batch.batch, { since: clock.now(), ...missing.get(batch.batch), why });
    return false;
  }

  async function take(batch: OpenBatch, state: BatchState): Promise<true | Failure> {
    const collected = await collect(batch, state, collecting);
    close(batch, collected.lost);
    note(collectedText(collected, simulated));
    await removeLeft();
    return collected.ends ?? judge.failure() ?? true;
  }

  async function pause(): Promise<void> {
    if (!flags.wait) throw failures.batchesRunning();
    refuseForEver();
    const wait = Math.min(LONGEST_LOOK_MS, LOOK_MS * 1.5 ** looks);
    looks += 1;
    await clock.sleep(wait, stop);
  }

  /** @throws Failure where nothing is left to wait for but what has been missing for too long */
  function refuseForEver(): void {
    const { seconds, text } = flags.maxWait;
    const open = out.open();
    const isOverdue = ({ batch }: OpenBatch) =>
      clock.now() - (missing.get(batch)?.since ?? Number.POSITIVE_INFINITY) > seconds * 1_000;
    const [first] = open;
    if (!first || !open.every(isOverdue)) return;
    const name = first.id ?? first.batch;
    const why = missing.get(first.batch)?.why ?? '';
    throw uncollected(open, failures.batchMissing(name, why, text));
  }

  /** This run will not learn what they have cost. */
  function uncollected(left: readonly OpenBatch[], failure: Failure): Failure {
    for (const batch of left) came(lostAnswer(batch, lackingOf(batch, ledger), simulated));
    failure.aftermath = uncollectedText(left, ledger.path);
    return failure;
  }

  async function waitForNews(): Promise<void> {
    const before = out.open().length;
    await look();
    if (out.open().length === before) await pause();
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
    switch (fate.kind) {
      case 'found':
        missing.delete(batch.batch);
        await out.sent(batch.batch, fate.id);
        return fate.id;
      case 'none':
        out.drop(batch.batch, 'it never arrived');
        return null;
      case 'hidden':
        await lack(batch, HIDDEN);
        return null;
      default:
        missing.delete(batch.batch);
        return null;
    }
  }

  function heard(batch: string): void {
    if (!unheard.has(batch)) unheard.set(batch, clock.now());
  }

  async function settleAll(): Promise<void> {
    while (out.open().some(({ id }) => id === null)) await waitForNews();
  }

  return { look, pause, waitForNews, heard, settleAll, removeLeft };
}

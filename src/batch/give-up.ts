// An open batch before its time → canceled, and what it has answered by then is in the ledger.
import { ResultsMissing } from '../claude/batch-results.ts';
import type { BatchState, ClaudeBatches } from '../claude/batches.ts';
import type { Clock } from '../ground/clock.ts';
import { EXIT, Failure } from '../ground/errors.ts';
import type { OpenBatch } from '../ledger/open-batches.ts';
import type { Flags } from '../settings/flags.ts';
import { collectedText, writtenOffText } from './batch-text.ts';
import { isPastKeeping, writeOff } from './close-batch.ts';
import { collect, type CollectOptions } from './collect.ts';
import { batchHead } from './out.ts';
import { settle } from './settle.ts';
import { HIDDEN, UNKNOWN, withoutResults } from './watcher.ts';

export interface GiveUpOptions extends Omit<CollectOptions, 'claude' | 'hear' | 'isLast' | 'now'> {
  claude: ClaudeBatches;
  /** So long what the server does not tell is asked for again; then it is written off. */
  maxWait: Flags['maxWait'];
  clock: Clock;
  stop: AbortSignal;
  /** Told what it waits for. */
  note: (text: string) => void;
}

/** `text` says what became of it; open is still what may or may not have been made. */
export interface GivenUp {
  isOpen: boolean;
  text: string;
}

/** What a look at it came to; `silent`: the server does not tell what it has answered. */
type Step =
  | ({ kind: 'over' } & GivenUp)
  /** `isHeard`: the server says so as well. */
  | { kind: 'canceling'; isHeard: boolean }
  | { kind: 'silent'; why: string };

/** Between two looks, in milliseconds. */
const LOOK_MS = 2_000;

const WHEN = {
  waiting: 'try again in ten minutes',
  running: 'one that runs may be it, and tells when it has ended',
};

/** @throws Failure if the server can't be reached, or refuses */
export async function giveUp(batch: OpenBatch, options: GiveUpOptions): Promise<GivenUp> {
  const { clock, stop, note, maxWait } = options;
  const name = () => batch.id ?? batch.batch;
  let silentSince: number | null = null;
  let told = '';
  function tell(text: string): void {
    if (text !== told) note(text);
    told = text;
  }

  for (;;) {
    const before = clock.now();
    const step = await stepOf(batch, options);
    if (step.kind === 'over') return step;
    if (step.kind === 'canceling') {
      tell(`${name()} is being canceled; what it has answered by now is collected.`);
    } else {
      tell(`${name()}: ${step.why}. That is looked for again, for ${maxWait.text} (--max-wait).`);
    }
    if (step.kind === 'canceling' && step.isHeard) silentSince = null;
    else silentSince ??= before;
    const isOver =
      silentSince !== null &&
      (clock.now() - silentSince > maxWait.seconds * 1_000 || isPastKeeping(batch, before));
    if (isOver) {
      const why = step.kind === 'silent' ? step.why : "it can't be canceled";
      const { lost } = await writeOff(batch, collecting(options));
      return { isOpen: false, text: writtenOffText(name(), lost, why) };
    }
    await clock.sleep(LOOK_MS, stop);
  }
}

async function stepOf(batch: OpenBatch, options: GiveUpOptions): Promise<Step> {
  const { claude } = options;
  if (batch.id === null) {
    const unsettled = await settled(batch, options);
    if (unsettled !== null) return unsettled;
  }
  const id = batch.id ?? '';
  const state = await claude.look(id);
  if (state === null) return { kind: 'silent', why: UNKNOWN };
  if (state.isEnded) return collected(batch, state, options);
  if (!state.isCanceling) await claude.cancel(id);
  return { kind: 'canceling', isHeard: state.isCanceling };
}

/** Null once its id is known. */
async function settled(
  batch: OpenBatch,
  { claude, ledger, clock }: GiveUpOptions,
): Promise<Step | null> {
  const now = clock.now();
  const fate = await settle(batch, claude, ledger.batches.ids(), now, now);
  switch (fate.kind) {
    case 'found':
      ledger.keepBatch({ ...batchHead(batch.batch, 'sent', now), id: fate.id });
      await ledger.sync();
      return null;
    case 'none':
      ledger.keepBatch({ ...batchHead(batch.batch, 'dropped', now), why: 'it never arrived' });
      return {
        kind: 'over',
        isOpen: false,
        text: `${batch.batch} never arrived; nothing runs.`,
      };
    case 'hidden':
      return { kind: 'silent', why: HIDDEN };
    default: {
      const text = `${batch.batch}: it is not known yet whether it was made; ${WHEN[fate.kind]}.`;
      return { kind: 'over', isOpen: true, text };
    }
  }
}

async function collected(
  batch: OpenBatch,
  state: BatchState,
  options: GiveUpOptions,
): Promise<Step> {
  try {
    const done = await collect(batch, state, collecting(options));
    const kept = done.line.kept ? '' : await removed(batch, state.id, options);
    return { kind: 'over', isOpen: false, text: collectedText(done, options.simulated) + kept };
  } catch (error) {
    if (error instanceof ResultsMissing) return { kind: 'silent', why: withoutResults(error) };
    const isSilent = error instanceof Failure && error.exit === EXIT.later;
    if (!isSilent) throw error;
    return { kind: 'silent', why: `its results can't be had (${error.message})` };
  }
}

/** @returns what to say if it could not be */
async function removed(
  { batch }: OpenBatch,
  id: string,
  { claude, ledger, clock, stop }: GiveUpOptions,
): Promise<string> {
  try {
    await claude.remove(id);
  } catch (error) {
    stop.throwIfAborted();
    if (!(error instanceof Failure)) throw error;
    return `. It stays on the server for now. ${error.message}`;
  }
  ledger.keepBatch({ ...batchHead(batch, 'deleted', clock.now()), id });
  return '';
}

function collecting(options: GiveUpOptions): CollectOptions {
  return { ...options, isLast: true, hear: () => {}, now: options.clock.now };
}

// What is out with a server's batches, and what they gave no answer to: the ledger's lines, folded.
import type { NoAnswer } from '../ticket.ts';
import type { BatchLine, IntendedLine, UnansweredLine } from './format.ts';

/** Sent, or perhaps sent, and not collected yet. */
export interface OpenBatch extends Omit<IntendedLine, 'kind' | 'event'> {
  /** The server's name for it; null while it is not known whether it was carried out. */
  id: string | null;
}

/** What may be told of a question that no batch has answered. */
export interface Unanswered {
  /** Batches that should have answered it. */
  times: number;
  /** What came of the last. */
  why: string;
  /** Whether all of them gave the same reason. */
  isSame: boolean;
  passing: boolean;
  /** Id of the last. */
  batch: string;
}

export interface Batches {
  note: (line: BatchLine | UnansweredLine) => void;
  /** In the order in which they were intended. */
  open: () => OpenBatch[];
  /** The open batch that asks a server about a text; null if none does. */
  asking: (host: string, text: string) => OpenBatch | null;
  /** Collected, but not yet deleted at the server, and not to be kept there. */
  left: () => { batch: string; id: string; host: string }[];
  /** Every id that was ever given to a batch of this ledger. */
  ids: () => ReadonlySet<string>;
  /** Null for a question that no batch has failed to answer since the last job was complete. */
  unanswered: (key: string) => Unanswered | null;
  hasUnanswered: () => boolean;
  /** The question as one without an answer, if it is not to be asked again; else null. */
  givenUp: (key: string, model: string) => NoAnswer | null;
}

/** So many batches may leave a question unanswered before it is given up. */
const TRIES = 3;

export function createBatches(): Batches {
  const opened = new Map<string, OpenBatch>();
  const byText = new Map<string, OpenBatch>();
  const left = new Map<string, { id: string; host: string }>();
  const ids = new Set<string>();
  const unanswered = new Map<string, Unanswered>();

  function close(name: string): OpenBatch | undefined {
    const batch = opened.get(name);
    if (!batch) return undefined;
    opened.delete(name);
    for (const text of batch.texts) byText.delete(placeOf(batch.host, text));
    return batch;
  }

  function note(line: BatchLine | UnansweredLine): void {
    if (line.kind === 'unanswered') {
      fail(line);
      return;
    }
    switch (line.event) {
      case 'intended': {
        const batch = { ...line, id: null };
        opened.set(line.batch, batch);
        for (const text of line.texts) byText.set(placeOf(line.host, text), batch);
        return;
      }
      case 'sent': {
        ids.add(line.id);
        const batch = opened.get(line.batch);
        if (batch) batch.id = line.id;
        return;
      }
      case 'dropped':
        close(line.batch);
        return;
      case 'collected': {
        ids.add(line.id);
        const batch = close(line.batch);
        if (batch && !line.kept) left.set(line.batch, { id: line.id, host: batch.host });
        return;
      }
      case 'deleted':
        left.delete(line.batch);
        return;
      case 'finished':
        unanswered.clear();
    }
  }

  function fail({ key, why, passing, batch }: UnansweredLine): void {
    const before = unanswered.get(key);
    // Told once more by a run that went on where another was cut off.
    if (before?.batch === batch) return;
    const isSame = before === undefined || (before.isSame && before.why === why);
    unanswered.set(key, { times: (before?.times ?? 0) + 1, why, isSame, passing, batch });
  }

  function givenUp(key: string, model: string): NoAnswer | null {
    const failed = unanswered.get(key);
    if (!failed || (failed.passing && failed.times < TRIES)) return null;
    return {
      kind: 'none',
      model,
      key: null,
      why: reasonOf(failed),
      attempts: failed.times,
      unknown: 0,
      unknownCost: 0,
      requestId: null,
      simulated: false,
      reused: true,
      shared: false,
    };
  }

  return {
    note,
    open: () => [...opened.values()],
    asking: (host, text) => byText.get(placeOf(host, text)) ?? null,
    left: () => [...left].map(([batch, rest]) => ({ batch, ...rest })),
    ids: () => ids,
    unanswered: (key) => unanswered.get(key) ?? null,
    hasUnanswered: () => unanswered.size > 0,
    givenUp,
  };
}

function placeOf(host: string, text: string): string {
  return `${host}\n${text}`;
}

/** `batch: expired 3 times`. */
function reasonOf({ times, why, isSame }: Unanswered): string {
  if (times === 1) return `batch: ${why}`;
  return isSame
    ? `batch: ${why} ${times} times`
    : `batch: ${times} times without an answer, last ${why}`;
}

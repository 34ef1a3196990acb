// A ledger's file → where its answers and verdicts stand. A line that can't be read is stepped over.
import { halfNanosOf } from '../ground/money.ts';
import { createAnswers, type Answers } from './answers.ts';
import { readAnswerLine } from './format.ts';
import { createBatches, type Batches } from './open-batches.ts';
import { scanLedger, type Scanned } from './scan-ledger.ts';
import { createVerdicts, saidBy, type Verdicts } from './verdicts.ts';

export interface Loaded extends Scanned {
  answers: Answers;
  verdicts: Verdicts;
  batches: Batches;
  /** Lines that could not be read: torn by a crash, or of a kind of a later version. */
  unread: number;
  /** What was paid since `since`, and may have been, by minute: milliseconds since 1970, half nano-dollars. */
  spent: { at: number; cost: number }[];
}

const MINUTE_MS = 60_000;

/**
 * @param since milliseconds since 1970; spending before it is not told
 * @throws Failure for a file that is no ledger, or one of a later version; nothing is changed.
 */
export async function loadLedger(path: string, since: number): Promise<Loaded> {
  const loaded = nothingLoaded();
  const { answers, verdicts, batches } = loaded;
  const spent = new Map<number, number>();

  function spend(time: string, dollars: number): void {
    // Dated at the end of its minute: none of it leaves the day too early.
    const minute = Math.ceil(Date.parse(time) / MINUTE_MS) * MINUTE_MS;
    if (dollars > 0 && minute >= since) {
      spent.set(minute, (spent.get(minute) ?? 0) + halfNanosOf(dollars));
    }
  }

  const scanned = await scanLedger(path, (head, { from, whole }, text) => {
    if (head === null || !whole) {
      loaded.unread += 1;
      return;
    }
    switch (head.kind) {
      case 'answer': {
        if (Date.parse(head.time) < since) {
          answers.note(head, from);
          return;
        }
        const line = 'status' in head ? head : readAnswerLine(text);
        if (line === null) {
          loaded.unread += 1;
          return;
        }
        answers.note(line, from);
        spend(line.time, line.cost_usd + line.unknown_cost_at_most_usd);
        return;
      }
      case 'verdict':
        verdicts.note('said' in head ? head : { ...head, said: saidBy(head) }, from);
        return;
      case 'batch':
      case 'unanswered':
        batches.note(head);
        return;
      case 'lost':
        spend(head.time, head.at_most_usd);
        return;
      case 'spent':
        spend(head.time, head.cost_usd);
    }
  });
  return {
    ...loaded,
    ...scanned,
    spent: [...spent].map(([at, cost]) => ({ at, cost })),
  };
}

/** Of a ledger that is not there. */
export function nothingLoaded(): Loaded {
  return {
    header: null,
    answers: createAnswers(),
    verdicts: createVerdicts(),
    batches: createBatches(),
    unread: 0,
    size: 0,
    torn: false,
    spent: [],
  };
}

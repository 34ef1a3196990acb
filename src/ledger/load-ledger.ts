// A ledger's file → where its answers and verdicts stand. A line that can't be read is stepped over.
import { halfNanosOf } from '../ground/money.ts';
import { failures } from '../ground/errors.ts';
import { createAnswers, type Answers } from './answers.ts';
import { createBatches, type Batches } from './open-batches.ts';
import { HEADER_START, readHeader, readLine, VERSION, type Header } from './format.ts';
import { scanLines } from './scan-lines.ts';
import { skimLine } from './skim-line.ts';
import { createVerdicts, saidBy, type Verdicts } from './verdicts.ts';

export interface Loaded {
  /** Whether it was not there, or empty. */
  isNew: boolean;
  /** Null for a file that is not there or empty. */
  header: Header | null;
  answers: Answers;
  verdicts: Verdicts;
  batches: Batches;
  /** Lines that could not be read: torn by a crash, or of a kind of a later version. */
  unread: number;
  /** Of the file, in bytes. */
  size: number;
  /** Whether it ends inside a line. */
  torn: boolean;
  /** What was paid since `spentSince`, and may have been, by minute: milliseconds since 1970, half nano-dollars. */
  spent: { at: number; cost: number }[];
}

const MINUTE_MS = 60_000;

/**
 * @param since milliseconds since 1970; spending before it is not told
 * @throws Failure for a file that is no ledger, or one of a later version; nothing is changed.
 */
export async function loadLedger(path: string, since: number): Promise<Loaded> {
  const answers = createAnswers();
  const verdicts = createVerdicts();
  const batches = createBatches();
  const spent = new Map<number, number>();
  let header: Header | null = null;
  let unread = 0;

  function spend(time: string, dollars: number): void {
    // Dated at the end of its minute: none of it leaves the day too early.
    const minute = Math.ceil(Date.parse(time) / MINUTE_MS) * MINUTE_MS;
    if (dollars > 0 && minute >= since) {
      spent.set(minute, (spent.get(minute) ?? 0) + halfNanosOf(dollars));
    }
  }

  function visit(text: string, offset: number): void {
    if (text === '') return;
    if (header === null) {
      header = headerOf(path, text);
      return;
    }
    const skimmed = skimLine(text);
    if (skimmed?.kind === 'verdict') {
      verdicts.note(skimmed, offset);
      return;
    }
    if (skimmed && Date.parse(skimmed.time) < since) {
      answers.note(skimmed, offset);
      return;
    }
    const line = readLine(text);
    if (line === null) {
      unread += 1;
    } else if (line.kind === 'answer') {
      answers.note(line, offset);
      spend(line.time, line.cost_usd + line.unknown_cost_at_most_usd);
    } else if (line.kind === 'verdict') {
      verdicts.note({ ...line, said: saidBy(line) }, offset);
    } else if (line.kind === 'batch' || line.kind === 'unanswered') {
      batches.note(line);
    } else {
      spend(line.time, line.kind === 'lost' ? line.at_most_usd : line.cost_usd);
    }
  }

  const { size, rest } = await scanLines(path, visit);
  const torn = rest !== '';
  if (torn && header === null) header = headerOf(path, rest);
  else if (torn) unread += 1;
  return {
    isNew: header === null,
    header,
    answers,
    verdicts,
    batches,
    unread,
    size,
    torn,
    spent: [...spent].map(([at, cost]) => ({ at, cost })),
  };
}

/** Null for a header that was torn before anything followed it. */
export function headerOf(path: string, line: string): Header | null {
  const header = readHeader(line);
  const isTorn = line.startsWith(HEADER_START) || HEADER_START.startsWith(line);
  if (header === null && isTorn) return null;
  if (header === null) throw failures.notALedger(path);
  if (header.version > VERSION) throw failures.newerLedger(path, header.version, VERSION);
  return header;
}

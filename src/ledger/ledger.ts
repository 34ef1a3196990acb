// A run's paid answers and verdicts in; lines of its ledger, and what they say of the next ticket, out.
import type { Clock } from '../ground/clock.ts';
import { diskError } from '../ground/disk-error.ts';
import { failures, type Failure } from '../ground/errors.ts';
import type { Asker } from '../ground/keys.ts';
import { usd } from '../ground/money.ts';
import type { Answer, NoAnswer, Ticket } from '../ticket.ts';
import { answerLine } from './answer-line.ts';
import {
  FORMAT,
  readLine,
  VERSION,
  type AnswerLine,
  type BatchLine,
  type Header,
  type LostLine,
  type UnansweredLine,
  type VerdictLine,
} from './format.ts';
import { knownAnswers, type KnownAnswers } from './known-answers.ts';
import { lineFile, type LineFile } from './line-file.ts';
import type { Loaded } from './load-ledger.ts';
import type { Batches } from './open-batches.ts';
import { saidBy, type Verdicts } from './verdicts.ts';

export interface LedgerOptions {
  /** Null: kept for this run alone, in a file without a name. */
  path: string | null;
  /** What its answers are; null: as the first one is. */
  simulated: boolean | null;
  /** Told once if it can't be written any more. */
  failed: (failure: Failure) => void;
  clock: Clock;
}

/** What can be told of a ledger that is open. */
export interface LedgerState {
  /** Null: it has none, and is gone after this run. */
  path: string | null;
  /** True if it is not there yet: it is made when there is something to keep. */
  isNew: boolean;
  /** Lines that could not be read. */
  unread: number;
}

export interface Ledger extends KnownAnswers, LedgerState {
  verdicts: Verdicts;
  /** Within the 24 hours before it was opened. */
  spent: Loaded['spent'];
  /** Resolves when the answer is written; it must not be used before. */
  keep: (
    answer: Exclude<Answer, NoAnswer>,
    ticket: Pick<Ticket, 'textHash' | 'language'>,
    asker: Asker,
    playbook: string,
  ) => Promise<void>;
  /** Notes what calls without an answer may have cost. */
  keepLost: (asked: Pick<NoAnswer, 'model' | 'unknown' | 'unknownCost'>) => void;
  keepVerdict: (verdict: VerdictLine) => void;
  batches: Batches;
  /** Notes what becomes of a batch, or what it did not answer; `sync` tells when it is kept. */
  keepBatch: (line: BatchLine | UnansweredLine) => void;
  /** Says what this run's answers are, before the first one has come. */
  isFor: (simulated: boolean) => void;
  /** Resolves when all that was kept is on the disk. @throws Failure if it never will be */
  sync: () => Promise<void>;
  /** The line at an offset. */
  read: LineFile['read'];
  /** @throws Failure if the last of what was kept did not reach the disk; what failed before was told. */
  close: () => Promise<void>;
}

/**
 * @param loaded what it holds by now
 * @param open opens the file, at the first line that is written or read
 */
export function ledgerOver(
  { path, simulated, failed, clock }: LedgerOptions,
  { header, answers, verdicts, batches, unread, size, torn, spent }: Loaded,
  open: () => number,
  unlock: () => Promise<void>,
): Ledger {
  const name = path ?? 'the ledger of this run';
  let failure: Failure | null = null;
  const file = lineFile(open, size, torn, (error) => {
    failure = failures.ledgerFailed(name, diskError(error));
    failed(failure);
  });
  let kind = header?.simulated ?? simulated;
  let isEmpty = header === null;
  let isClosed = false;
  /** Verdicts from before the first answer, which tells the kind of a new ledger. */
  const early: VerdictLine[] = [];
  let isMixed = false;

  function write(
    line: AnswerLine | VerdictLine | LostLine | BatchLine | UnansweredLine,
  ): number | null {
    if (isClosed || isMixed || kind === null) return null;
    if (isEmpty) file.append(JSON.stringify(headerFor(kind, clock.now())));
    isEmpty = false;
    const text = JSON.stringify(line);
    // What can't be read again would be paid for again, each time.
    if (readLine(text) === null) throw new Error(`no line of a ledger: ${text}`);
    return file.append(text);
  }

  function isFor(simulatedOnes: boolean): void {
    kind ??= simulatedOnes;
    if (kind === simulatedOnes) return;
    // Verdicts of such answers must not be in it either.
    isMixed = true;
    failed(failures.ledgerOfOtherKind(name, kind));
  }

  async function keep(...[answer, ticket, asker, playbook]: Parameters<Ledger['keep']>) {
    isFor(answer.simulated);
    if (isMixed) return;
    for (const verdict of early.splice(0)) keepVerdict(verdict);
    const line = answerLine(answer, ticket, asker, playbook);
    const offset = write(line);
    await file.written();
    if (offset !== null) answers.note(line, offset);
  }

  function keepLost({ model, unknown, unknownCost }: Parameters<Ledger['keepLost']>[0]): void {
    if (unknown === 0) return;
    const time = new Date(clock.now()).toISOString();
    write({ kind: 'lost', time, model, calls: unknown, at_most_usd: Number(usd(unknownCost)) });
  }

  function keepVerdict(verdict: VerdictLine): void {
    if (kind === null) early.push(verdict);
    const offset = write(verdict);
    if (offset !== null) verdicts.note({ ...verdict, said: saidBy(verdict) }, offset);
  }

  function keepBatch(line: BatchLine | UnansweredLine): void {
    if (write(line) !== null) batches.note(line);
  }

  async function close(): Promise<void> {
    if (isClosed) return;
    isClosed = true;
    const before = failure;
    await file.close();
    await unlock();
    if (failure !== before && path !== null) throw failure;
  }

  async function sync(): Promise<void> {
    // Of what is gone after this run nothing needs to last.
    if (path === null) return;
    await file.sync();
    if (failure) throw failure;
  }

  return {
    ...knownAnswers(answers, file.read),
    isNew: header === null,
    path,
    unread,
    spent,
    verdicts,
    keep,
    keepLost,
    keepVerdict,
    batches,
    keepBatch,
    isFor,
    sync,
    close,
    read: file.read,
  };
}

export function headerFor(simulated: boolean, now: number): Header {
  return { format: FORMAT, version: VERSION, simulated, created_at: new Date(now).toISOString() };
}

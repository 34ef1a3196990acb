// Paid answers and verdicts, on disk and by key.
import {
  accessSync,
  constants,
  mkdtempSync,
  openSync,
  rmSync,
  statSync,
  type Stats,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { usd } from '../ground/money.ts';
import type { Clock } from '../ground/clock.ts';
import { diskError } from '../ground/disk-error.ts';
import { failures, type Failure } from '../ground/errors.ts';
import { answerKey, type Asker } from '../ground/keys.ts';
import type { Answer, NoAnswer, Ticket } from '../ticket.ts';
import { answerLine } from './answer-line.ts';
import { createAnswers, isOf, isOfOtherPlaybook, type Answers, type Source } from './answers.ts';
import {
  FORMAT,
  readAnswerLine,
  VERSION,
  type AnswerLine,
  type BatchLine,
  type Header,
  type LostLine,
  type UnansweredLine,
  type VerdictLine,
} from './format.ts';
import { lineFile, type LineFile } from './line-file.ts';
import { loadLedger, type Loaded } from './load-ledger.ts';
import { lockFile } from '../ground/lock.ts';
import { removeDraft } from './rewrite-ledger.ts';
import { createBatches, type Batches } from './open-batches.ts';
import { createVerdicts, saidBy, type Verdicts } from './verdicts.ts';

const DAY_MS = 24 * 60 * 60 * 1000;

/** From so many answers their mean cost is taken. */
const COSTS = 500;

export interface LedgerOptions {
  /** Null: kept for this run alone, in a file without a name. */
  path: string | null;
  /** What its answers are; null: as the first one is. */
  simulated: boolean | null;
  /** Told once if it can't be written any more. */
  failed: (failure: Failure) => void;
  clock: Clock;
}

/** What can be looked up, in a ledger that is open for a run or only read. */
export interface KnownAnswers {
  answers: Answers;
  /** The newest answer to the asker's question about a text. */
  find: (asker: Asker, text: string) => AnswerLine | null;
  /** The newest of the asker's model at its host under another playbook. */
  findOfOtherPlaybook: (asker: Asker, text: string) => AnswerLine | null;
  /** All answers about a text, the newest first. */
  about: (text: string) => AnswerLine[];
  /** The asker's own answers, the newest first, at most so many. */
  newestOf: (asker: Asker, most: number) => AnswerLine[];
  /** Of a text that any model has answered about; undefined of another. */
  languageOf: (text: string) => string | null | undefined;
  /**
   * Texts that an asker's model answered at its host, but under other playbooks alone; and what
   * asking about them costs if it costs what it did, in US dollars, judged by some of them.
   */
  stale: (askers: readonly Asker[]) => { texts: number; cost: number };
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

export interface LedgerReader extends KnownAnswers, LedgerState {
  /** Whether its answers are made up; null while it has none. */
  simulated: boolean | null;
  batches: Batches;
  verdicts: Verdicts;
  /** The line at an offset. */
  read: LineFile['read'];
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
  /** Resolves when all that was kept is on the disk. */
  sync: () => Promise<void>;
  /** The line at an offset. */
  read: LineFile['read'];
  close: () => Promise<void>;
}

/**
 * @throws Failure if another run has it, if it can't be read or written, is no ledger, of a later
 *   version, or not of the kind of this run's answers.
 */
export async function openLedger(options: LedgerOptions): Promise<Ledger> {
  const { path } = options;
  if (path === null) return opened(options, nothing(), openNameless, async () => {});
  refuseUnwritable(path, place(path).isNew);
  const lock = await lockFile(path);
  try {
    await removeDraft(path);
    // Until now another run could make it.
    const { isNew, open } = place(path);
    const loaded = isNew ? nothing() : await loadLedger(path, options.clock.now() - DAY_MS);
    refuseOtherKind(path, loaded, options.simulated);
    const { simulated, clock } = options;
    if (isNew && simulated !== null) begin(path, headerFor(simulated, clock.now()), loaded);
    return opened(options, loaded, open, lock.release);
  } catch (error) {
    await lock.release();
    throw error;
  }
}

/**
 * To look up, not to write: another run may have it open. A ledger that is not there is an empty one.
 * @param path null: there is none
 */
export async function readLedger(path: string | null, clock: Clock): Promise<LedgerReader> {
  if (path === null || place(path).isNew) {
    const { answers, batches, verdicts, unread } = nothing();
    const read = () => '';
    const lines = { batches, verdicts, read };
    return { ...known(answers, read), ...lines, path, isNew: true, unread, simulated: null };
  }
  const loaded = await loadLedger(path, clock.now());
  const file = lineFile(
    () => openSync(path, 'r'),
    loaded.size,
    false,
    () => {},
  );
  const { answers, batches, verdicts, header, unread } = loaded;
  const simulated = header?.simulated ?? null;
  const lines = { batches, verdicts, read: file.read };
  return {
    ...known(answers, file.read),
    ...lines,
    path,
    isNew: header === null,
    unread,
    simulated,
  };
}

function place(path: string): { isNew: boolean; open: () => number } {
  const existing = existingAt(path);
  if (existing && !existing.isFile()) throw failures.ledgerNoFile(path, existing.isDirectory());
  return { isNew: !existing, open: () => openSync(path, 'a+', 0o600) };
}

/** Undefined if there is nothing, but could be. */
function existingAt(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch (error) {
    throw failures.ledgerUnwritable(path, diskError(error));
  }
}

/** Before a cent is spent. */
function refuseUnwritable(path: string, isNew: boolean): void {
  try {
    accessSync(isNew ? dirname(resolve(path)) : path, constants.R_OK | constants.W_OK);
  } catch (error) {
    throw failures.ledgerUnwritable(path, diskError(error));
  }
}

/** A disk that has no room for the first line has none for answers: better told before they are paid for. */
function begin(path: string, header: Header, loaded: Loaded): void {
  const line = `${JSON.stringify(header)}\n`;
  try {
    writeFileSync(path, line, { flag: 'ax', mode: 0o600, flush: true });
  } catch (error) {
    rmSync(path, { force: true });
    throw failures.ledgerUnwritable(path, diskError(error));
  }
  loaded.header = header;
  loaded.size = Buffer.byteLength(line);
}

/** It has no name any more once it is open, so that nothing of it is left behind. */
function openNameless(): number {
  const folder = mkdtempSync(join(tmpdir(), 'ticket-classify-'));
  try {
    return openSync(join(folder, 'ledger.jsonl'), 'ax+', 0o600);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function nothing(): Loaded {
  return {
    isNew: true,
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

function refuseOtherKind(path: string, { header }: Loaded, simulated: boolean | null): void {
  if (header === null || simulated === null || header.simulated === simulated) return;
  throw failures.ledgerOfOtherKind(path, header.simulated);
}

function opened(
  { path, simulated, failed, clock }: LedgerOptions,
  { isNew, header, answers, verdicts, batches, unread, size, torn, spent }: Loaded,
  open: () => number,
  unlock: () => Promise<void>,
): Ledger {
  const name = path ?? 'the ledger of this run';
  const file = lineFile(open, size, torn, (error) =>
    failed(failures.ledgerFailed(name, diskError(error))),
  );
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
    return file.append(JSON.stringify(line));
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
    file.close();
    await unlock();
  }

  return {
    ...known(answers, file.read),
    isNew,
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
    sync: file.sync,
    close,
    read: file.read,
  };
}

function headerFor(simulated: boolean, now: number): Header {
  return { format: FORMAT, version: VERSION, simulated, created_at: new Date(now).toISOString() };
}

function known(answers: Answers, read: LineFile['read']): KnownAnswers {
  // A ticket's text is looked up for its language first, and for its answer right after.
  let lastRead: { offset: number; line: AnswerLine | null } | null = null;

  function lineAt(offset: number): AnswerLine | null {
    if (lastRead?.offset !== offset) lastRead = { offset, line: readAnswerLine(read(offset)) };
    return lastRead.line;
  }

  /** The newest that can be read. */
  function newest(text: string, isMeant: (source: Source) => boolean): AnswerLine | null {
    for (const { source, offset } of answers.about(text)) {
      const line = isMeant(source) ? lineAt(offset) : null;
      if (line?.text === text) return line;
    }
    return null;
  }

  return {
    answers,
    find(asker, text) {
      const line = newest(text, (source) => isOf(source, asker));
      return line?.key === answerKey(asker, text) ? line : null;
    },
    findOfOtherPlaybook: (asker, text) =>
      newest(text, (source) => isOfOtherPlaybook(source, asker)),
    about: (text) => answers.about(text).flatMap(({ offset }) => lineAt(offset) ?? []),
    newestOf: (asker, most) =>
      answers.newestOf(asker, most).flatMap((offset) => readAnswerLine(read(offset)) ?? []),
    languageOf(text) {
      const line = newest(text, () => true);
      return line ? line.language : undefined;
    },
    stale(askers) {
      const stale = askers.flatMap((asker) => answers.stale(asker));
      const step = Math.ceil(stale.length / COSTS);
      const costs = stale
        .filter((_, at) => at % step === 0)
        .map(({ offset }) => lineAt(offset)?.cost_usd ?? 0);
      const sum = costs.reduce((all, cost) => all + cost, 0);
      const texts = new Set(stale.map(({ text }) => text)).size;
      return { texts, cost: (sum / Math.max(1, costs.length)) * stale.length };
    },
  };
}

// A path in; the ledger there, locked and open for a run, or only to be looked up, out.
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
import type { Clock } from '../ground/clock.ts';
import { diskError } from '../ground/disk-error.ts';
import { failures } from '../ground/errors.ts';
import { lockFile } from '../ground/lock.ts';
import type { Header } from './format.ts';
import { knownAnswers, type KnownAnswers } from './known-answers.ts';
import {
  headerFor,
  ledgerOver,
  type Ledger,
  type LedgerOptions,
  type LedgerState,
} from './ledger.ts';
import { lineFile, type LineFile } from './line-file.ts';
import { loadLedger, nothingLoaded, type Loaded } from './load-ledger.ts';
import type { Batches } from './open-batches.ts';
import { removeDraft } from './rewrite-ledger.ts';
import type { Verdicts } from './verdicts.ts';

const DAY_MS = 24 * 60 * 60 * 1000;

export interface LedgerReader extends KnownAnswers, LedgerState {
  /** Whether its answers are made up; null while it has none. */
  simulated: boolean | null;
  batches: Batches;
  verdicts: Verdicts;
  /** The line at an offset. */
  read: LineFile['read'];
}

/**
 * @throws Failure if another run has it, if it can't be read or written, is no ledger, of a later
 *   version, or not of the kind of this run's answers.
 */
export async function openLedger(options: LedgerOptions): Promise<Ledger> {
  const { path } = options;
  if (path === null) return ledgerOver(options, nothingLoaded(), openNameless, async () => {});
  refuseUnwritable(path, place(path).isNew);
  const lock = await lockFile(path);
  try {
    await removeDraft(path);
    // Until now another run could make it.
    const { isNew, open } = place(path);
    const loaded = isNew ? nothingLoaded() : await loadLedger(path, options.clock.now() - DAY_MS);
    refuseOtherKind(path, loaded, options.simulated);
    const { simulated, clock } = options;
    if (isNew && simulated !== null) begin(path, headerFor(simulated, clock.now()), loaded);
    return ledgerOver(options, loaded, open, lock.release);
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
    const { answers, batches, verdicts, unread } = nothingLoaded();
    const read = () => '';
    const lines = { batches, verdicts, read };
    return { ...knownAnswers(answers, read), ...lines, path, isNew: true, unread, simulated: null };
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
    ...knownAnswers(answers, file.read),
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

function refuseOtherKind(path: string, { header }: Loaded, simulated: boolean | null): void {
  if (header === null || simulated === null || header.simulated === simulated) return;
  throw failures.ledgerOfOtherKind(path, header.simulated);
}

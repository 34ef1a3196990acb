// All lines of a ledger after its header, one after the other.
import { accessSync, constants, statSync } from 'node:fs';
import { diskError } from '../ground/disk-error.ts';
import { Failure, failures } from '../ground/errors.ts';
import { readLine, type Header, type Line } from './format.ts';
import { headerOf } from './load-ledger.ts';
import { scanLines } from './scan-lines.ts';
import { skimLine, type Skimmed } from './skim-line.ts';

/** Where a line stands: its first byte, and the first after its end. */
export interface Place {
  from: number;
  to: number;
}

/**
 * @param visit called with at least the head of each line; with null for one that can't be read
 * @returns null for a ledger without anything in it
 * @throws Failure if there is none, or if it can't be read, is no ledger or of a later version
 */
export async function scanLedger(
  path: string,
  visit: (head: Skimmed | Line | null, place: Place, line: string) => void,
): Promise<Header | null> {
  refuseUnreadable(path);
  let header: Header | null = null;
  let end = 0;
  function visitLine(text: string, from: number, to: number): void {
    end = to;
    if (text === '') return;
    if (header === null) header = headerOf(path, text);
    else visit(skimLine(text) ?? readLine(text), { from, to }, text);
  }
  const { size, rest } = await scanLines(path, visitLine);
  if (rest !== '') visitLine(rest, end, size);
  return header;
}

function refuseUnreadable(path: string): void {
  try {
    const existing = statSync(path, { throwIfNoEntry: false });
    if (!existing) throw failures.ledgerMissing(path);
    if (!existing.isFile()) throw failures.ledgerNoFile(path, existing.isDirectory());
    accessSync(path, constants.R_OK);
  } catch (error) {
    if (error instanceof Failure) throw error;
    throw failures.fileUnreadable(path, diskError(error));
  }
}

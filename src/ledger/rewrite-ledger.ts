// A ledger without some of its lines, in its place: after a crash at any moment it is the old or the new one.
import { createReadStream, createWriteStream } from 'node:fs';
import { open, realpath, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { diskError } from '../ground/disk-error.ts';
import { failures } from '../ground/errors.ts';
import type { Place } from './scan-ledger.ts';

export interface Cut extends Pick<Place, 'from' | 'to'> {
  /** What stands there from now on. */
  instead: string;
}

/**
 * All else is copied byte for byte.
 * @param path of the file itself: a link would be replaced, and the file stay as it was
 * @param cuts in the order of the file
 * @throws Failure if it can't be written; then it is as it was
 */
export async function rewriteLedger(path: string, cuts: readonly Cut[]): Promise<void> {
  const draft = draftOf(path);
  try {
    const { mode } = await stat(path);
    const whole = createWriteStream(draft, { flags: 'wx', mode: mode & 0o777, flush: true });
    await pipeline(withoutCuts(path, cuts), whole);
    await rename(draft, path);
    await syncFolder(dirname(path));
  } catch (error) {
    await rm(draft, { force: true });
    throw failures.ledgerFailed(path, diskError(error));
  }
}

/** What a crash left of a rewriting holds what was to be forgotten. */
export async function removeDraft(path: string): Promise<void> {
  const file = await realpath(path).catch(() => path);
  await rm(draftOf(file), { force: true });
}

function draftOf(path: string): string {
  return `${path}.rewriting`;
}

async function* withoutCuts(path: string, cuts: readonly Cut[]): AsyncGenerator {
  let at = 0;
  for (const { from, to, instead } of cuts) {
    if (from > at) yield* createReadStream(path, { start: at, end: from - 1 });
    if (instead !== '') yield instead;
    at = to;
  }
  yield* createReadStream(path, { start: at });
}

async function syncFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

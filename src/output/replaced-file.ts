// A path in; the file that is to be replaced there, once its successor is whole, out.
import { chmod, chown, readlink, stat } from 'node:fs/promises';
import type { Stats } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { failures } from '../ground/errors.ts';

export interface ReplacedFile {
  /** Of the file itself: a link to it stays one. */
  path: string;
  /** Where the new one is written, beside it. */
  partial: string;
  /** What is no plain file (a pipe, /dev/stdout) is written to, and not replaced. */
  direct: boolean;
  /** Null: there is none yet. */
  existing: Stats | null;
}

/** @throws Failure for links that lead in a circle */
export async function replacedFile(given: string): Promise<ReplacedFile> {
  const path = await linkedTo(given);
  const existing = await stat(path).catch(() => null);
  const direct = existing !== null && !existing.isFile();
  return { path, partial: direct ? path : `${path}.partial`, direct, existing };
}

/** More links on the way to a file than any system follows. */
const LINKS = 40;

/** Also where nothing is there yet, which the system's own ways refuse. */
async function linkedTo(given: string): Promise<string> {
  let path = given;
  for (let links = 0; links < LINKS; links++) {
    const link = await readlink(path).catch(() => null);
    if (link === null) return path;
    path = resolve(dirname(path), link);
  }
  throw failures.outputUnwritable(given, 'its links lead in a circle');
}

/** With which mode the new file is to be made: nobody else reads it before it has its rights. */
export function firstMode({ existing }: ReplacedFile): number {
  return existing === null ? 0o666 : 0o600;
}

/** What few may read stays so. Where its group can't be given, the group that it has gains nothing. */
export async function takeRights({ partial, existing, direct }: ReplacedFile): Promise<void> {
  if (existing === null || direct) return;
  const { uid, gid, mode } = existing;
  const own = await stat(partial);
  const isGiven = (await gives(partial, uid, gid)) || (await gives(partial, own.uid, gid));
  await chmod(partial, mode & (isGiven ? 0o777 : 0o707)).catch(() => {});
}

function gives(path: string, uid: number, gid: number): Promise<boolean> {
  return chown(path, uid, gid).then(
    () => true,
    () => false,
  );
}

// stdin, which comes but once → a file that can be read again and again.
import { randomBytes } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { diskError } from '../ground/disk-error.ts';
import { failures } from '../ground/errors.ts';

export interface Spool {
  open: () => Readable;
  /** Once nobody else may have one beside the same ledger: takes the place of what a crash has left. */
  settle: () => Promise<void>;
  remove: () => Promise<void>;
}

/**
 * @param beside the ledger; the file is readable to nobody else
 * @param stop aborted: the rest is not waited for
 * @throws Failure if it can't be written; what `stop` is aborted with
 */
export async function spool(stdin: Readable, beside: string, stop: AbortSignal): Promise<Spool> {
  let path = `${beside}.stdin-${randomBytes(4).toString('hex')}`;
  try {
    const file = createWriteStream(path, { flags: 'wx', mode: 0o600 });
    await pipeline(stdin, file, { signal: stop });
  } catch (error) {
    await rm(path, { force: true });
    stop.throwIfAborted();
    throw failures.outputUnwritable(path, diskError(error));
  }
  return {
    open: () => createReadStream(path),
    async settle() {
      const place = `${beside}.stdin`;
      await rename(path, place);
      path = place;
    },
    remove: () => rm(path, { force: true }),
  };
}

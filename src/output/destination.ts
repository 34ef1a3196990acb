// Where rows go: stdout, or a file that is whole or not there.
import { once } from 'node:events';
import { createWriteStream, type WriteStream } from 'node:fs';
import { rename, rm, stat } from 'node:fs/promises';
import type { Writable } from 'node:stream';
import { codeOf, diskError } from '../ground/disk-error.ts';
import { EXIT, Failure, failures, ReaderGone } from '../ground/errors.ts';
import { flushed } from '../ground/flushed.ts';
import { lockFile } from '../ground/lock.ts';
import { firstMode, replacedFile, takeRights, type ReplacedFile } from './replaced-file.ts';

/** So much is written to a file at once. */
const CHUNK = 64 * 1024;

export interface Destination {
  /** For people: the path, or `stdout`. */
  name: string;
  /** Resolves when more may be written. */
  write: (text: string) => Promise<void>;
  /** The run is complete: the file gets its name. Rejects if not all could be written. */
  finish: () => Promise<void>;
  /**
   * The run ended early; `worth` says whether there are rows to keep.
   * Where they are; null if they went to stdout or a device, or there are none.
   */
  abandon: (worth: boolean) => Promise<string | null>;
}

/** @param lost called at once when nothing can be written any more, even between two writes */
export function toStream(stream: Writable, lost: (reason: Error) => void): Destination {
  const { write, flush } = writerTo(stream, 'stdout', lost);
  return {
    name: 'stdout',
    write,
    async finish() {
      flush();
      const error = await flushed(stream);
      if (error) throw writeFailure('stdout', error);
    },
    async abandon() {
      flush();
      return null;
    },
  };
}

/**
 * Writes to a `.partial` beside the file, which gets its name and rights when all is written and on
 * the disk. What is no plain file (a pipe, /dev/stdout) is written directly.
 * @param remembered whether the answers of an earlier run are in a ledger, so that its partial rows
 *   may go
 * @throws Failure if they are not, and there are such rows: they were paid for
 */
export async function toFile(
  path: string,
  remembered: boolean,
  lost: (reason: Error) => void,
): Promise<Destination> {
  const replaced = await replacedFile(path);
  const { partial, direct } = replaced;
  const lock = direct ? null : await lockPartial(path, partial);
  let isWhole = false;
  let stream: WriteStream;
  try {
    if (remembered && !direct) await rm(partial, { force: true });
    stream = createWriteStream(partial, {
      flags: direct ? 'w' : 'wx',
      mode: firstMode(replaced),
      flush: !direct,
      highWaterMark: CHUNK,
    });
    await once(stream, 'open');
    await takeRights(replaced);
  } catch (error) {
    await lock?.release();
    throw openFailure(partial, error);
  }
  const { write, flush, failed } = writerTo(stream, partial, lost);
  const close = async () => {
    flush();
    stream.end();
    // Only once it is closed all of it is on the disk, and all errors are known.
    if (!stream.closed) {
      await new Promise<void>((resolve) => stream.once('close', () => resolve()));
    }
  };
  return {
    name: path,
    write,
    async finish() {
      await close();
      // What was gathered last can fail when no other write is left to say so.
      const failure = failed();
      if (failure) throw failure;
      if (!direct) await named(replaced);
      isWhole = true;
      await lock?.release();
    },
    async abandon(worth) {
      if (isWhole) return null;
      await close();
      if (!direct && !worth) await rm(partial, { force: true });
      await lock?.release();
      return direct || !worth ? null : partial;
    },
  };
}

async function named({ partial, path }: ReplacedFile): Promise<void> {
  try {
    await rename(partial, path);
  } catch (error) {
    throw failures.outputFailed(path, diskError(error));
  }
}

/** Two runs with one output would mix their rows. Null where there can be no lock. */
async function lockPartial(path: string, partial: string) {
  try {
    return await lockFile(partial);
  } catch (error) {
    if (error instanceof Failure && error.exit === EXIT.later) throw failures.outputInUse(path);
    // What is wrong with the folder is told by opening the file.
    return null;
  }
}

/** Whether both paths lead to one existing file, by links of either kind too. */
export async function isSameFile(a: string, b: string): Promise<boolean> {
  const [one, other] = await Promise.all([a, b].map((path) => stat(path).catch(() => null)));
  return Boolean(one && other && one.ino === other.ino && one.dev === other.dev);
}

/**
 * A write for each row would take longer than making the row: rows are gathered until the stream has
 * enough for one, or the tick ends, so that a slow run shows each row as it comes.
 */
function writerTo(stream: Writable, name: string, lost: (reason: Error) => void) {
  let gathered = '';
  let failure: Error | null = null;
  const waiting = new Set<() => void>();
  const wake = () => {
    for (const resume of waiting) resume();
    waiting.clear();
  };
  stream.on('drain', wake);
  stream.on('error', (error) => {
    failure ??= writeFailure(name, error);
    lost(failure);
    wake();
  });
  return { write, flush, failed: () => failure };

  async function write(text: string): Promise<void> {
    if (failure) throw failure;
    if (gathered === '') setImmediate(flush);
    gathered += text;
    if (gathered.length >= stream.writableHighWaterMark) flush();
    if (!stream.writableNeedDrain) return;
    await new Promise<void>((resolve) => waiting.add(resolve));
    if (failure) throw failure;
  }

  function flush(): void {
    const text = gathered;
    gathered = '';
    if (text !== '') stream.write(text);
  }
}

function openFailure(path: string, error: unknown): Failure {
  return codeOf(error) === 'EEXIST'
    ? failures.partialExists(path)
    : failures.outputUnwritable(path, diskError(error));
}

function writeFailure(path: string, error: Error): Failure | ReaderGone {
  if (codeOf(error) === 'EPIPE') return new ReaderGone();
  return failures.outputFailed(path, diskError(error));
}

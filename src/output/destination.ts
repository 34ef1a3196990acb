// Where rows go: stdout, or a file that is whole or not there.
import { createWriteStream } from 'node:fs';
import { rename, rm, stat } from 'node:fs/promises';
import type { Writable } from 'node:stream';
import { Failure, failures, ReaderGone } from '../errors.ts';

export interface Destination {
  /** For people: the path, or `stdout`. */
  name: string;
  /** Resolves when more may be written. */
  write: (text: string) => Promise<void>;
  /** The run is complete: the file gets its name. */
  finish: () => Promise<void>;
  /**
   * The run ended early; `worth` says whether there are rows to keep.
   * Where they are; null if they went to stdout or a device, or there are none.
   */
  abandon: (worth: boolean) => Promise<string | null>;
}

/** @param lost called at once when nothing can be written any more, even between two writes */
export function toStream(stream: Writable, lost: (reason: Error) => void): Destination {
  const write = writerTo(stream, 'stdout', lost);
  return { name: 'stdout', write, finish: async () => {}, abandon: async () => null };
}

/**
 * Writes to `<path>.partial`, which gets the name `path` when all is written and on the disk.
 * What is no plain file (a pipe, /dev/stdout) is written directly.
 * @throws Failure if the partial of an earlier run is there: its rows were paid for
 */
export async function toFile(path: string, lost: (reason: Error) => void): Promise<Destination> {
  const existing = await stat(path).catch(() => null);
  const direct = existing !== null && !existing.isFile();
  const target = direct ? path : `${path}.partial`;
  const stream = createWriteStream(target, { flags: direct ? 'w' : 'wx', flush: !direct });
  await new Promise<void>((resolve, reject) => {
    stream.once('open', () => resolve());
    stream.once('error', (error) => reject(openFailure(target, error)));
  });
  const close = () => new Promise<void>((resolve) => stream.end(resolve));
  return {
    name: path,
    write: writerTo(stream, target, lost),
    async finish() {
      await close();
      if (!direct) await rename(target, path);
    },
    async abandon(worth) {
      await close();
      if (direct || worth) return direct ? null : target;
      await rm(target, { force: true });
      return null;
    },
  };
}

/** Whether both paths lead to one existing file, by links of either kind too. */
export async function isSameFile(a: string, b: string): Promise<boolean> {
  const [one, other] = await Promise.all([a, b].map((path) => stat(path).catch(() => null)));
  return Boolean(one && other && one.ino === other.ino && one.dev === other.dev);
}

function writerTo(stream: Writable, name: string, lost: (reason: Error) => void) {
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
  return async function write(text: string): Promise<void> {
    if (failure) throw failure;
    if (stream.write(text)) return;
    await new Promise<void>((resolve) => waiting.add(resolve));
    if (failure) throw failure;
  };
}

const WORDS: Record<string, string> = {
  ENOENT: 'its folder does not exist',
  EACCES: 'permission denied',
  EROFS: 'the disk is read-only',
  ENOSPC: 'the disk is full',
};

function openFailure(path: string, error: Error): Failure {
  return codeOf(error) === 'EEXIST'
    ? failures.partialExists(path)
    : failures.outputUnwritable(path, WORDS[codeOf(error)] ?? error.message);
}

function writeFailure(path: string, error: Error): Failure | ReaderGone {
  if (codeOf(error) === 'EPIPE') return new ReaderGone();
  return failures.outputFailed(path, WORDS[codeOf(error)] ?? error.message);
}

function codeOf(error: Error): string {
  return 'code' in error ? String(error.code) : '';
}

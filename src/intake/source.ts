// A path, or stdin → its bytes, as they come.
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { failures } from '../ground/errors.ts';

export const STDIN = '-';

export interface Source {
  /** As given, or `stdin`. */
  name: string;
  /** In bytes; null for what is no plain file: its size is not known, and it comes but once. */
  size: number | null;
  chunks: AsyncIterable<Buffer>;
}

const CHUNK = 64 * 1024;

/** @throws Failure if the file can't be read; named pipes and devices can. */
export async function openSource(path: string, stdin: Readable): Promise<Source> {
  if (path === STDIN) return { name: 'stdin', size: null, chunks: stdin };
  const found = await stat(path).catch((error: unknown) => {
    throw nodeError(path, error);
  });
  if (found.isDirectory()) throw failures.fileUnreadable(path, 'it is a folder');
  return { name: path, size: found.isFile() ? found.size : null, chunks: read(path) };
}

async function* read(path: string): AsyncGenerator<Buffer> {
  try {
    yield* createReadStream(path, { highWaterMark: CHUNK });
  } catch (error) {
    throw nodeError(path, error);
  }
}

const WORDS: Record<string, string> = {
  ENOENT: 'there is no such file',
  EACCES: 'permission denied',
  EISDIR: 'it is a folder',
};

function nodeError(path: string, error: unknown): unknown {
  if (!(error instanceof Error) || !('code' in error)) return error;
  return failures.fileUnreadable(path, WORDS[String(error.code)] ?? error.message);
}

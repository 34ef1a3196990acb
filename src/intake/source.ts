// A path, or stdin → its bytes, as they come.
import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { failures } from '../errors.ts';

export const STDIN = '-';

export interface Source {
  /** As given, or `stdin`. */
  name: string;
  /** In bytes; null if it is not known before the end. */
  size: number | null;
  chunks: AsyncIterable<Buffer>;
}

const CHUNK = 64 * 1024;

/** @throws Failure if the file can't be read; named pipes and devices can. */
export async function openSource(path: string, stdin: Readable): Promise<Source> {
  if (path === STDIN) return { name: 'stdin', size: null, chunks: stdin };
  try {
    const file = await open(path, constants.O_RDONLY);
    const stat = await file.stat();
    if (stat.isDirectory()) {
      await file.close();
      throw failures.fileUnreadable(path, 'it is a folder');
    }
    return { name: path, size: stat.isFile() ? stat.size : null, chunks: read(file) };
  } catch (error) {
    throw nodeError(path, error);
  }
}

function read(file: FileHandle): AsyncIterable<Buffer> {
  return file.createReadStream({ highWaterMark: CHUNK });
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

// Lines at the end of a file: written before they are used, on the disk within 100 ms.
import { closeSync, fdatasync, readSync, writeSync } from 'node:fs';

/** So long a line may be written but not yet on the disk. */
const SYNC_WITHIN_MS = 100;

const LF = 10;
const CR = 13;
/** Read at once. */
const PAGE_BYTES = 16 * 1024;

export interface LineFile {
  /**
   * Queues a line (without its end). Lines that come with no wait between them are written together.
   * @returns where it will stand, in bytes from the start of the file
   */
  append: (line: string) => number;
  /** Resolves when all that was appended is written, and no kill can take it back; or has failed. */
  written: () => Promise<void>;
  /** The line that begins at an offset; one that was only appended is written first. */
  read: (offset: number) => string;
  /** Writes what was appended, and resolves when all of it is on the disk, or has failed. */
  sync: () => Promise<void>;
  /** Writes, syncs and closes; resolves when all is on the disk, or has failed. */
  close: () => Promise<void>;
}

/**
 * Writes are synchronous: to the page cache a group of lines takes microseconds, and a crash finds
 * nothing half done.
 * @param open opens the file, at the first line that is written or read
 * @param size of the file in bytes; lines begin there
 * @param torn whether the file ends inside a line: that is stepped over, never cut off
 * @param failed told once of a write or a sync that failed; from then on nothing is written
 */
export function lineFile(
  open: () => number,
  size: number,
  torn: boolean,
  failed: (error: Error) => void,
): LineFile {
  let file: number | null = null;
  let queue: string[] = [];
  let end = size;
  let writtenTo = size;
  let failure: Error | null = null;
  let flushing: Promise<void> | null = null;
  let soon: NodeJS.Timeout | null = null;
  /** Resolves when all syncs that have begun are over. */
  let syncs = Promise.resolve();
  let isTorn = torn;
  // Lines that are asked for one after the other mostly stand so.
  let page = { offset: 0, bytes: Buffer.alloc(0) };

  function append(line: string): number {
    if (isTorn) {
      queue.push('');
      end += 1;
      isTorn = false;
    }
    const offset = end;
    queue.push(line);
    end += Buffer.byteLength(line) + 1;
    // Not by the end of the turn: by then other calls are out, and a kill would cost more than those.
    flushing ??= Promise.resolve().then(() => {
      flushing = null;
      flush();
    });
    return offset;
  }

  function flush(): void {
    if (failure || queue.length === 0) return;
    const bytes = Buffer.from(`${queue.join('\n')}\n`);
    queue = [];
    try {
      file ??= open();
      for (let done = 0; done < bytes.length;) done += writeSync(file, bytes, done);
      writtenTo += bytes.length;
    } catch (error) {
      fail(error);
      return;
    }
    soon ??= setTimeout(() => {
      soon = null;
      startSync();
    }, SYNC_WITHIN_MS).unref();
  }

  function startSync(): void {
    const own = file;
    if (own === null || failure) return;
    const done = new Promise<void>((resolve) => {
      fdatasync(own, (error) => {
        if (error) fail(error);
        resolve();
      });
    });
    syncs = syncs.then(() => done);
  }

  async function sync(): Promise<void> {
    flush();
    startSync();
    await syncs;
  }

  function fail(error: unknown): void {
    if (failure) return;
    failure = error instanceof Error ? error : new Error(String(error));
    failed(failure);
  }

  function read(offset: number): string {
    if (offset >= writtenTo) flush();
    file ??= open();
    for (let length = PAGE_BYTES; ; length *= 2) {
      const from = offset - page.offset;
      const isThere = from >= 0 && from < page.bytes.length;
      const lineEnd = isThere ? endOfLine(page.bytes, from) : -1;
      if (lineEnd >= 0) return page.bytes.toString('utf8', from, lineEnd);
      const bytes = Buffer.allocUnsafe(length);
      const got = readSync(file, bytes, 0, length, offset);
      page = { offset, bytes: bytes.subarray(0, got) };
      // Not even a line's end at the end of the file: it is no line.
      if (got < length && endOfLine(page.bytes, 0) < 0) return '';
    }
  }

  async function close(): Promise<void> {
    flush();
    // A sync that began while this one waits would find the file closed.
    if (soon) clearTimeout(soon);
    startSync();
    await syncs;
    const last = file;
    file = null;
    try {
      if (last !== null) closeSync(last);
    } catch (error) {
      fail(error);
    }
  }

  return { append, written: async () => flushing ?? undefined, read, sync, close };
}

/** Where it is, also of a line that another program has ended in its own way; -1 if there is none. */
function endOfLine(bytes: Buffer, from: number): number {
  const lf = bytes.indexOf(LF, from);
  const cr = bytes.indexOf(CR, from);
  return cr < 0 || (lf >= 0 && lf < cr) ? lf : cr;
}

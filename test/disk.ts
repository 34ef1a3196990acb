// What a power cut would leave of the files that this process writes. Node's own functions do their
// work as always, and are listened to.
import fs from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { onTestFinished, vi } from 'vitest';

export interface Disk {
  /** As much of a file as is on the disk for good; what was only written is not in it. */
  keeps: (path: string) => string;
  /** Files that got their name by a rename while bytes of theirs were not on the disk. */
  namedTooEarly: string[];
  /** Syncs that have begun and are not over. */
  syncing: () => number;
}

/**
 * Listens for the length of one test, also to files that are open already.
 * @param naming called before a file gets another name
 */
export async function watchDisk(
  naming: (from: string, to: string) => void = () => {},
): Promise<Disk> {
  /** Bytes, by the file's number. */
  const synced = new Map<number, number>();
  const namedTooEarly: string[] = [];
  let underWay = 0;

  /** What is written while it syncs need not be part of it. @returns to be called at its end */
  function begin(file: number): (error?: unknown) => void {
    const { ino, size } = fs.fstatSync(file);
    underWay++;
    return (error) => {
      underWay--;
      if (!error) synced.set(ino, size);
    };
  }

  for (const name of ['fsync', 'fdatasync'] as const) {
    const real = fs[name];
    vi.spyOn(fs, name).mockImplementation((file, done) => {
      const end = begin(file);
      real(file, (error) => {
        end(error);
        done(error);
      });
    });
  }
  for (const name of ['fsyncSync', 'fdatasyncSync'] as const) {
    const real = fs[name];
    vi.spyOn(fs, name).mockImplementation((file) => {
      const end = begin(file);
      real(file);
      end();
    });
  }
  const handles = await prototypeOfHandles();
  for (const name of ['sync', 'datasync'] as const) {
    const real = handles[name];
    vi.spyOn(handles, name).mockImplementation(async function (this: FileHandle) {
      const end = begin(this.fd);
      await real.call(this);
      end();
    });
  }
  const { rename } = fs.promises;
  vi.spyOn(fs.promises, 'rename').mockImplementation(async (from, to) => {
    const file = fs.statSync(from);
    if (file.isFile() && synced.get(file.ino) !== file.size) namedTooEarly.push(String(to));
    naming(String(from), String(to));
    await rename(from, to);
  });
  syncBuiltinESMExports();
  onTestFinished(() => {
    vi.restoreAllMocks();
    syncBuiltinESMExports();
  });
  return { keeps, namedTooEarly, syncing: () => underWay };

  function keeps(path: string): string {
    const { ino } = fs.statSync(path);
    return fs.readFileSync(path).toString('utf8', 0, synced.get(ino) ?? 0);
  }
}

async function prototypeOfHandles(): Promise<FileHandle> {
  const handle = await open(import.meta.filename);
  await handle.close();
  return Object.getPrototypeOf(handle);
}

/** For the length of one test a call fails: a write if `isMeant` says so of its text. */
export function failDisk(
  call: 'fsync' | 'fdatasync' | 'writeSync' | 'closeSync',
  code: 'EIO' | 'ENOSPC',
  isMeant: (text: string) => boolean = () => true,
): void {
  const error = () => Object.assign(new Error(`${code}: ${call}`), { code });
  if (call === 'fsync' || call === 'fdatasync') {
    vi.spyOn(fs, call).mockImplementation((_, done) => process.nextTick(done, error()));
  } else if (call === 'closeSync') {
    vi.spyOn(fs, call).mockImplementation(() => {
      throw error();
    });
  } else {
    const real = fs.writeSync;
    vi.spyOn(fs, call).mockImplementation((file: number, bytes: unknown, ...rest: unknown[]) => {
      if (isMeant(String(bytes))) throw error();
      return Reflect.apply(real, fs, [file, bytes, ...rest]);
    });
  }
  syncBuiltinESMExports();
  onTestFinished(() => {
    vi.restoreAllMocks();
    syncBuiltinESMExports();
  });
}

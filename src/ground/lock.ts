// The path of a ledger comes in; out goes the right to be the only run that writes to it.
import { createHash, randomBytes } from 'node:crypto';
import { lstat, mkdtemp, readdir, readlink, realpath, rename, rm, rmdir } from 'node:fs/promises';
import { connect, createServer, type Server } from 'node:net';
import { hostname, tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { getSystemErrorMap } from 'node:util';
import { codeOf } from './disk-error.ts';
import { failures } from './errors.ts';
import { isObject } from './is-object.ts';

interface Lock {
  /** May be called again. */
  release: () => Promise<void>;
}

/** Bytes; macOS allows the least. Node 20 cuts longer ones off and binds to what is left. */
const LONGEST_ADDRESS = 103;
const NO_SOCKETS_HERE = new Set(['ENOTSUP', 'EOPNOTSUPP', 'EPERM', 'EINVAL']);
/** Milliseconds; a holder that is busy accepts at once, but may answer late. */
const PATIENCE = 2000;

/**
 * The lock is a folder, `<ledger>.lock`, with one socket in it on which its holder listens: the
 * kernel closes it however the holder ends, and tells pids of two containers apart. Others are
 * kept out by two rules that need no timing. A folder appears under its name by a rename, with a
 * socket in it that listens already, and the rename fails while another socket is there. And a
 * socket's name is never used twice, so what is deleted is the dead one that was looked at.
 *
 * Holds among the runs of one machine; a socket on a network disk looks dead from another.
 * @throws Failure if another run has it, or if there can't be a lock
 */
export async function lockFile(path: string): Promise<Lock> {
  const ledger = await realLedger(path).catch((error: unknown) => {
    throw failures.ledgerFolderUnwritable(path, dirname(path), reason(error));
  });
  const hash = createHash('sha256').update(ledger).digest('hex').slice(0, 12);
  const elsewhere = `ticket-classify-${hash}`;
  if (process.platform === 'win32') return lockPipe(path, `\\\\.\\pipe\\${elsewhere}`);
  for (const place of [ledger, join(tmpdir(), elsewhere)]) {
    const lock = await lockFolder(path, `${place}.lock`);
    if (lock) return lock;
  }
  throw failures.ledgerWithoutLock(path, tmpdir());
}

/** One path for one file, by whatever links it is reached and also before it exists. */
async function realLedger(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
    const folder = await realpath(dirname(path));
    const target = await readlink(path).catch(() => null);
    return target === null ? join(folder, basename(path)) : realLedger(resolve(folder, target));
  }
}

/** Null where there can be no socket. */
async function lockFolder(path: string, lock: string): Promise<Lock | null> {
  const name = randomBytes(6).toString('base64url');
  if (Buffer.byteLength(join(`${lock}-XXXXXX`, name)) > LONGEST_ADDRESS) return null;
  await refuseIfHeld(path, lock);
  const claim = await mkdtemp(`${lock}-`).catch((error: unknown) => {
    throw failures.ledgerFolderUnwritable(path, dirname(lock), reason(error));
  });
  let server: Server | null = null;
  try {
    server = await listen(join(claim, name));
    while (!(await renamed(claim, lock))) await refuseIfHeld(path, lock);
  } catch (error) {
    server?.close();
    await rm(claim, { recursive: true, force: true });
    if (!server && NO_SOCKETS_HERE.has(codeOf(error))) return null;
    throw blocked(path, lock, error);
  }
  return {
    async release() {
      server.close();
      // What can't be deleted is dead by now, and in nobody's way.
      await rm(join(lock, name), { force: true }).catch(() => {});
      await rmdir(lock).catch(() => {});
    },
  };
}

/** False if another folder with something in it, or a file, has the name. */
async function renamed(claim: string, lock: string): Promise<boolean> {
  try {
    await rename(claim, lock);
    return true;
  } catch (error) {
    if (['ENOTEMPTY', 'EEXIST', 'ENOTDIR'].includes(codeOf(error))) return false;
    throw error;
  }
}

/** Returns when the lock is free; what a dead holder left is deleted. */
async function refuseIfHeld(path: string, lock: string): Promise<void> {
  try {
    if (!(await lstat(lock)).isDirectory()) throw failures.ledgerNoLock(path, lock);
    for (const name of await readdir(lock)) {
      const address = join(lock, name);
      if (!(await lstat(address)).isSocket()) throw failures.ledgerNoLock(path, address);
      const who = await ask(address);
      if (who !== null) throw failures.ledgerInUse(path, who);
      await rm(address, { force: true });
    }
  } catch (error) {
    // Released, or taken over by another, while we looked.
    if (codeOf(error) !== 'ENOENT') throw blocked(path, lock, error);
  }
}

/** On Windows a pipe's name is free as soon as its holder has ended. */
async function lockPipe(path: string, pipe: string): Promise<Lock> {
  for (;;) {
    try {
      const server = await listen(pipe);
      return { release: async () => void server.close() };
    } catch (error) {
      if (codeOf(error) !== 'EADDRINUSE') throw blocked(path, pipe, error);
    }
    const who = await ask(pipe);
    if (who !== null) throw failures.ledgerInUse(path, who);
  }
}

/** Tells each who connects that we hold the lock. Doesn't keep the process alive. */
function listen(address: string): Promise<Server> {
  const since = new Date().toISOString().replace(/\.\d+/, '');
  const line = `${JSON.stringify({ pid: process.pid, host: hostname(), since })}\n`;
  return new Promise((done, fail) => {
    const server = createServer((socket) => {
      socket.on('error', () => {});
      socket.unref();
      socket.end(line);
    });
    server.on('error', fail);
    server.unref();
    server.listen(address, () => done(server));
  });
}

/** Who listens there; an empty text if the answer is late or can't be read, null if nobody does. */
function ask(address: string): Promise<string | null> {
  return new Promise((done, fail) => {
    let said = '';
    const socket = connect(address);
    socket.setEncoding('utf8');
    socket.setTimeout(PATIENCE, () => socket.destroy());
    socket.on('data', (text) => (said += text));
    socket.on('error', (error) => {
      const code = codeOf(error);
      if (code === 'ECONNREFUSED' || code === 'ENOENT') done(null);
      if (code === 'EACCES' || code === 'EPERM') fail(error);
    });
    socket.on('close', () => done(describe(said)));
  });
}

function describe(said: string): string {
  try {
    const told: unknown = JSON.parse(said);
    if (!isObject(told)) return '';
    return `pid ${String(told.pid)} on host ${String(told.host)}, since ${String(told.since)}`;
  } catch {
    return '';
  }
}

function blocked(path: string, lock: string, error: unknown): unknown {
  const foreign = ['EACCES', 'EPERM'].includes(codeOf(error));
  return foreign ? failures.ledgerLockForeign(path, lock) : error;
}

function reason(error: unknown): string {
  const number = error instanceof Error && 'errno' in error ? Number(error.errno) : 0;
  return getSystemErrorMap().get(number)?.[1] ?? String(error);
}

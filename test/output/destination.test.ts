import { existsSync } from 'node:fs';
import {
  chmod,
  chown,
  lstat,
  mkdir,
  mkdtemp,
  readFile,
  readdir,
  readlink,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { expect, test } from 'vitest';
import { ReaderGone } from '../../src/ground/errors.ts';
import { isSameFile, toFile, toStream } from '../../src/output/destination.ts';
import { failDisk, watchDisk } from '../disk.ts';

const folder = await mkdtemp(join(tmpdir(), 'destination-'));
const ignore = () => {};

test('a file has its name only when it is whole', async () => {
  const path = join(folder, 'whole.csv');
  const destination = await toFile(path, false, ignore);
  await destination.write('a\n');
  expect(existsSync(path)).toBe(false);
  await destination.finish();
  expect(await readFile(path, 'utf8')).toBe('a\n');
  expect(existsSync(`${path}.partial`)).toBe(false);
});

test('a file has its name only when all of it is on the disk', async () => {
  const disk = await watchDisk();
  const path = join(folder, 'on-disk.csv');
  const destination = await toFile(path, false, ignore);
  await destination.write('a\n');
  await destination.finish();
  expect(disk.keeps(path)).toBe('a\n');
  expect(disk.namedTooEarly).toEqual([]);
});

test('an earlier result stays until the new one is whole', async () => {
  const path = join(folder, 'earlier.csv');
  await writeFile(path, 'old\n');
  const destination = await toFile(path, false, ignore);
  await destination.write('new\n');
  expect(await readFile(path, 'utf8')).toBe('old\n');
  expect(await destination.abandon(true)).toBe(`${path}.partial`);
  expect(await readFile(`${path}.partial`, 'utf8')).toBe('new\n');
});

test('the partial of an earlier run is never overwritten', async () => {
  const path = join(folder, 'paid.csv');
  await writeFile(`${path}.partial`, 'paid\n');
  await expect(toFile(path, false, ignore)).rejects.toThrow('each of them paid for');
  expect(await readFile(`${path}.partial`, 'utf8')).toBe('paid\n');
});

test('the partial of an earlier run gives way where its answers are remembered', async () => {
  const path = join(folder, 'remembered.csv');
  await writeFile(`${path}.partial`, 'paid\nmore\n');
  const destination = await toFile(path, true, ignore);
  await destination.write('new\n');
  await destination.finish();
  expect(await readFile(path, 'utf8')).toBe('new\n');
});

test('a partial without rows is not left behind', async () => {
  const path = join(folder, 'empty.csv');
  const destination = await toFile(path, false, ignore);
  await destination.write('header\n');
  expect(await destination.abandon(false)).toBeNull();
  expect(existsSync(`${path}.partial`)).toBe(false);
});

test('a device is written directly', async () => {
  const destination = await toFile('/dev/null', false, ignore);
  await destination.write('x');
  await destination.finish();
  expect(existsSync('/dev/null.partial')).toBe(false);
});

test('a folder that is not there is told', async () => {
  await expect(toFile(join(folder, 'no/such/file'), false, ignore)).rejects.toThrow(
    'its folder does not exist',
  );
});

test('waits while a stream is full', async () => {
  let take = () => {};
  const stream = new Writable({ highWaterMark: 2, write: (_, __, done) => (take = done) });
  const destination = toStream(stream, ignore);
  let written = false;
  const writing = destination.write('long').then(() => (written = true));
  await new Promise((resolve) => setImmediate(resolve));
  expect(written).toBe(false);
  take();
  await writing;
  expect(written).toBe(true);
});

/** Keeps what it is written, and holds each write back until `take`, if it is slow. */
function listener({ slow = false } = {}) {
  const chunks: string[] = [];
  let take = () => {};
  const stream = new Writable({
    highWaterMark: 8,
    write(chunk: Buffer, _, done) {
      chunks.push(chunk.toString());
      if (slow) take = done;
      else done();
    },
  });
  return { stream, chunks, take: () => take() };
}

const tick = () => new Promise((resolve) => setImmediate(resolve));

test('rows that are ready together reach the stream in one write, in their order', async () => {
  const { stream, chunks } = listener();
  const destination = toStream(stream, ignore);
  for (const row of ['a\n', 'b\n', 'c\n']) await destination.write(row);
  expect(chunks).toEqual([]);
  await tick();
  expect(chunks).toEqual(['a\nb\nc\n']);
});

test('a row that comes alone waits for no other', async () => {
  const { stream, chunks } = listener();
  const destination = toStream(stream, ignore);
  for (const row of ['a\n', 'b\n']) {
    await destination.write(row);
    await tick();
    expect(chunks.at(-1)).toBe(row);
  }
});

test.each(['finish', 'abandon'] as const)('%s leaves no row behind', async (end) => {
  const { stream, chunks } = listener();
  const destination = toStream(stream, ignore);
  await destination.write('a\n');
  await destination[end](true);
  expect(chunks).toEqual(['a\n']);
  await tick();
  expect(chunks).toEqual(['a\n']);
});

test('a reader that is behind holds the next rows up, however small they are', async () => {
  const { stream, chunks, take } = listener({ slow: true });
  const destination = toStream(stream, ignore);
  let written = 0;
  const writing = (async () => {
    for (const row of ['1234\n', '5678\n', '9\n']) {
      await destination.write(row);
      written++;
    }
  })();
  await tick();
  await tick();
  expect(written).toBe(1);
  take();
  await writing;
  const finished = destination.finish();
  await tick();
  expect(stream.writableLength).toBe(2);
  take();
  await tick();
  take();
  await finished;
  expect(chunks.join('')).toBe('1234\n5678\n9\n');
});

test('no row is lost between gathering and the disk', async () => {
  const path = join(folder, 'many.csv');
  const destination = await toFile(path, false, ignore);
  const rows = Array.from({ length: 5000 }, (_, at) => `${at},${'é'.repeat(at % 100)}\n`);
  for (const row of rows) await destination.write(row);
  await destination.finish();
  expect(await readFile(path, 'utf8')).toBe(rows.join(''));
});

test('a reader that went away is told at once, and ends the next write', async () => {
  const gone = Object.assign(new Error('EPIPE'), { code: 'EPIPE' });
  const stream = new Writable({ write: (_, __, done) => done(gone) });
  const lost: Error[] = [];
  const destination = toStream(stream, (reason) => lost.push(reason));
  await destination.write('a').catch(ignore);
  await new Promise((resolve) => setImmediate(resolve));
  expect(lost[0]).toBeInstanceOf(ReaderGone);
  await expect(destination.write('b')).rejects.toBeInstanceOf(ReaderGone);
});

test('a disk that is full for the last rows is told', async () => {
  const destination = await toFile('/dev/full', false, ignore);
  await destination.write('x\n');
  await expect(destination.finish()).rejects.toThrow('the disk is full');
  expect(await destination.abandon(true)).toBeNull();
});

test.each([0o600, 0o640, 0o664, 0o444])('an output keeps its rights, %i', async (mode) => {
  const path = join(folder, `rights-${mode}.csv`);
  await writeFile(path, 'old\n');
  await chmod(path, mode);
  await writeFile(`${path}.partial`, 'of a run that ended early\n');
  await chmod(`${path}.partial`, 0o666);
  const destination = await toFile(path, true, ignore);
  expect((await stat(`${path}.partial`)).mode & 0o777).toBe(mode);
  await destination.write('new\n');
  await destination.finish();
  expect((await stat(path)).mode & 0o777).toBe(mode);
  expect(await readFile(path, 'utf8')).toBe('new\n');
});

test.skipIf(process.getuid?.() !== 0)('an output keeps its owner', async () => {
  const path = join(folder, 'owned.csv');
  await writeFile(path, 'old\n');
  await chown(path, 1234, 4321);
  const destination = await toFile(path, false, ignore);
  await destination.write('new\n');
  await destination.finish();
  const { uid, gid } = await stat(path);
  expect([uid, gid]).toEqual([1234, 4321]);
});

test.each([
  ['a file', 'old\n', 0o600],
  ['nothing yet', null, 0o666 & ~process.umask()],
])('a link to %s stays one, and what it names is written', async (what, text, mode) => {
  const home = join(folder, `link to ${what}`);
  await mkdir(join(home, 'real'), { recursive: true });
  const real = join(home, 'real/out.csv');
  if (text !== null) await writeFile(real, text, { mode });
  await symlink('real/out.csv', join(home, 'hop.csv'));
  await symlink('hop.csv', join(home, 'link.csv'));
  const destination = await toFile(join(home, 'link.csv'), false, ignore);
  expect(existsSync(`${real}.partial`)).toBe(true);
  await destination.write('new\n');
  await destination.finish();
  expect(await readlink(join(home, 'link.csv'))).toBe('hop.csv');
  expect((await lstat(join(home, 'hop.csv'))).isSymbolicLink()).toBe(true);
  expect(await readFile(real, 'utf8')).toBe('new\n');
  expect((await stat(real)).mode & 0o777).toBe(mode);
  expect((await readdir(home, { recursive: true })).toSorted()).toEqual([
    'hop.csv',
    'link.csv',
    'real',
    'real/out.csv',
  ]);
});

test('two names of one file are one output', async () => {
  const path = join(folder, 'one.csv');
  const link = join(folder, 'other-name.csv');
  await symlink(path, link);
  const destination = await toFile(path, true, ignore);
  await expect(toFile(link, true, ignore)).rejects.toThrow('being written by another run');
  await destination.abandon(false);
});

test('links that lead in a circle are told', async () => {
  const path = join(folder, 'circle.csv');
  await symlink('circle.csv', path);
  await expect(toFile(path, false, ignore)).rejects.toThrow('in a circle');
});

test('a disk that fails in the last sync is told, and the rows stay in the partial', async () => {
  failDisk('fsync', 'EIO');
  const path = join(folder, 'unsynced.csv');
  const destination = await toFile(path, false, ignore);
  await destination.write('x\n');
  await expect(destination.finish()).rejects.toMatchObject({ exit: 3, kind: 'output' });
  expect(await destination.abandon(true)).toBe(`${path}.partial`);
  expect(existsSync(path)).toBe(false);
});

test('a name that can no longer be given is told', async () => {
  const path = join(folder, 'taken.csv');
  const destination = await toFile(path, false, ignore);
  await destination.write('x\n');
  await mkdir(path);
  await expect(destination.finish()).rejects.toThrow(`Writing ${path} failed: it is a folder.`);
  expect(await destination.abandon(true)).toBe(`${path}.partial`);
});

test('of a file that has its name nothing is given up', async () => {
  const path = join(folder, 'named.csv');
  const destination = await toFile(path, false, ignore);
  await destination.write('x\n');
  await destination.finish();
  expect(await destination.abandon(false)).toBeNull();
  expect(await readFile(path, 'utf8')).toBe('x\n');
});

test('a stream that can take the rows but not the last of them is told', async () => {
  const full = Object.assign(new Error('ENOSPC'), { code: 'ENOSPC' });
  const stream = new Writable({
    write: (chunk, _, done) => setImmediate(done, String(chunk) === 'last\n' ? full : null),
  });
  const destination = toStream(stream, ignore);
  await destination.write('first\n');
  await tick();
  await destination.write('last\n');
  await expect(destination.finish()).rejects.toThrow('Writing stdout failed: the disk is full.');
});

test('a link to the input is the input', async () => {
  const path = join(folder, 'input.csv');
  const link = join(folder, 'link.csv');
  await writeFile(path, 'x');
  await symlink(path, link);
  expect(await isSameFile(path, link)).toBe(true);
  expect(await isSameFile(path, join(folder, 'other.csv'))).toBe(false);
});

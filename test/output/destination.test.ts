import { existsSync } from 'node:fs';
import { mkdtemp, readFile, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { expect, test } from 'vitest';
import { ReaderGone } from '../../src/errors.ts';
import { isSameFile, toFile, toStream } from '../../src/output/destination.ts';

const folder = await mkdtemp(join(tmpdir(), 'destination-'));
const ignore = () => {};

test('a file has its name only when it is whole', async () => {
  const path = join(folder, 'whole.csv');
  const destination = await toFile(path, ignore);
  await destination.write('a\n');
  expect(existsSync(path)).toBe(false);
  await destination.finish();
  expect(await readFile(path, 'utf8')).toBe('a\n');
  expect(existsSync(`${path}.partial`)).toBe(false);
});

test('an earlier result stays until the new one is whole', async () => {
  const path = join(folder, 'earlier.csv');
  await writeFile(path, 'old\n');
  const destination = await toFile(path, ignore);
  await destination.write('new\n');
  expect(await readFile(path, 'utf8')).toBe('old\n');
  expect(await destination.abandon(true)).toBe(`${path}.partial`);
  expect(await readFile(`${path}.partial`, 'utf8')).toBe('new\n');
});

test('the partial of an earlier run is never overwritten', async () => {
  const path = join(folder, 'paid.csv');
  await writeFile(`${path}.partial`, 'paid\n');
  await expect(toFile(path, ignore)).rejects.toThrow('each of them paid for');
  expect(await readFile(`${path}.partial`, 'utf8')).toBe('paid\n');
});

test('a partial without rows is not left behind', async () => {
  const path = join(folder, 'empty.csv');
  const destination = await toFile(path, ignore);
  await destination.write('header\n');
  expect(await destination.abandon(false)).toBeNull();
  expect(existsSync(`${path}.partial`)).toBe(false);
});

test('a device is written directly', async () => {
  const destination = await toFile('/dev/null', ignore);
  await destination.write('x');
  await destination.finish();
  expect(existsSync('/dev/null.partial')).toBe(false);
});

test('a folder that is not there is told', async () => {
  await expect(toFile(join(folder, 'no/such/file'), ignore)).rejects.toThrow(
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

test('a link to the input is the input', async () => {
  const path = join(folder, 'input.csv');
  const link = join(folder, 'link.csv');
  await writeFile(path, 'x');
  await symlink(path, link);
  expect(await isSameFile(path, link)).toBe(true);
  expect(await isSameFile(path, join(folder, 'other.csv'))).toBe(false);
});

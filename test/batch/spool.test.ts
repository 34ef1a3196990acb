import { chmodSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { expect, it, onTestFinished } from 'vitest';
import { Failure } from '../../src/ground/errors.ts';
import { spool } from '../../src/intake/spool.ts';

const BYTES = Buffer.concat([Buffer.from([0xff, 0xfe, 0]), Buffer.alloc(300_000, 'ä')]);
const { signal } = new AbortController();

async function newFolder(): Promise<{ folder: string; ledger: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'spool-'));
  onTestFinished(async () => {
    chmodSync(folder, 0o700);
    await rm(folder, { recursive: true });
  });
  return { folder, ledger: join(folder, 'ledger.jsonl') };
}

it('gives the same bytes as often as it is opened, also at once', async () => {
  const { ledger } = await newFolder();
  const { open } = await spool(
    Readable.from([BYTES.subarray(0, 7), BYTES.subarray(7)]),
    ledger,
    signal,
  );
  expect((await buffer(open())).equals(BYTES)).toBe(true);
  const both = await Promise.all([buffer(open()), buffer(open())]);
  for (const each of both) expect(each.equals(BYTES)).toBe(true);
});

it('is a file that nobody else can read, and is gone at the end', async () => {
  const { folder, ledger } = await newFolder();
  const { remove } = await spool(Readable.from([BYTES]), ledger, signal);
  const [name = '', ...others] = readdirSync(folder);
  expect(others).toEqual([]);
  expect(statSync(join(folder, name)).mode & 0o777).toBe(0o600);
  await remove();
  expect(readdirSync(folder)).toEqual([]);
});

it('takes the place of what a crash has left', async () => {
  const { folder, ledger } = await newFolder();
  writeFileSync(`${ledger}.stdin`, 'left by a crash');
  const { settle, open, remove } = await spool(Readable.from([BYTES]), ledger, signal);
  expect(readFileSync(`${ledger}.stdin`, 'utf8')).toBe('left by a crash');
  await settle();
  expect(readdirSync(folder)).toEqual(['ledger.jsonl.stdin']);
  expect((await buffer(open())).equals(BYTES)).toBe(true);
  await remove();
  expect(readdirSync(folder)).toEqual([]);
});

it('that can not be written is told before anything is sent', async () => {
  const { folder } = await newFolder();
  const error = await spool(Readable.from([BYTES]), join(folder, 'none', 'ledger'), signal).catch(
    (caught: unknown) => caught,
  );
  expect(error).toBeInstanceOf(Failure);
  expect(error).toMatchObject({ exit: 2, message: expect.stringContaining('none') });
});

it('of a stdin that breaks off leaves nothing behind', async () => {
  const { folder, ledger } = await newFolder();
  const stdin = new PassThrough();
  const spooled = spool(stdin, ledger, signal);
  stdin.write(BYTES);
  await expect.poll(() => readdirSync(folder)).toHaveLength(1);
  stdin.destroy(new Error('EIO'));
  await expect(spooled).rejects.toThrow(Failure);
  expect(readdirSync(folder)).toEqual([]);
});

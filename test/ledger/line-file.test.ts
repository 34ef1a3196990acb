import fs, { mkdtempSync, openSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { lineFile } from '../../src/ledger/line-file.ts';
import { watchDisk } from '../disk.ts';

async function opened() {
  const path = join(mkdtempSync(join(tmpdir(), 'lines-')), 'lines');
  const file = openSync(path, 'a+');
  const failed = (error: Error) => expect.fail(error.message);
  const lines = lineFile(() => file, 0, false, failed);
  const disk = await watchDisk();
  return { lines, disk, kept: () => disk.keeps(path) };
}

test('a line is on the disk within 100 ms, and each later one too', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  onTestFinished(() => void vi.useRealTimers());
  const { lines, disk, kept } = await opened();
  let text = '';
  for (const line of ['one', 'two', 'three']) {
    lines.append(line);
    await lines.written();
    expect(kept()).toBe(text);
    text += `${line}\n`;
    vi.advanceTimersByTime(100);
    await expect.poll(disk.syncing).toBe(0);
    expect(kept()).toBe(text);
  }
  await lines.close();
});

test('a sync is over when all that was appended is on the disk', async () => {
  const { lines, kept } = await opened();
  lines.append('one');
  await lines.sync();
  expect(kept()).toBe('one\n');
  lines.append('two');
  await lines.close();
  expect(kept()).toBe('one\ntwo\n');
});

test('while it closes no other sync begins, which would find the file closed', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  onTestFinished(() => void vi.useRealTimers());
  const { lines, kept } = await opened();
  lines.append('one');
  const closed = lines.close();
  vi.advanceTimersByTime(100);
  await closed;
  expect(fs.fdatasync).toHaveBeenCalledTimes(1);
  expect(kept()).toBe('one\n');
});

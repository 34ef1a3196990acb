import { existsSync, lstatSync, readFileSync, statSync } from 'node:fs';
import { chmod, mkdtemp, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { checkSummaryFile, writeSummary } from '../../src/run/summary-file.ts';
import { createTally } from '../../src/output/tally.ts';
import { summarise } from '../../src/output/summary.ts';

const folder = await mkdtemp(join(tmpdir(), 'summary-file-'));
const summary = summarise(createTally({ strong: 's', prices: new Map() }), {
  startedAt: new Date(0),
  finishedAt: new Date(1),
  playbook: 'p@1',
  fast: 'f',
  strong: 's',
  inputs: [],
  output: 'stdout',
  exitCode: 0,
  exitReason: '',
  goOnAt: null,
  rows: { read: 0, written: 0 },
  waited: new Map(),
});

test('a private summary behind a link stays private, and the link a link', async () => {
  const real = join(folder, 'real.json');
  const link = join(folder, 'link.json');
  await writeFile(real, 'old');
  await chmod(real, 0o600);
  await symlink(real, link);
  await checkSummaryFile(link, []);
  await writeSummary(link, summary);
  expect(JSON.parse(readFileSync(real, 'utf8'))).toMatchObject({ version: 1 });
  expect(lstatSync(link).isSymbolicLink()).toBe(true);
  expect(statSync(real).mode & 0o777).toBe(0o600);
  expect(existsSync(`${real}.partial`)).toBe(false);
});

test('a link into a folder that is not there is refused before anything is paid for', async () => {
  const link = join(folder, 'lost.json');
  await symlink(join(folder, 'no/such/summary.json'), link);
  await expect(checkSummaryFile(link, [])).rejects.toMatchObject({ exit: 2 });
});

test('what is no file is written to', async () => {
  await checkSummaryFile('/dev/null', []);
  await writeSummary('/dev/null', summary);
  expect(existsSync('/dev/null.partial')).toBe(false);
});

test('a summary that finds no room is told', async () => {
  await expect(writeSummary('/dev/full', summary)).rejects.toMatchObject({
    exit: 3,
    message: expect.stringContaining('/dev/full: the disk is full'),
  });
});

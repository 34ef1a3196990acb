import { mkdtemp, readdir, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { fails, ok, program } from '../program.ts';

const folder = await mkdtemp(join(tmpdir(), 'playbooks-'));

test('init copies a playbook that check finds without mistakes', async () => {
  const mine = join(folder, 'mine');
  const { code, stderr } = await program(['init', mine]);
  expect(code).toBe(0);
  expect(stderr).toContain(`ticket-classify check ${mine}`);
  expect((await readdir(mine)).toSorted()).toEqual(['examples.yaml', 'playbook.yaml', 'system.md']);
  const report = await ok(['check', mine]);
  expect(report).toMatch(/^support@[0-9a-f]{8}.*no mistakes/);
  expect(report).toMatch(/over the 4096 tokens that claude-haiku-4-5 needs/);
  expect(report).toMatch(/about \$\d+\.\d+ per 1,000 tickets/);
});

test('init never writes into a folder that holds something', async () => {
  expect(await fails(2, ['init', folder])).toContain('is no empty folder');
  const file = join(folder, 'file');
  await writeFile(file, 'x');
  expect(await fails(2, ['init', file])).toContain('is no empty folder');
  expect(await fails(2, ['init', join(file, 'below')])).toContain("Can't write");
});

test('check names all mistakes of a broken playbook', async () => {
  const broken = join(folder, 'broken');
  await program(['init', broken]);
  const path = join(broken, 'playbook.yaml');
  const text = await readFile(path, 'utf8');
  await writeFile(
    path,
    text.replace('name: support', 'name: my desk').replace('default: 0.75', 'default: 7'),
  );
  const stderr = await fails(2, ['check', broken]);
  expect(stderr).toContain('2 mistakes');
  expect(stderr).toContain('playbook.yaml, name: must be letters');
  expect(stderr).toContain('playbook.yaml, thresholds.default');
});

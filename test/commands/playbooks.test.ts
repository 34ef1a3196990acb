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

test('check tells a label that is gone once, with all who name it', async () => {
  const mine = join(folder, 'renamed');
  await program(['init', mine]);
  const path = join(mine, 'playbook.yaml');
  const text = await readFile(path, 'utf8');
  await writeFile(path, text.replace('  - name: security\n', '  - name: trust\n'));
  const stderr = await fails(2, ['check', mine]);
  expect(stderr).toMatch(
    /teams: "security" is not there, but \d examples \([\d, ]+\) and 1 rule \(\S+\) name it/,
  );
  expect(stderr).toContain('1 mistake');
});

test('check reads over what is no mistake, and compares with another version', async () => {
  const mine = join(folder, 'grown');
  await program(['init', mine]);
  const path = join(mine, 'playbook.yaml');
  const text = await readFile(path, 'utf8');
  const growth = '  - name: growth\n    description: Trials, referrals and the newsletter.\n';
  await writeFile(path, text.replace('teams:\n', `teams:\n${growth}`));
  const report = await ok(['check', mine, '--against', 'support']);
  expect(report).toContain('Worth a look\n  No example is answered with team growth.');
  expect(report).toMatch(/Against support@\w+ .*\n {2}team growth is new\n/);
  expect(report).toContain('--reask, --keep-answers');
  expect(await ok(['check', mine, '--against', mine])).toContain('no difference');
});

test('a prompt too short to be cached is told with what that costs', async () => {
  const mine = join(folder, 'short');
  await program(['init', mine]);
  await writeFile(join(mine, 'examples.yaml'), '[]\n');
  const system = '{{teams}}{{ticket_types}}{{urgencies}}{{sentiments}}{{examples}}';
  await writeFile(join(mine, 'system.md'), system);
  expect(await ok(['check', mine])).toMatch(
    /under the 4096 tokens .* every call pays for it whole,\n +some \$\d+\.\d+ more per 1,000 tickets/,
  );
});

test('of a model of another server neither its cache nor its limits are said to be known', async () => {
  const mine = join(folder, 'elsewhere');
  await program(['init', mine]);
  const path = join(mine, 'playbook.yaml');
  const prices = '{ input: 0.1, output: 0.2, cache_write: 0.1, cache_read: 0.1 }';
  const text = (await readFile(path, 'utf8')).replace(
    /fast: claude-haiku-4-5\n/,
    `fast: qwen3:8b\n  prices: { 'qwen3:8b': ${prices} }\n`,
  );
  await writeFile(path, text);
  expect(await ok(['check', mine])).toContain('whether qwen3:8b caches it is not known here');
  const stdin = 'subject,body\nLogin,I can not log in any more.\n';
  const estimate = await ok(['estimate', '-', '--playbook', mine], { stdin });
  expect(estimate).toContain('How much may be asked of qwen3:8b and claude-sonnet-4-6');
  expect(estimate).not.toMatch(/Build|Scale/);
});

import { cp, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, expect, test } from 'vitest';
import { main } from '../../src/main.ts';
import { loadPlaybook } from '../../src/playbook/load-playbook.ts';
import { startSimulator, type Simulator } from '../simulator/faulty-server.ts';
import { SUPPORT } from '../example.ts';
import { envOf, fakeProcess, hurriedClock, ok, sink } from '../program.ts';

let simulator: Simulator | undefined;
let folder: string;
beforeAll(async () => {
  folder = join(await mkdtemp(join(tmpdir(), 'patterns-')), 'desk');
  await cp(SUPPORT, folder, { recursive: true });
  const path = join(folder, 'playbook.yaml');
  const own = "escalate_patterns:\n  - { name: words, pattern: '^(\\w+\\s?)+$' }\n";
  const text = await readFile(path, 'utf8');
  await writeFile(
    path,
    text.replace('escalate_patterns:\n', () => own),
  );
});
afterEach(() => simulator?.close());

const SENTENCE =
  'the card was charged twice again this month although you said that it was fixed for us!';

test('of a copied playbook the patterns that stand in ours are known to end', async () => {
  const { patterns } = await loadPlaybook(folder);
  const others = patterns.filter(({ isBuiltIn }) => !isBuiltIn);
  expect(patterns.length).toBeGreaterThan(2);
  expect(others.map(({ name }) => name)).toEqual(['words']);
});

test('a ticket on which a pattern does not end matches it, and the run says so once', async () => {
  const stdin = `id,subject,body\n1,Card,${SENTENCE}\n2,Why?,${SENTENCE}\n3,Card,Why?\n`;
  simulator = await startSimulator();
  const [stdout, stderr] = [sink(), sink()];
  const args = ['-', '--playbook', folder, '--output-format', 'jsonl'];
  expect(
    await main(fakeProcess(args, { env: envOf(simulator), stdin }, stdout, stderr), hurriedClock()),
  ).toBe(0);
  const rows = stdout
    .text()
    .trimEnd()
    .split('\n')
    .map((line): Record<string, string> => JSON.parse(line));
  expect(rows.map((row) => row['ai_escalation_reason'])).toEqual([
    'pattern words',
    expect.not.stringContaining('words'),
    expect.not.stringContaining('words'),
  ]);
  expect(stderr.text().match(/The pattern words does not end/g)).toHaveLength(1);
});

test('Ctrl-C is heard while patterns take their time', async () => {
  const rows = Array.from({ length: 40 }, (_, at) => `${at},Card ${at},${SENTENCE}`);
  simulator = await startSimulator();
  const [stdout, stderr] = [sink(), sink()];
  const world = { env: envOf(simulator), stdin: `id,subject,body\n${rows.join('\n')}\n` };
  const process = fakeProcess(['-', '--playbook', folder], world, stdout, stderr);
  const running = main(process, hurriedClock());
  await expect.poll(() => stderr.text()).toContain('The pattern words does not end');
  process.signal('SIGINT');
  expect(await running).toBe(130);
  expect(simulator.stats.requests).toBeLessThan(rows.length);
});

test('check names a pattern that may not end', async () => {
  expect(await ok(['check', folder])).toMatch(
    /Worth a look\n.*The pattern words does not end within 2 s/s,
  );
});

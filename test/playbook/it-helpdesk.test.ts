// The second playbook that ships: as deep as the first, and nothing in the code knows of it.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { guessTokens, prefixText } from '../../src/claude/token-guess.ts';
import { MODELS } from '../../src/claude/models.ts';
import { loadPlaybook, playbookFolder } from '../../src/playbook/load-playbook.ts';
import { remarksOn } from '../../src/playbook/remarks.ts';
import { SAMPLES } from '../example.ts';
import { startSimulator } from '../simulator/faulty-server.ts';
import { envOf, ok, program } from '../program.ts';

const playbook = await loadPlaybook(playbookFolder('it-helpdesk'));

const cases: {
  must_match: { pattern: string; text: string }[];
  must_not_match: { text: string }[];
} = JSON.parse(await readFile(new URL('it-helpdesk-patterns.json', import.meta.url), 'utf8'));

function matching(text: string): string[] {
  return playbook.patterns.filter(({ regex }) => regex.test(text)).map(({ name }) => name);
}

test('a colleague who reads it over has nothing to say', () => {
  expect(remarksOn(playbook)).toEqual([]);
});

test('its prompt is long enough to be cached on the fast model, lean too', async () => {
  const least = MODELS[playbook.models.fast]?.smallestCacheablePrefix ?? Infinity;
  expect(guessTokens(prefixText(playbook))).toBeGreaterThan(least);
  const lean = await loadPlaybook(playbookFolder('it-helpdesk'), true);
  expect(guessTokens(prefixText(lean))).toBeGreaterThan(least);
});

test.each(cases.must_match)('$pattern matches: $text', ({ pattern, text }) => {
  expect(matching(text)).toContain(pattern);
});

test.each(cases.must_not_match)('nothing matches: $text', ({ text }) => {
  expect(matching(text)).toEqual([]);
});

test('the sample tickets go through it, and every row says so', async () => {
  const simulator = await startSimulator();
  const file = join(SAMPLES, 'it-helpdesk.csv');
  const flags = ['--playbook', 'it-helpdesk', '--output-format', 'jsonl'];
  const { code, stdout } = await program([file, ...flags], { env: envOf(simulator) });
  await simulator.close();
  expect([0, 4]).toContain(code);
  const rows = stdout.trimEnd().split('\n');
  expect(rows).toHaveLength(25);
  for (const row of rows) expect(JSON.parse(row).ai_playbook).toMatch(/^it-helpdesk@/);
});

test('check finds no mistake in it', async () => {
  expect(await ok(['check', 'it-helpdesk'])).toContain('no mistakes');
});

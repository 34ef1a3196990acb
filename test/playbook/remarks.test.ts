import { expect, test } from 'vitest';
import type { Playbook } from '../../src/playbook/playbook.ts';
import { remarksOn } from '../../src/playbook/remarks.ts';
import { supportPlaybook } from '../example.ts';

const playbook = await supportPlaybook();

function remarks(changes: Partial<Playbook>): string {
  return remarksOn({ ...playbook, ...changes }).join('\n');
}

test('the built-in playbook has none', () => {
  expect(remarks({})).toBe('');
});

test('a label that no example shows is told, with its field', () => {
  const team = [
    ...playbook.labels.team,
    { name: 'growth', description: 'Trials and referrals.', threshold: null },
  ];
  expect(remarks({ labels: { ...playbook.labels, team } })).toBe(
    'No example is answered with team growth.',
  );
});

test('two descriptions that say the same are told', () => {
  const [first, ...rest] = playbook.labels.team;
  if (!first) throw new Error('no team');
  const twin = { ...first, name: 'money', description: `${first.description} Payments too.` };
  const team = [first, ...rest, twin];
  const examples = playbook.examples.map((example) => ({
    ...example,
    answer: { ...example.answer, team: 'money' },
  }));
  expect(remarks({ labels: { ...playbook.labels, team }, examples })).toContain(
    'billing and money (team) are described in nearly the same words',
  );
});

test.each([
  ['one that matches everything', {}, true],
  ['a wider one', { urgency: ['High', 'critical'] }, true],
  ['one with other labels', { urgency: ['critical'] }, false],
  ['a narrower one', { urgency: ['high'], team: ['security'] }, false],
])('a rule behind %s', (_, when, isDead) => {
  const rule = { name: 'first', when, queue: 'a', slaMinutes: 60 };
  const late = { name: 'late', when: { urgency: ['high'] }, queue: 'b', slaMinutes: 60 };
  const told = remarks({ rules: [rule, late] });
  expect(told).toBe(
    isDead ? 'Rule late can never match: first, before it, takes all its tickets.' : '',
  );
});

test.each([
  [0, /The threshold default is 0: however unsure, claude-haiku-4-5 is believed/],
  [1, /The threshold default is 1: nearly every ticket goes to claude-sonnet-4-6/],
])('a threshold of %d', (value, told) => {
  expect(remarks({ thresholds: { default: value } })).toMatch(told);
});

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

const [first] = playbook.examples;
if (!first) throw new Error('no example');

/** The examples with parts of their answers changed. */
const answered = (part: Record<string, string | number>) =>
  playbook.examples.map(({ ticket, answer }) => ({ ticket, answer: { ...answer, ...part } }));

const again = (part: Record<string, string | number>) => [
  ...playbook.examples,
  { ticket: first.ticket, answer: { ...first.answer, ...part } },
];

test.each([
  [
    'all answered alike',
    answered({ sentiment: 'angry' }),
    /^\d+ of the \d+ examples are answered with sentiment angry: show more of the others/m,
  ],
  [
    'never in doubt',
    answered({ urgency_confidence: 0.9 }),
    /^No example's urgency_confidence is under the threshold 0.75: show some in doubt/m,
  ],
  [
    'never sure',
    answered({ type_confidence: 0.5 }),
    /^Every example's type_confidence is under the threshold 0.75: show some that are sure/m,
  ],
  [
    'one of them twice',
    again({}),
    /^Examples 1 \(".+"\) and \d+ \(".+"\) are nearly the same ticket: one is enough\.$/m,
  ],
  [
    'one of them twice, with another answer',
    again({ team: 'nobody' }),
    /^Examples 1 .* are nearly the same ticket, but are answered with another team: which is right\?$/m,
  ],
  [
    'one of them too long',
    [
      ...playbook.examples,
      { ticket: { ...first.ticket, body: 'word '.repeat(2_000) }, answer: first.answer },
    ],
    /^Example \d+ \(".+"\) has a body of 10000 characters, over max_body_chars \(8000\)/m,
  ],
])('examples %s are told of', (_, examples, told) => {
  expect(remarks({ examples })).toMatch(told);
});

test('of few examples no share is told', () => {
  const examples = answered({ sentiment: 'angry', urgency_confidence: 0.9 }).slice(0, 5);
  expect(remarks({ examples })).not.toMatch(/show /);
});

test('two descriptions that say the same are told', () => {
  const [billing, ...rest] = playbook.labels.team;
  if (!billing) throw new Error('no team');
  const twin = { ...billing, name: 'money', description: `${billing.description} Payments too.` };
  const team = [billing, ...rest, twin];
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

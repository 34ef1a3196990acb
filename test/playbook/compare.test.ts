import { expect, test } from 'vitest';
import { compare } from '../../src/playbook/compare.ts';
import type { Playbook } from '../../src/playbook/playbook.ts';
import { supportPlaybook } from '../example.ts';

const before = await supportPlaybook();

function against(changes: Partial<Playbook>) {
  return compare(before, { ...before, ...changes });
}

test('a playbook does not differ from itself', () => {
  expect(against({})).toEqual({ changes: [], consequences: [] });
});

test('a label that went and one that came: all is asked again, kept answers but for the label', () => {
  const [gone, ...rest] = before.labels.team;
  const system = '';
  const team = [...rest, { name: 'growth', description: 'Trials.', threshold: null }];
  const { changes, consequences } = against({
    labels: { ...before.labels, team },
    promptHash: 'other',
    system,
  });
  expect(changes).toEqual([
    `team ${gone?.name} is gone`,
    'team growth is new',
    'what Claude is sent with each ticket',
  ]);
  expect(consequences[0]).toContain('--reask, --keep-answers');
  expect(consequences[1]).toBe(
    `Kept answers with team ${gone?.name} can't be used, and are asked again.`,
  );
});

test('a label that went is looked for where no check of names would find it', () => {
  const team = before.labels.team.filter(({ name }) => name !== 'infrastructure');
  const { changes } = against({ labels: { ...before.labels, team } });
  expect(changes).toEqual([
    'team infrastructure is gone, but the word still stands in system.md, the description of team billing',
  ]);
  const clean = { system: before.system.replaceAll('infrastructure', 'platform') };
  const described = team.map((label) => ({ ...label, description: 'One.' }));
  expect(against({ ...clean, labels: { ...before.labels, team: described } }).changes[0]).toBe(
    'team infrastructure is gone',
  );
});

test.each<[string, Partial<Playbook>, string, RegExp]>([
  [
    'a threshold',
    { thresholds: { ...before.thresholds, urgency: 0.9 } },
    'threshold urgency: none → 0.9',
    /only what is newly escalated is asked/,
  ],
  [
    'a pattern',
    { patterns: before.patterns.slice(1) },
    `pattern ${before.patterns[0]?.name} is gone`,
    /only what is newly escalated is asked/,
  ],
  [
    'the languages',
    { nativeLanguages: ['en', 'de'] },
    'native_languages: en → en,de',
    /only what is newly escalated is asked/,
  ],
  [
    'a rule',
    { rules: before.rules.map((rule) => ({ ...rule, slaMinutes: 5 })) },
    'rule rest has changed',
    /^Queues and SLAs are decided anew, without a call\.$/,
  ],
  ['the order of rules', { rules: before.rules.toReversed() }, 'the order of the rules', /^Queues/],
  [
    'the length of bodies',
    { maxBodyChars: 100 },
    'max_body_chars: 8000 → 100',
    /are other texts now, and are asked about again/,
  ],
  [
    'the strong model',
    { models: { ...before.models, strong: 'claude-sonnet-5' } },
    'the strong model: claude-sonnet-4-6 → claude-sonnet-5',
    /claude-sonnet-5 has answered nothing yet/,
  ],
])('%s changed', (_, changes, told, meaning) => {
  const found = against(changes);
  expect(found.changes).toContain(told);
  expect(found.consequences.join('\n')).toMatch(meaning);
  expect(found.consequences.join('\n')).not.toContain('Every ticket');
});

test('what is forbidden or reviewed is told, and asks nothing again', () => {
  const found = against({ allowBatch: false, reviewBelow: 0.5 });
  expect(found).toEqual({
    changes: ['review_below: none → 0.5', 'allow_batch: true → false'],
    consequences: [],
  });
});

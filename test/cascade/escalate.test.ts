import { expect, test } from 'vitest';
import { escalationText } from '../../src/ticket.ts';
import { escalateUnsure } from '../../src/cascade/escalate.ts';
import { supportPlaybook, valid } from '../example.ts';

const playbook = await supportPlaybook();
const teams = playbook.labels.team.map((label) =>
  label.name === 'security' ? { ...label, threshold: 0.9 } : label,
);
const strict = {
  ...playbook,
  thresholds: { default: 0.75, urgency: 0.8, sentiment: 0.5 },
  labels: { ...playbook.labels, team: teams },
};

test.each([
  ['equal to the threshold is sure', { team: 0.75 }, 'billing', ''],
  ['a hair below is not', { team: 0.7499 }, 'billing', 'team 0.7499 < 0.75'],
  ["a field's own threshold may be higher", { urgency: 0.79 }, 'billing', 'urgency 0.79 < 0.8'],
  ["a field's own threshold may be lower", { sentiment: 0.5 }, 'billing', ''],
  [
    "the higher of the field's and the team's counts",
    { sentiment: 0.89, team: 0.9, ticket_type: 0.95, urgency: 0.9 },
    'security',
    'sentiment 0.89 < 0.9',
  ],
])('%s', (_, confidence, team, expected) => {
  const sureness = { team: 1, ticket_type: 1, urgency: 1, sentiment: 1, ...confidence };
  const answer = valid({ confidence: sureness, labels: { team } });
  expect(escalationText(escalateUnsure(answer, strict))).toBe(expected);
});

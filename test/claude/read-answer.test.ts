import type { Message } from '@anthropic-ai/sdk/resources/messages';
import { describe, expect, test } from 'vitest';
import { readAnswer } from '../../src/claude/read-answer.ts';
import { supportPlaybook } from '../example.ts';

const playbook = await supportPlaybook();

const input = {
  team: 'billing',
  team_confidence: 0.9,
  ticket_type: 'billing_dispute',
  type_confidence: 0.8,
  urgency: 'high',
  urgency_confidence: 0.7,
  sentiment: 'neutral',
  sentiment_confidence: 0.6,
  summary: 'Charged twice.',
  routing_reason: 'A duplicate charge.',
};

function message(changes: object, tool: unknown = input, name = 'classify_ticket'): Message {
  const call = { type: 'tool_use', id: 'toolu_1', name, input: tool };
  const said = { type: 'text', text: 'Here is my answer.' };
  const whole: unknown = {
    id: 'msg_1',
    type: 'message',
    role: 'assistant',
    model: 'claude-haiku-4-5',
    content: [said, call],
    stop_reason: 'tool_use',
    usage: { input_tokens: 1, output_tokens: 1 },
    ...changes,
  };
  return whole as Message;
}

test('finds the call behind a text block', () => {
  expect(readAnswer(message({}), playbook)).toMatchObject({
    kind: 'valid',
    labels: {
      team: 'billing',
      ticket_type: 'billing_dispute',
      urgency: 'high',
      sentiment: 'neutral',
    },
    confidence: { team: 0.9, ticket_type: 0.8, urgency: 0.7, sentiment: 0.6 },
    summary: 'Charged twice.',
    routingReason: 'A duplicate charge.',
  });
});

test("takes labels in whatever case and gives them in the playbook's", () => {
  const answer = readAnswer(message({}, { ...input, team: 'Billing', urgency: 'HIGH' }), playbook);
  expect(answer).toMatchObject({ labels: { team: 'billing', urgency: 'high' } });
});

test('cuts a summary that is too long', () => {
  const answer = readAnswer(message({}, { ...input, summary: '😀'.repeat(200) }), playbook);
  expect(answer).toMatchObject({ kind: 'valid', summary: `${'😀'.repeat(119)}…` });
});

test.each([
  ['a label outside the list', { team: 'sales' }, 'team "sales" is not a label'],
  ['a label that is no text', { team: 3 }, 'team 3 is not a label'],
  ['a missing label', { urgency: undefined }, 'urgency (missing) is not a label'],
  [
    'a confidence over 1',
    { team_confidence: 1.2 },
    'team_confidence 1.2 is not a number from 0 to 1',
  ],
  [
    'a negative confidence',
    { type_confidence: -0.1 },
    'type_confidence -0.1 is not a number from 0 to 1',
  ],
  [
    'a confidence as text',
    { urgency_confidence: '0.9' },
    'urgency_confidence "0.9" is not a number from 0 to 1',
  ],
  [
    'a missing confidence',
    { sentiment_confidence: undefined },
    'sentiment_confidence (missing) is not a number from 0 to 1',
  ],
  ['no summary', { summary: undefined }, 'no summary'],
  ['no reason', { routing_reason: undefined }, 'no routing_reason'],
])('%s is invalid', (_, changes, why) => {
  const answer = readAnswer(message({}, { ...input, ...changes }), playbook);
  expect(answer).toEqual({ kind: 'invalid', why });
});

describe('lean', () => {
  const lean = { ...playbook, lean: true };

  test('takes an answer without summary and reason', () => {
    const changes = { summary: undefined, routing_reason: undefined };
    const answer = readAnswer(message({}, { ...input, ...changes }), lean);
    expect(answer).toMatchObject({ kind: 'valid', summary: '', routingReason: '' });
    expect(answer).toMatchObject({ labels: { team: 'billing' }, confidence: { team: 0.9 } });
  });

  test('every other field is still needed', () => {
    const answer = readAnswer(message({}, { ...input, sentiment_confidence: undefined }), lean);
    expect(answer.kind).toBe('invalid');
  });
});

test.each([
  ['a refusal', message({ stop_reason: 'refusal' }), 'the model refused to answer'],
  [
    'a cut-off answer',
    message({ stop_reason: 'max_tokens' }),
    'the answer was cut off at max_tokens',
  ],
  [
    'text alone',
    message({ content: [{ type: 'text', text: 'billing' }] }),
    'no call of classify_ticket',
  ],
  ['another tool', message({}, input, 'other'), 'no call of classify_ticket'],
  ['an input that is no object', message({}, 'x'), 'team (missing) is not a label'],
])('%s is invalid', (_, given, why) => {
  expect(readAnswer(given, playbook)).toEqual({ kind: 'invalid', why });
});

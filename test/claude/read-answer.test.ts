import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readMessage, type Message } from '../../src/claude/message.ts';
import { readAnswer as read } from '../../src/claude/read-answer.ts';
import type { Playbook } from '../../src/playbook/playbook.ts';
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
  return readMessage({
    id: 'msg_1',
    type: 'message',
    role: 'assistant',
    model: 'claude-haiku-4-5',
    content: [said, call],
    stop_reason: 'tool_use',
    usage: { input_tokens: 1, output_tokens: 1 },
    ...changes,
  });
}

const readAnswer = (given: Message, by: Playbook = playbook) =>
  read(given, { kind: 'asked', name: 'claude-haiku-4-5' }, by);

test('finds the call behind a text block', () => {
  expect(readAnswer(message({}))).toMatchObject({
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
  const answer = readAnswer(message({}, { ...input, team: 'Billing', urgency: 'HIGH' }));
  expect(answer).toMatchObject({ labels: { team: 'billing', urgency: 'high' } });
});

test('cuts a summary that is too long', () => {
  const answer = readAnswer(message({}, { ...input, summary: '😀'.repeat(200) }));
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
  const answer = readAnswer(message({}, { ...input, ...changes }));
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
    'a refusal with its category',
    message({ stop_reason: 'refusal', stop_details: { category: 'cyber' } }),
    'the model refused to answer (cyber)',
  ],
  [
    'a cut-off answer',
    message({ stop_reason: 'max_tokens' }),
    'the answer was cut off at max_tokens',
  ],
  [
    'a full context window',
    message({ stop_reason: 'model_context_window_exceeded' }),
    "the answer was cut off: the model's context window is full",
  ],
  [
    'a paused turn',
    message({ stop_reason: 'pause_turn' }),
    'the model paused before its answer was whole (pause_turn)',
  ],
  [
    'text alone',
    message({ content: [{ type: 'text', text: 'billing' }] }),
    'text instead of a call of classify_ticket',
  ],
  [
    'another tool',
    message({}, input, 'other'),
    'a call of other instead of a call of classify_ticket',
  ],
  ['no content', message({ content: null }), 'nothing instead of a call of classify_ticket'],
  ['an input that is no object', message({}, 'x'), 'team (missing) is not a label'],
  [
    'a list as a label',
    message({}, { ...input, team: ['billing'] }),
    'team (a list) is not a label',
  ],
])('%s is invalid', (_, given, why) => {
  expect(readAnswer(given)).toEqual({ kind: 'invalid', why });
});

test.each([
  ['as JSON text', JSON.stringify(input)],
  ['one level deeper', { input }],
  ['in a list', [input]],
  ['as JSON text one level deeper', { arguments: JSON.stringify(input) }],
])('reads an input %s', (_, given) => {
  expect(readAnswer(message({}, given))).toMatchObject({
    kind: 'valid',
    labels: { team: 'billing' },
  });
});

describe('two calls', () => {
  const call = (changes: object) => ({
    type: 'tool_use',
    name: 'classify_ticket',
    input: { ...input, ...changes },
  });

  test('that agree on the labels are one', () => {
    const content = [call({ team_confidence: 0.8 }), call({ team_confidence: 0.7 })];
    expect(readAnswer(message({ content }))).toMatchObject({
      kind: 'valid',
      confidence: { team: 0.8 },
    });
  });

  test.each([
    ['on a label', { team: 'security' }],
    ['as one is invalid', { team: 'sales' }],
  ])('that differ %s are none', (_, changes) => {
    const why = '2 calls of classify_ticket that differ';
    expect(readAnswer(message({ content: [call({}), call(changes)] }))).toEqual({
      kind: 'invalid',
      why,
    });
  });
});

test('an answer of another model is none, whatever it says', () => {
  const by = { kind: 'stranger', name: null } as const;
  const why = 'answered by gpt-4o-mini';
  expect(read(message({ model: 'gpt-4o-mini' }), by, playbook)).toEqual({ kind: 'invalid', why });
});

test('no value in an input ends the reading', () => {
  let deep: unknown = 1;
  for (let depth = 0; depth < 20_000; depth++) deep = [deep];
  const answers = [deep, { team: deep }, { ...input, team_confidence: deep }, { input: deep }];
  for (const one of answers) expect(readAnswer(message({}, one)).kind).toBe('invalid');
  fc.assert(
    fc.property(fc.anything(), fc.anything(), (one, other) => {
      const given = message({
        content: [one, { type: 'tool_use', name: 'classify_ticket', input: other }],
      });
      expect(readAnswer(given).kind).toBe('invalid');
    }),
  );
});

import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { messageIn, NotAMessage, readMessage, UncountableUsage } from '../../src/claude/message.ts';

const body = {
  id: 'msg_1',
  type: 'message',
  model: 'claude-haiku-4-5',
  content: [{ type: 'text', text: 'Hello' }],
  stop_reason: 'end_turn',
  usage: { input_tokens: 7, output_tokens: 3 },
};

test('reads what the API sends', () => {
  expect(readMessage(body)).toMatchObject({
    id: 'msg_1',
    model: 'claude-haiku-4-5',
    stopReason: 'end_turn',
    blocks: [{ type: 'text', text: 'Hello' }],
    usage: { input: 7, cacheRead: 0, cacheWrite: 0, output: 3 },
  });
});

test.each([
  ['null', null, []],
  ['text', 'Hello', [{ type: 'text', text: 'Hello' }]],
  [
    'blocks that are none',
    [null, 3, 'x', [], { type: 'tool_use', name: 7 }],
    [{ type: 'tool_use', name: null }],
  ],
  ['a single block', { type: 'text' }, [{ type: 'text' }]],
])('content that is %s crashes nothing', (_, content, blocks) => {
  expect(readMessage({ ...body, content }).blocks).toMatchObject(blocks);
});

describe('usage', () => {
  test.each([
    ['left out', undefined],
    ['null', null],
    ['empty', {}],
    ["in another provider's words", { prompt_tokens: 7, completion_tokens: 3 }],
  ])('that is %s is not told', (_, usage) => {
    expect(readMessage({ ...body, usage }).usage).toBeNull();
  });

  test.each([
    ['text', 'much'],
    ['a number', 7],
    ['a list', [7, 3]],
    ['figures as text', { input_tokens: '7', output_tokens: 3 }],
    ['half told', { input_tokens: 7 }],
    ['negative', { input_tokens: 7, output_tokens: -3 }],
    ['fractional', { input_tokens: 7.5, output_tokens: 3 }],
    ['infinite', { input_tokens: Infinity, output_tokens: 3 }],
    ['huge', { input_tokens: 1e15, output_tokens: 3 }],
    ['an object in it', { input_tokens: { all: 7 }, output_tokens: 3 }],
    ['of the cache and text', { input_tokens: 7, output_tokens: 3, cache_read_input_tokens: '1' }],
  ])('that is %s is none, and so is the answer', (_, usage) => {
    expect(() => readMessage({ ...body, usage })).toThrow(UncountableUsage);
  });
});

test.each([
  ['', 'but empty'],
  ['  <!DOCTYPE html><title>Log in</title>', 'but a page of HTML'],
  ['{"content": [', 'but no JSON'],
  ['null', 'but other JSON'],
  ['[]', 'but other JSON'],
  ['{}', 'but JSON with nothing in it'],
  ['{"id":"x","choices":[],"usage":{"prompt_tokens":1}}', 'but JSON with id, choices, usage'],
  ['{"type":"error","error":{"type":"api_error"}}', 'but an error: api_error'],
  ['{"error":{"message":"No credit"}}', 'but an error: No credit'],
  ['{"error":{"message":[1]}}', 'but JSON with error'],
])('%s is no message', (text, what) => {
  expect(() => messageIn(text)).toThrow(NotAMessage);
  expect(() => messageIn(text)).toThrow(what);
});

test('whatever comes is a message or none', () => {
  const content = fc.option(fc.anything(), { nil: undefined });
  const usage = fc.oneof(
    fc.anything(),
    fc.record({ input_tokens: fc.anything(), output_tokens: fc.anything() }),
  );
  fc.assert(
    fc.property(fc.record({ content, usage, model: fc.anything() }), (given) => {
      const figures = Object.values(usageOf(given));
      expect(figures.every((one) => Number.isSafeInteger(one) && one >= 0)).toBe(true);
    }),
  );
});

function usageOf(given: unknown): object {
  try {
    return readMessage(given).usage ?? {};
  } catch (error) {
    if (error instanceof NotAMessage) return {};
    throw error;
  }
}

import Anthropic, { APIError } from '@anthropic-ai/sdk';
import type { MessageStreamEvent } from '@anthropic-ai/sdk/resources/messages';
import { expect, it, test } from 'vitest';
import { openFetch } from '../../src/claude/fetch.ts';
import type { SimulatorOptions } from './faulty-server.ts';
import { ERROR_MIDWAY, partByPart } from './streams.ts';
import { desk, HAIKU, inputOf, params, type Desk } from './tiny-desk.ts';

const TYPES = [
  'message_start',
  'content_block_start',
  'content_block_delta',
  'content_block_stop',
  'message_delta',
  'message_stop',
];

/** A simulator whose client goes through our own door to the net. */
async function open(options: SimulatorOptions = {}): Promise<Desk> {
  const opened = await desk(options);
  const fetch = openFetch(() => null, 1);
  const access = { baseURL: opened.url, apiKey: 'sim', maxRetries: 0 };
  return { ...opened, client: new Anthropic({ ...access, fetch }) };
}

test('a tool call comes in pieces that add up to the message which comes at once', async () => {
  const { client, ask, stats } = await open();
  const stream = client.messages.stream(params());
  const events: MessageStreamEvent[] = [];
  stream.on('streamEvent', (event) => events.push(event));
  const streamed = await stream.finalMessage();
  const whole = await ask();
  expect(inputOf(streamed)).toEqual(inputOf(whole));
  expect(streamed).toMatchObject({ stop_reason: 'tool_use', usage: whole.usage });
  expect([...new Set(events.map(({ type }) => type))]).toEqual(TYPES);
  const pieces = events.filter(({ type }) => type === 'content_block_delta');
  expect(pieces.length).toBeGreaterThan(2);
  expect(stats.of(HAIKU).delivered).toMatchObject({ answers: 2 });
});

test('words come as text', async () => {
  const { client } = await open();
  const stream = client.messages.stream(params({ tools: [], tool_choice: { type: 'none' } }));
  const pieces: string[] = [];
  stream.on('text', (piece) => pieces.push(piece));
  expect(await stream.finalText()).toBe('Simulated: no tool to call.');
  expect(pieces.length).toBeGreaterThan(1);
});

test('thought comes before the call, and is not shown', async () => {
  const { client } = await open();
  const thoughtful = { model: 'claude-sonnet-5-5', max_tokens: 4_096 };
  const stream = client.messages.stream(params({ ...thoughtful, tool_choice: { type: 'auto' } }));
  const { content } = await stream.finalMessage();
  expect(content).toMatchObject([
    { type: 'thinking', thinking: '', signature: expect.stringMatching(/./) },
    { type: 'tool_use', input: { dish: 'soup' } },
  ]);
});

it('hands each event on before the next one is sent', async () => {
  const { obstacle, next } = partByPart();
  const { client } = await open({ obstacles: [obstacle] });
  const types: string[] = [];
  for await (const { type } of await client.messages.create({ ...params(), stream: true })) {
    types.push(type);
    next();
    // The SDK keeps the pings to itself.
    if (type === 'content_block_start') next();
  }
  expect(new Set(types)).toEqual(new Set(TYPES));
});

it('tells an error for a connection that is lost on the way, which is billed', async () => {
  const { client, stats } = await open({ failures: [{ what: 'dropped_halfway' }] });
  const types: string[] = [];
  async function listen(): Promise<void> {
    for await (const { type } of await client.messages.create({ ...params(), stream: true })) {
      types.push(type);
    }
  }
  await expect(listen()).rejects.toThrow('terminated');
  expect(types[0]).toBe('message_start');
  expect(types).not.toContain('message_stop');
  await expect(client.messages.stream(params()).finalMessage()).rejects.toThrow('terminated');
  expect(stats.of(HAIKU)).toMatchObject({ delivered: { answers: 0 }, lost: { answers: 2 } });
});

it('brings an error of the API in the middle', async () => {
  const { client } = await open({ obstacles: [ERROR_MIDWAY] });
  const error: unknown = await client.messages
    .stream(params())
    .finalMessage()
    .catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(APIError);
  expect(error).toMatchObject({ type: 'overloaded_error' });
});

it('is refused at once, in plain JSON, where the request is wrong', async () => {
  const { client } = await open();
  const wrong = client.messages.create({ ...params({ max_tokens: -1 }), stream: true });
  await expect(wrong).rejects.toMatchObject({ status: 400, type: 'invalid_request_error' });
});

// Results as no server should send them: what can be read is, and the rest is its own request's trouble.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it, onTestFinished, test } from 'vitest';
import { readResults, ResultsMissing, type BatchResult } from '../../src/claude/batch-results.ts';
import { openClient } from '../../src/claude/client.ts';
import { patience } from '../../src/claude/patience.ts';
import { hurriedClock } from '../program.ts';

/** What is read of a body that is the same each time, of a batch of so many requests. */
async function read(body: string, requests: number, contentType = 'application/x-jsonl') {
  const server = createServer((_, response) => {
    response.writeHead(200, { 'content-type': contentType }).end(body);
  });
  onTestFinished(() => void server.close());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const baseURL = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const options = {
    client: await openClient({ apiKey: 'test', authToken: null, baseURL, log: () => {} }),
    clock: hurriedClock(),
    stop: new AbortController().signal,
    maxWait: { seconds: 600, text: '10m' },
  };
  const state = {
    id: 'msgbatch_1',
    isEnded: true,
    isCanceling: false,
    createdAt: 0,
    endedAt: 1,
    requests,
    resultsUrl: null,
  };
  const results = new Map<string, BatchResult>();
  for await (const result of readResults(state, options, patience(options))) {
    expect(results.has(result.customId)).toBe(false);
    results.set(result.customId, result);
  }
  return results;
}

function line(customId: string, result: unknown): string {
  return JSON.stringify({ custom_id: customId, result });
}

function good(customId: string, output = 5): string {
  const usage = { input_tokens: 10, output_tokens: output };
  return line(customId, { type: 'succeeded', message: { id: 'msg', content: [], usage } });
}

const expired = (customId: string) => line(customId, { type: 'expired' });

test.each<[what: string, odd: string]>([
  ['no JSON', 'good morning'],
  ['a line cut short', good('b').slice(0, 60)],
  ['empty JSON', '{}'],
  ['null', 'null'],
  ['an id that is no text', line('b', { type: 'expired' }).replace('"b"', '7')],
  ['no result', '{"custom_id":"b"}'],
  ['a NUL', '\0'],
])('%s in place of a line leaves the others as they are', async (_, odd) => {
  const results = await read([good('a'), odd, good('c')].join('\n'), 3);
  expect([...results.keys()]).toEqual(['a', 'c']);
});

test.each<[what: string, result: unknown, why: string]>([
  ['of a type of later days', { type: 'postponed' }, 'a result of the type postponed'],
  ['without a type', {}, 'a result of the type none'],
  ['of a type that is no text', { type: { a: 1 } }, 'a result of the type none'],
  ['without a message', { type: 'succeeded' }, 'not a message'],
  ['with a message that is text', { type: 'succeeded', message: 'hello' }, 'not a message'],
  [
    'with usage that is text',
    {
      type: 'succeeded',
      message: { id: 'msg', content: [], usage: { input_tokens: '10', output_tokens: '5' } },
    },
    'not a message',
  ],
])('a result %s is told as one that can’t be read', async (_, result, why) => {
  const results = await read([line('b', result), good('a')].join('\n'), 2);
  expect(results.get('a')?.kind).toBe('answered');
  expect(results.get('b')).toMatchObject({ kind: 'unreadable', why: expect.stringContaining(why) });
});

test.each<[what: string, error: unknown, told: object]>([
  ['whose message is no text', { error: { type: 'api_error', message: ['x'] } }, { passing: true }],
  [
    'whose type is no text',
    { error: { type: { a: 1 }, message: 'x' } },
    { passing: true, why: 'x' },
  ],
  ['that is empty', {}, { passing: true, why: 'an error without a name' }],
  ['that is null', null, { passing: true }],
  [
    'that says it is invalid',
    { error: { type: 'invalid_request_error', message: 'no' } },
    { passing: false, why: 'invalid_request_error: no' },
  ],
])('an error %s is an error all the same', async (_, error, told) => {
  const results = await read(line('a', { type: 'errored', error }), 1);
  expect(results.get('a')).toMatchObject({ kind: 'errored', ...told });
});

it('takes an answer over whatever else is said of its request, before or after', async () => {
  const lines = [expired('a'), good('a'), good('b'), expired('b'), expired('c'), expired('c')];
  const results = await read(lines.join('\n'), 3);
  expect([...results].map(([id, { kind }]) => [id, kind])).toEqual([
    ['a', 'answered'],
    ['b', 'answered'],
    ['c', 'expired'],
  ]);
});

it('takes a message that does not tell its usage for an answer', async () => {
  const message = { id: 'msg', content: [] };
  const results = await read(line('a', { type: 'succeeded', message }), 1);
  expect(results.get('a')).toMatchObject({ kind: 'answered', message: { usage: null } });
});

it('takes the first of two answers', async () => {
  const results = await read([good('a', 7), good('a', 9)].join('\n'), 1);
  expect(results.get('a')).toMatchObject({ message: { usage: { output: 7 } } });
});

it('reads lines with a byte order mark, with CRs, with nothing on them', async () => {
  const results = await read(`\uFEFF${good('a')}\r\n\r\n   \n${good('b')}\r\n`, 2);
  expect([...results.keys()]).toEqual(['a', 'b']);
});

it('tells none of what holds as many lines as there are requests, and no result', async () => {
  expect((await read('one\ntwo', 2)).size).toBe(0);
});

it('tells none of what is empty each time', async () => {
  expect((await read('\n', 2)).size).toBe(0);
});

test.each<[what: string, body: string, type: string]>([
  ['a page of one line', '<!doctype html><p>Sign in</p>', 'text/html; charset=utf-8'],
  ['an error with a 200', '{"type":"error"}', 'application/json'],
])('%s in place of results is no result at all: they may yet come', async (_, body, type) => {
  await expect(read(body, 2, type)).rejects.toThrow(ResultsMissing);
});

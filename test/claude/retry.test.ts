import { APIConnectionError, APIError } from '@anthropic-ai/sdk';
import { describe, expect, test } from 'vitest';
import { NoTunnel } from '../../src/claude/tunnel.ts';
import { problemOf, runFailureOf, TimedOut, waitBefore } from '../../src/claude/retry.ts';
import { NotAMessage } from '../../src/claude/message.ts';

function apiError(status: number, type: string, details?: object, headers = {}): APIError {
  const body = { type: 'error', error: { type, message: 'why', ...(details && { details }) } };
  return APIError.generate(
    status,
    body,
    undefined,
    new Headers({ 'request-id': 'req_1', ...headers }),
  );
}

const proxy = { variable: 'HTTPS_PROXY', url: 'http://proxy:3128', authorization: null };

function connectionError(root: Error): APIConnectionError {
  return new APIConnectionError({ cause: new Error('the request failed', { cause: root }) });
}

describe('problemOf', () => {
  test.each([
    [408, 'timeout_error', true, 'failed'],
    [409, 'conflict_error', true, 'failed'],
    [429, 'rate_limit_error', true, 'limited'],
    [500, 'api_error', true, 'failed'],
    [504, 'timeout_error', true, 'failed'],
    [529, 'overloaded_error', true, 'overload'],
    [400, 'invalid_request_error', false, 'refused'],
    [413, 'request_too_large', false, 'refused'],
    [422, 'invalid_request_error', false, 'refused'],
  ])('%i %s: passing is %s, and tells %s', (status, type, passing, tells) => {
    const problem = problemOf(apiError(status, type), 60);
    expect(problem).toMatchObject({ passing, tells, requestId: 'req_1' });
    expect(problem.why).toContain(`${status} ${type}`);
    expect(problem.unknownCost).toBe(false);
  });

  test.each([
    ['a dropped connection', new APIConnectionError({ message: 'x' }), 'connection failed'],
    ['a time-out', new TimedOut(), 'timed out after 60 s'],
    ['malformed JSON', new SyntaxError('Unexpected end of JSON input'), 'not a message'],
    ['a body that breaks off', new TypeError('terminated'), 'not a message'],
    ["a proxy's page", new NotAMessage('but a page of HTML'), 'not a message'],
  ])('%s is retried, and what it cost is unknown', (_, error, why) => {
    expect(problemOf(error, 60)).toMatchObject({ passing: true, unknownCost: true });
    expect(problemOf(error, 60).why).toContain(why);
  });

  test.each([
    ['ECONNREFUSED', 'connect', false],
    ['ENOTFOUND', 'getaddrinfo', false],
    ['EAI_AGAIN', 'getaddrinfo', false],
    ['EHOSTUNREACH', 'connect', false],
    ['ENETUNREACH', 'connect', false],
    ['CONNECT_TIMEOUT', undefined, false],
    ['DEPTH_ZERO_SELF_SIGNED_CERT', undefined, false],
    ['EHOSTUNREACH', 'read', true],
    ['ECONNRESET', 'read', true],
    ['ECONNRESET', undefined, true],
    ['EPIPE', 'write', true],
  ])('after %s of %s its cost is unknown: %s', (code, syscall, unknownCost) => {
    const problem = problemOf(
      connectionError(Object.assign(new Error('x'), { code, syscall })),
      60,
    );
    expect(problem).toMatchObject({ unknownCost, passing: true });
    expect(problem.why).toBe(`connection failed: ${code}`);
  });

  test('what a proxy did not let through costs nothing, and the proxy is named', () => {
    expect(problemOf(connectionError(new NoTunnel(proxy, 'answered', '503')), 60)).toMatchObject({
      unknownCost: false,
      why: 'connection failed: the proxy http://proxy:3128 (HTTPS_PROXY) answered 503',
    });
  });

  test('a mistake of ours is nobody else’s problem', () => {
    expect(() => problemOf(new TypeError('x is not a function'), 60)).toThrow('not a function');
  });

  test.each([
    [{ 'retry-after': '7' }, 7],
    [{ 'retry-after-ms': '1500', 'retry-after': '9' }, 1.5],
    [{}, null],
  ])('reads retry-after from %j', (headers, seconds) => {
    expect(problemOf(apiError(429, 'rate_limit_error', undefined, headers), 60).retryAfter).toBe(
      seconds,
    );
  });
});

describe('runFailureOf', () => {
  test.each([
    [401, 'authentication_error', undefined, 2],
    [403, 'permission_error', undefined, 2],
    [404, 'not_found_error', undefined, 2],
    [402, 'billing_error', undefined, 3],
    [429, 'rate_limit_error', { error_code: 'enforced_spend_limit_reached' }, 3],
    [429, 'rate_limit_error', { error_code: 'contract_spend_limit_reached' }, 3],
  ])('%i %s %j ends the run with %i', (status, type, details, exit) => {
    expect(runFailureOf(apiError(status, type, details), 'host', 'model')?.exit).toBe(exit);
  });

  test('a limit that the account set itself is a 400 that ends the run', () => {
    const message = 'You have reached your specified API usage limits.';
    const body = { type: 'error', error: { type: 'invalid_request_error', message } };
    const error = APIError.generate(400, body, undefined, new Headers());
    expect(runFailureOf(error, 'host', 'model')?.exit).toBe(3);
  });

  test.each([
    [400, 'invalid_request_error'],
    [429, 'rate_limit_error'],
    [529, 'overloaded_error'],
  ])('%i %s is the ticket’s own', (status, type) => {
    expect(runFailureOf(apiError(status, type), 'host', 'model')).toBeNull();
  });
});

describe('whose words they are', () => {
  const HTML = '<!DOCTYPE html><title>Attention Required! | Cloudflare</title>';

  function answer(status: number, body: string, headers: Record<string, string> = {}) {
    const json = body.startsWith('{') ? JSON.parse(body) : undefined;
    return APIError.generate(status, json, body, new Headers(headers));
  }

  test.each([
    [
      307,
      '',
      { location: 'https://login.example/start?for=me' },
      '307 Temporary Redirect: a redirect to login.example',
    ],
    [403, HTML, {}, '403 Forbidden: a page of HTML'],
    [404, HTML, {}, '404 Not Found: a page of HTML'],
    [404, '{"detail":"Not Found"}', {}, '404 Not Found: Not Found'],
    [
      405,
      '{"error":{"type":"invalid_request_error","message":"Method Not Allowed"}}',
      {},
      '405 invalid_request_error: Method Not Allowed',
    ],
    [413, HTML, {}, '413 Payload Too Large: a page of HTML'],
    [418, 'short and stout', {}, "418 I'm a Teapot: short and stout"],
    [422, '{"detail":[{"loc":["body"]}]}', {}, '422 Unprocessable Entity'],
  ])('%i %s is not the API, and ends the run after few', (status, body, headers, why) => {
    const error = answer(status, body, headers);
    expect(problemOf(error, 60)).toMatchObject({ why, isForeign: true, tells: 'refused' });
    expect(runFailureOf(error, 'host', 'model')).toBeNull();
  });

  test.each([
    [413, '{"type":"error","error":{"type":"request_too_large","message":"Request too large"}}'],
    [400, '{"error":"json: cannot unmarshal"}'],
    [422, '{"error":{"message":"bad","code":422}}'],
    [429, HTML],
    [503, HTML],
  ])('%i %s may be', (status, body) => {
    expect(problemOf(answer(status, body), 60).isForeign).toBe(false);
  });

  test.each([
    [400, 'Your credit balance is too low to access the Anthropic API.'],
    [403, 'Insufficient credits. Add more using https://llm.example/credits'],
    [429, 'You exceeded your current quota, please check your plan and billing details.'],
    [500, 'Billing is disabled for this project'],
  ])('%i %s is about money, and ends the run', (status, message) => {
    const error = answer(status, JSON.stringify({ error: { message } }));
    expect(runFailureOf(error, 'host', 'model')).toMatchObject({
      exit: 3,
      hint: expect.stringContaining('add credit'),
    });
    const body = new NotAMessage(`but an error: ${message}`);
    expect(runFailureOf(body, 'host', 'model')?.exit).toBe(3);
  });

  test.each([
    [
      'a ticket about money',
      'Refused: My last billing period had a wrong credit note.',
      ['My last billing period had a wrong credit note.'],
    ],
    ['a filter', 'Blocked: the request holds a credit card number', []],
    ['our own label', "tools.0.input_schema: 'billing' is not allowed", []],
  ])('%s is not about ours', (_, message, sent) => {
    const error = answer(400, JSON.stringify({ error: { message } }));
    expect(runFailureOf(error, 'host', 'model', sent)).toBeNull();
  });

  test.each([
    [{ type: { a: 1 }, message: ['x'] }, '400 Bad Request'],
    [{ type: 7, message: null }, '400 Bad Request'],
    [{ type: 'a\u001b[2Jb', message: 'two\nlines\u202e' }, '400 a[2Jb: two lines'],
    [{ message: 'x'.repeat(400) }, `400 Bad Request: ${'x'.repeat(300)}…`],
  ])('an error body of %j is a line', (error, why) => {
    expect(problemOf(answer(400, JSON.stringify({ error })), 60).why).toBe(why);
  });

  test.each([
    ['as it is', 'no: I can not log in since Monday, please help'],
    ['as JSON', JSON.stringify({ body: 'I can not log in since Monday, please help' })],
    ['in part', 'unknown words: …not log in since Monday, pl'],
    ['whole and short', '{"subject":"Login","body":"Help"}'],
  ])('a message that repeats the ticket %s does not', (_, message) => {
    const sent = ['Login', 'Help', 'I can not log in since Monday, please help'];
    const { why } = problemOf(answer(400, JSON.stringify({ error: { message } })), 60, sent);
    expect(why).not.toMatch(/Monday|Login|Help/);
  });
});

describe('of connections', () => {
  test.each(['ENOTFOUND', 'CERT_HAS_EXPIRED', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'])(
    '%s ends the run',
    (code) => {
      const error = connectionError(Object.assign(new Error('x'), { code }));
      expect(runFailureOf(error, 'https://host', 'model')?.exit).toBe(2);
    },
  );

  test.each(['ECONNREFUSED', 'EAI_AGAIN', 'ECONNRESET', 'CONNECT_TIMEOUT'])(
    '%s may pass',
    (code) => {
      const error = connectionError(Object.assign(new Error('x'), { code }));
      expect(runFailureOf(error, 'https://host', 'model')).toBeNull();
    },
  );

  test.each([
    ['407', 2],
    ['403', 2],
    ['ECONNREFUSED', 2],
    ['ENOTFOUND', 2],
    ['SELF_SIGNED_CERT_IN_CHAIN', 2],
    ['429', undefined],
    ['503', undefined],
    ['ECONNRESET', undefined],
    ['EAI_AGAIN', undefined],
  ])('%s of a proxy ends the run with %s', (failure, exit) => {
    const error = connectionError(new NoTunnel(proxy, 'answered', failure));
    expect(runFailureOf(error, 'https://host', 'model')?.exit).toBe(exit);
  });
});

test.each([
  [1, null, 500],
  [2, null, 1000],
  [3, null, 2000],
  [6, null, 8000],
  [1, 3, 3000],
  [6, 3, 8000],
])('before the attempt after the %i. with retry-after %s it waits %i ms', (attempt, after, ms) => {
  expect(waitBefore(attempt, after, () => 0)).toBe(ms);
  expect(waitBefore(1, null, () => 1)).toBe(900);
});

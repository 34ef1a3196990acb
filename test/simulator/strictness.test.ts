import Anthropic from '@anthropic-ai/sdk';
import { describe, expect, it, test } from 'vitest';
import { desk, LONG_SYSTEM, params, SCHEMA, SONNET, TOOL } from './tiny-desk.ts';

const mark = { type: 'ephemeral' };
const block = { type: 'text', text: 'words', cache_control: mark };
const user = (content: unknown) => ({ role: 'user', content });
const withProperty = (property: object) => ({
  ...TOOL,
  input_schema: { ...SCHEMA, properties: { ...SCHEMA.properties, extra: property } },
});

const MAXIMUM = {
  ...SCHEMA,
  properties: { ...SCHEMA.properties, maximum: { type: 'number' } },
};

describe('refuses with 400', () => {
  test.for([
    ['temperature', { temperature: 0 }, 'temperature: Extra inputs'],
    ['top_p', { top_p: 1 }, 'top_p: Extra inputs'],
    ['top_k', { top_k: 1 }, 'top_k: Extra inputs'],
    ['an unknown field', { tempo: 1 }, 'tempo: Extra inputs'],
    ['thinking', { thinking: { type: 'adaptive' } }, 'thinking: not simulated'],
    ['half a stream', { stream: 1 }, 'stream: Input should be a valid boolean'],
    ['no model', { model: undefined }, 'model: Field required'],
    ['no max_tokens', { max_tokens: undefined }, 'max_tokens: Field required'],
    ['half a token', { max_tokens: 1.5 }, 'valid integer'],
    ['fewer than no tokens', { max_tokens: -1 }, 'greater than or equal'],
    ['warming up with a forced tool', { max_tokens: 0 }, 'forced tool call'],
    ['no messages', { messages: [] }, 'at least one message'],
    ['an assistant first', { messages: [{ role: 'assistant', content: 'a' }] }, 'first message'],
    ['one turn after its like', { messages: [user('a'), user('b')] }, 'roles must alternate'],
    ['a system turn', { messages: [{ role: 'system', content: 'a' }] }, 'messages.0.role'],
    ['a message without content', { messages: [{ role: 'user' }] }, 'content: Field required'],
    ['an empty message', { messages: [user('')] }, 'must be non-empty'],
    ['a message of spaces', { messages: [user(' \n')] }, 'non-whitespace'],
    ['an image', { messages: [user([{ type: 'image' }])] }, 'only text blocks'],
    ['an empty system block', { system: [{ type: 'text', text: '' }] }, 'must be non-empty'],
    ['an unknown block field', { system: [{ ...block, bold: true }] }, 'system.0.text.bold'],
    ['a lone surrogate', { messages: [user('half \ud83d')] }, 'surrogate'],
    ['a lone surrogate in the system', { system: 'half \ude00' }, 'surrogate'],
    ['an unknown mark', { system: [{ ...block, cache_control: { type: 'always' } }] }, 'ephemeral'],
    ['another lifetime', { system: [{ ...block, cache_control: { ...mark, ttl: '2h' } }] }, 'ttl'],
    ['a fifth mark', { system: [1, 2, 3, 4, 5].map(() => block) }, 'Found 5'],
    [
      'marks beyond four in all places',
      {
        tools: [{ ...TOOL, cache_control: mark }],
        system: [block, block],
        messages: [user([block, block])],
      },
      'Found 5',
    ],
    [
      'an hour after five minutes',
      { system: [block, { ...block, cache_control: { ...mark, ttl: '1h' } }] },
      "ttl='1h'",
    ],
    ['a tool named with a space', { tools: [{ ...TOOL, name: 'a b' }] }, 'should match pattern'],
    ['two tools of one name', { tools: [TOOL, TOOL] }, 'unique'],
    ['a schema of no object', { tools: [{ ...TOOL, input_schema: { type: 'array' } }] }, 'object'],
    ['a choice of a tool that is not there', { tool_choice: { type: 'tool', name: 'b' } }, "'b'"],
    ['a choice of no known kind', { tool_choice: { type: 'all' } }, 'tool_choice.type'],
    ['a choice without tools', { tools: undefined, tool_choice: { type: 'any' } }, 'tools'],
    [
      'strict without additionalProperties',
      { tools: [{ ...TOOL, input_schema: { ...SCHEMA, additionalProperties: undefined } }] },
      'additionalProperties',
    ],
    [
      'a strict inner object without it',
      { tools: [withProperty({ type: 'array', items: { type: 'object' } })] },
      'additionalProperties',
    ],
    ['a strict minimum', { tools: [withProperty({ type: 'number', minimum: 0 })] }, 'minimum'],
    ['a strict maximum', { tools: [withProperty({ type: 'number', maximum: 1 })] }, 'maximum'],
    ['a strict multipleOf', { tools: [withProperty({ type: 'number', multipleOf: 1 })] }, 'multi'],
    ['a strict minLength', { tools: [withProperty({ type: 'string', minLength: 1 })] }, 'minL'],
    ['a strict maxLength', { tools: [withProperty({ type: 'string', maxLength: 9 })] }, 'maxL'],
    ['a strict maxItems', { tools: [withProperty({ type: 'array', maxItems: 9 })] }, 'maxItems'],
  ] as const)('%s', async ([, changes, message]) => {
    const { fail } = await desk();
    const error = await fail(changes);
    expect(error).toMatchObject({ status: 400, type: 'invalid_request_error' });
    expect(error.message).toContain(message);
  });

  test.for(['claude-sonnet-5-5', 'claude-opus-5-5', 'claude-fable-5-1', 'claude-mythos-5-1'])(
    'a forced tool on %s, which answers when the choice is free',
    async (model) => {
      const { ask, fail } = await desk();
      expect(await fail({ model })).toMatchObject({ status: 400 });
      expect(await fail({ model, tool_choice: { type: 'any' } })).toMatchObject({ status: 400 });
      const free = { model, tool_choice: { type: 'auto' } } as const;
      const message = await ask({ ...free, max_tokens: 4_096 });
      expect((await ask(free)).stop_reason).toBe('max_tokens');
      expect(message.stop_reason).toBe('tool_use');
    },
  );
});

describe('takes', () => {
  test.for<[string, object]>([
    ['a system of one string', { system: LONG_SYSTEM }],
    ['no system', { system: undefined }],
    ['a dated model', { model: 'claude-haiku-4-5-20251001' }],
    ['bounds in a schema that is not strict', { tools: [{ ...TOOL, strict: false }] }],
    ['a property that is called maximum', { tools: [{ ...TOOL, input_schema: MAXIMUM }] }],
    ['a whole surrogate pair', { messages: [{ role: 'user', content: '😀' }] }],
    ['metadata', { metadata: { user_id: 'u' } }],
  ])('%s', async ([, changes]) => {
    const { client } = await desk();
    const message = await client.messages.create({ ...params(), ...changes });
    expect(message).toMatchObject({ role: 'assistant' });
  });
});

it('does not know a model that does not exist', async () => {
  const { fail } = await desk();
  expect(await fail({ model: 'claude-haiku-9' })).toMatchObject({
    status: 404,
    type: 'not_found_error',
  });
});

it('refuses every key but its own', async () => {
  const { url, ask, fail } = await desk({ apiKey: 'right' });
  expect(await fail()).toMatchObject({ status: 401, type: 'authentication_error' });
  const client = new Anthropic({ baseURL: url, apiKey: 'right', maxRetries: 0 });
  expect(await client.messages.create(paramsOf())).toMatchObject({ model: SONNET });
  await expect(ask()).rejects.toThrow('Invalid bearer token');
});

function paramsOf(): Anthropic.MessageCreateParamsNonStreaming {
  return { model: SONNET, max_tokens: 9, messages: [{ role: 'user', content: 'a' }] };
}

describe('over plain HTTP', () => {
  const headers = { authorization: 'Bearer sim', 'anthropic-version': '2026-10-21' };
  const good = JSON.stringify(paramsOf());

  test.for([
    ['a missing key', '/v1/messages', { headers: { ...headers, authorization: '' } }, 401],
    ['a missing version', '/v1/messages', { headers: { authorization: 'Bearer sim' } }, 400],
    [
      'an older version',
      '/v1/messages',
      { headers: { ...headers, 'anthropic-version': '2023-06-01' } },
      400,
    ],
    ['a body that is not JSON', '/v1/messages', { body: '{"model":' }, 400],
    ['a body that is a list', '/v1/messages', { body: '[]' }, 400],
    ['a body over 32 MB', '/v1/messages', { body: ' '.repeat(32 * 1024 * 1024) + good }, 413],
    ['another path', '/v1/v1/messages', {}, 404],
    ['another method', '/v1/messages', { method: 'PUT' }, 405],
  ] as const)('refuses %s', async ([, path, changes, status]) => {
    const { url } = await desk();
    const response = await fetch(url + path, { method: 'POST', headers, body: good, ...changes });
    expect(response.status).toBe(status);
    expect(response.headers.get('ticket-classify-simulator')).toBe('1');
    expect(response.headers.get('request-id')).toMatch(/^req_sim_/);
  });

  it('takes a key as x-api-key', async () => {
    const { url } = await desk();
    const keyed = { 'anthropic-version': '2026-10-21', 'x-api-key': 'sim' };
    const response = await fetch(`${url}/v1/messages`, {
      method: 'POST',
      headers: keyed,
      body: good,
    });
    expect(response.status).toBe(200);
  });

  it("answers in the API's shape of errors", async () => {
    const { url } = await desk({ failures: [{ what: 'spend_limit' }] });
    const response = await fetch(`${url}/v1/messages`, { method: 'POST', headers, body: good });
    expect(await response.json()).toEqual({
      type: 'error',
      error: {
        type: 'rate_limit_error',
        message: 'Your organization has reached its monthly spend limit.',
        details: { error_code: 'enforced_spend_limit_reached' },
      },
      request_id: response.headers.get('request-id'),
    });
  });
});

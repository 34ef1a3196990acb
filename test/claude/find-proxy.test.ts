import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readEnvironment } from '../../src/ground/environment.ts';
import { proxyFinder } from '../../src/claude/proxy.ts';

const CLAUDE = 'https://api.anthropic.com/v1/messages';

function found(env: Record<string, string>, url = CLAUDE) {
  return proxyFinder(readEnvironment(env, '/nonexistent'))(url);
}

test.each([
  [{}, null],
  [{ HTTPS_PROXY: 'http://a:1' }, 'http://a:1'],
  [{ HTTPS_PROXY: 'http://a:1', https_proxy: 'http://b:2' }, 'http://b:2'],
  [{ HTTPS_PROXY: 'http://a:1', https_proxy: '' }, 'http://a:1'],
  [{ HTTP_PROXY: 'http://a:1' }, 'http://a:1'],
  [{ HTTP_PROXY: 'http://a:1', HTTPS_PROXY: 'https://b' }, 'https://b'],
  [{ HTTPS_PROXY: 'a:1' }, 'http://a:1'],
  [{ HTTPS_PROXY: 'me:secret@a:1/' }, 'http://a:1'],
  [{ ALL_PROXY: 'http://a:1' }, null],
])('of %j it takes %s', (env, url) => {
  expect(found(env)?.url ?? null).toBe(url);
});

test.each([
  ['me:s3cr%40t', 'me:s3cr@t'],
  ['me', 'me:'],
  ['me:100%', 'me:100%'],
])('credentials %s are sent as %s, and are not in the address', (given, sent) => {
  const proxy = found({ HTTPS_PROXY: `http://${given}@a:1` });
  const basic = `Basic ${Buffer.from(sent).toString('base64')}`;
  expect(proxy).toEqual({ variable: 'HTTPS_PROXY', url: 'http://a:1', authorization: basic });
});

describe('NO_PROXY', () => {
  test.each([
    ['*', true],
    ['api.anthropic.com', true],
    ['API.Anthropic.com', true],
    ['anthropic.com', true],
    ['.anthropic.com', true],
    ['*.anthropic.com', true],
    ['api.anthropic.com:443', true],
    ['other.test, anthropic.com', true],
    ['other.test anthropic.com', true],
    ['api.anthropic.com:8443', false],
    ['thropic.com', false],
    ['other.test', false],
    [',', false],
  ])('%s: direct is %s', (noProxy, isDirect) => {
    const env = { HTTPS_PROXY: 'http://a:1' };
    expect(found({ ...env, NO_PROXY: noProxy }) === null).toBe(isDirect);
    expect(found({ ...env, no_proxy: noProxy, NO_PROXY: 'z' }) === null).toBe(isDirect);
  });
});

test.each(['http://localhost:1', 'http://127.0.0.1:1', 'http://127.9.9.9', 'https://[::1]:1'])(
  '%s is never behind a proxy, not even a malformed one',
  (url) => expect(found({ HTTPS_PROXY: 'http://a:1', HTTP_PROXY: '//' }, url)).toBeNull(),
);

test('a .env file can’t plant one', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'proxy-'));
  await writeFile(join(folder, '.env'), 'HTTPS_PROXY=http://a:1\nhttps_proxy=http://a:1\n');
  expect(proxyFinder(readEnvironment({}, folder))(CLAUDE)).toBeNull();
});

import { cp, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readEnvironment } from '../../src/ground/environment.ts';
import { resolveSettings } from '../../src/settings/resolve.ts';
import { SUPPORT } from '../example.ts';

async function resolved(
  flags: Record<string, unknown> = {},
  env: Record<string, string> = {},
  file = '',
) {
  const folder = await mkdtemp(join(tmpdir(), 'settings-'));
  if (file) await writeFile(join(folder, '.env'), file);
  return resolveSettings(flags, readEnvironment(env, folder));
}

const threshold = 'HAIKU_CONFIDENCE_THRESHOLD';

describe('the threshold', () => {
  test.each([
    ['is the playbook’s', {}, {}, '', 0.75],
    ['comes from .env', {}, {}, `${threshold}=0.6`, 0.6],
    ['comes from the environment before .env', {}, { [threshold]: '0.7' }, `${threshold}=0.6`, 0.7],
    ['comes from a flag before all', { threshold: ['0.9'] }, { [threshold]: '0.7' }, '', 0.9],
  ])('%s', async (_, flags, env, file, expected) => {
    const { playbook, origins } = await resolved(flags, env, file);
    expect(playbook.thresholds.default).toBe(expected);
    expect(origins.join()).toContain(expected === 0.75 ? '' : `threshold ${expected}`);
  });

  test('of a field leaves the others alone', async () => {
    const { playbook } = await resolved({ threshold: ['urgency=0.9'] });
    expect(playbook.thresholds).toMatchObject({ default: 0.75, urgency: 0.9 });
  });

  test.each(['1.5', 'high', ''])('of %j in the environment is refused', async (value) => {
    const outcome = resolved({}, { [threshold]: value || ' ' });
    await expect(outcome).rejects.toThrow('not a number from 0 to 1');
  });
});

describe('.env', () => {
  test('gives the key, and says so', async () => {
    const { access, origins } = await resolved({}, {}, 'ANTHROPIC_API_KEY=from-file');
    expect(access.apiKey).toBe('from-file');
    expect(origins).toEqual(['ANTHROPIC_API_KEY (from .env)']);
  });

  test('never gives a base URL, a token or anything else', async () => {
    const file = 'ANTHROPIC_BASE_URL=https://evil.example\nANTHROPIC_AUTH_TOKEN=x\n';
    const { access } = await resolved({}, {}, file);
    expect(access).toEqual({ apiKey: null, authToken: null, baseURL: null });
  });

  test('does not replace a login of the environment', async () => {
    const env = { ANTHROPIC_AUTH_TOKEN: 'token' };
    const { access } = await resolved({}, env, 'ANTHROPIC_API_KEY=from-file');
    expect(access).toMatchObject({ apiKey: null, authToken: 'token' });
  });
});

test.each([
  [{}, {}, 'normal'],
  [{ quiet: true }, {}, 'quiet'],
  [{ verbose: true }, {}, 'verbose'],
  [{}, { CLASSIFIER_LOG_LEVEL: 'debug' }, 'verbose'],
  [{}, { CLASSIFIER_LOG_LEVEL: 'error' }, 'quiet'],
  [{ verbose: true }, { CLASSIFIER_LOG_LEVEL: 'error' }, 'verbose'],
])('with %j and %j it is %s', async (flags, env, volume) => {
  expect((await resolved(flags, env)).volume).toBe(volume);
});

test('a model without a known price is refused, unless the playbook gives one', async () => {
  await expect(resolved({ fastModel: 'my-model' })).rejects.toThrow('price of model my-model');
  const playbook = await mkdtemp(join(tmpdir(), 'priced-'));
  await cp(SUPPORT, playbook, { recursive: true });
  const path = join(playbook, 'playbook.yaml');
  const prices =
    'prices: { my-model: { input: 2, output: 10, cache_write: 2.5, cache_read: 0.2 } }';
  const text = await readFile(path, 'utf8');
  await writeFile(
    path,
    text.replace('  strong: claude-sonnet-4-6', `  strong: my-model\n  ${prices}`),
  );
  const { models, playbook: mine } = await resolved({ playbook });
  expect(mine.models.strong).toBe('my-model');
  expect(models.get('my-model')?.prices).toMatchObject({ input: 2, output: 10, cacheRead: 0.2 });
});

test.each([
  [{ concurrency: '0' }, '--concurrency 0: must be at least 1'],
  [{ concurrency: 'x' }, '--concurrency x: must be a whole number'],
  [{ maxWait: 'soon' }, '--max-wait soon: must be a duration'],
  [{ timeout: '0s' }, '--timeout 0s: must be a duration from 1s to 24h'],
  [{ fastModel: 'constructor' }, 'The price of model constructor is not known'],
  [{ strongModel: '__proto__' }, 'The price of model __proto__ is not known'],
  [{ allowTriage: 'some' }, '--allow-triage some: must be a number of tickets or a share'],
  [{ columns: ['body'] }, '--columns body: must be <field>=<column>'],
  [{ threshold: ['tone=0.5'] }, '--threshold tone=0.5: must be a number'],
  [{ inputFormat: 'xml' }, '--input-format xml: must be csv, tsv, jsonl or json'],
])('%j is refused by its flag’s name', async (flags, complaint) => {
  await expect(resolved(flags)).rejects.toThrow(complaint);
});

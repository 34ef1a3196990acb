import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { stringify } from 'csv-stringify/sync';
import { afterEach, expect, test } from 'vitest';
import { startSimulator, type Simulator } from '../simulator/faulty-server.ts';
import { SAMPLES } from '../example.ts';
import { envOf, fails, ok, program } from '../program.ts';

let simulator: Simulator | undefined;
afterEach(() => simulator?.close());

const samples = join(SAMPLES, 'tickets.csv');

test('shows the very request that a run sends', async () => {
  simulator = await startSimulator({ record: true });
  const env = envOf(simulator);
  const stdin = 'id,subject,body\nT-17,Charged twice,Our card was charged twice.\n';
  const shown = JSON.parse(await ok(['show', '-', '--id', 'T-17'], { env, stdin }));
  expect(simulator.stats.requests).toBe(0);
  expect(shown).toMatchObject({
    url: `${simulator.url}/v1/messages`,
    asked_first: 'claude-haiku-4-5',
  });
  await ok(['-'], { env, stdin });
  expect(shown.request).toEqual(simulator.stats.bodies[0]);
});

test('needs no key', async () => {
  const shown = JSON.parse(await ok(['show', samples, '--id', 'T-5']));
  expect(shown).toMatchObject({
    url: 'https://api.anthropic.com/v1/messages',
    asked_first: 'claude-sonnet-4-6',
    afterwards: expect.stringContaining('pattern'),
  });
});

test('no password of a base URL is shown, by it or by a run', async () => {
  simulator = await startSimulator({ failures: [{ what: 'unauthorized' }] });
  const secret = simulator.url.replace('//', '//user:s3cret@');
  const env = { ...envOf(simulator), ANTHROPIC_BASE_URL: secret };
  const shown = await ok(['show', samples, '--id', 'T-5'], { env });
  expect(JSON.parse(shown).url).toBe(`${simulator.url}/v1/messages`);
  const { code, stderr } = await program([samples], { env });
  expect([code, stderr]).toEqual([2, expect.stringContaining(`${simulator.url} refused`)]);
  for (const base of ['https://user:s3cret@host/v1', 'http://user:s3cret@host', 'user:s3cret@h']) {
    const said = await fails(2, [samples], { env: { ...env, ANTHROPIC_BASE_URL: base } });
    expect(said).toContain('ANTHROPIC_BASE_URL is');
    expect(stderr + said).not.toContain('s3cret');
  }
});

test('guesses the id that was meant', async () => {
  expect(await fails(2, ['show', samples, '--id', 'T-99'])).toMatch(
    /no ticket with the id "T-99"\.\n.*"T-/,
  );
});

test('nothing else of a row leaves, and no log holds a ticket’s text', async () => {
  simulator = await startSimulator({ record: true, failures: [{ what: 'overloaded', rate: 0.3 }] });
  const header = ['id', 'subject', 'body', 'account_tier', 'email', 'phone', 'internal note'];
  const rows = Array.from({ length: 10 }, (_, at) => [
    `T-${at}`,
    `SUBJECT${at}`,
    `BODY${at} was charged twice`,
    'pro',
    'CANARY-email',
    'CANARY-phone',
    'CANARY-note',
  ]);
  const world = {
    env: { ...envOf(simulator), ANTHROPIC_LOG: 'debug' },
    stdin: stringify([header, ...rows]),
  };
  const { stdout, stderr } = await program(['-', '--verbose'], world);
  const sent = JSON.stringify(simulator.stats.bodies);
  expect(sent).toContain('BODY7');
  expect(sent).not.toContain('CANARY');
  expect(sent).not.toContain('T-7');
  expect(stderr).toContain('asked again');
  expect(stderr).not.toMatch(/SUBJECT\d|BODY\d|CANARY/);
  expect(parse(stdout)).toHaveLength(11);
});

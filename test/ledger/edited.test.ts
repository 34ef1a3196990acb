// Ledgers that somebody or something has edited: what can't be true is no answer, and is asked again.
import { readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { loadLedger } from '../../src/ledger/load-ledger.ts';
import { startSimulator, type Simulator } from '../simulator/faulty-server.ts';
import { valid } from '../example.ts';
import { envOf, ok, program } from '../program.ts';
import { ASKER, got, openAt, put, withLedger } from './shelf.ts';

const folder = await mkdtemp(join(tmpdir(), 'edited-'));
let ledgers = 0;
const newLedger = () => join(folder, `${ledgers++}.jsonl`);

function edit(path: string, change: (text: string) => string): void {
  const before = readFileSync(path, 'utf8');
  const after = change(before);
  expect(after).not.toBe(before);
  writeFileSync(path, after);
}

const NUMBERS = [
  'team_confidence',
  'type_confidence',
  'urgency_confidence',
  'sentiment_confidence',
  'input_tokens',
  'cache_read_tokens',
  'cache_write_tokens',
  'output_tokens',
  'cost_usd',
  'latency_ms',
  'attempts',
  'unknown_cost_calls',
  'unknown_cost_at_most_usd',
];
const CONFIDENCES = NUMBERS.filter((name) => name.endsWith('confidence'));
const COUNTS = NUMBERS.filter((name) => /tokens|attempts|calls/.test(name));

test.each([
  ...NUMBERS.flatMap((name) => ['-1', '1e400', '"1"', '{"a":1}'].map((value) => [name, value])),
  ...CONFIDENCES.flatMap((name) => ['1e308', '1.01', 'null'].map((value) => [name, value])),
  ...COUNTS.flatMap((name) => ['0.5', '1e300', 'null'].map((value) => [name, value])),
  ['cost_usd', '1e308'],
  ['unknown_cost_at_most_usd', '1e300'],
  ['time', '"yesterday"'],
  ['time', '"2026-11-22T10:00:00.000Z (\u001B[2J)"'],
  ['team', '7'],
  ['summary', 'null'],
  ['key', '"0123"'],
])('with %s: %s it is no answer', async (name, value) => {
  const path = newLedger();
  await withLedger(path, (ledger) => put(ledger, 'a text'));
  edit(path, (text) =>
    text.replace(new RegExp(`"${name}":("[^"]*"|[^,}]*)`), `"${name}":${value}`),
  );
  await withLedger(path, async (ledger) => {
    expect(got(ledger, 'a text')).toBeNull();
    expect(JSON.stringify(ledger.spent)).not.toMatch(/null|e\+/);
    await put(ledger, 'a text');
    expect(got(ledger, 'a text')).toBe('a text');
  });
});

test.each([
  ['CR', '\r'],
  ['CR LF', '\r\n'],
  ['LF CR', '\n\r'],
])('with %s at the ends of lines all answers are found, and written behind', async (_, end) => {
  const path = newLedger();
  const texts = ['first', 'sécond', 'third'];
  await withLedger(path, async (ledger) => {
    for (const text of texts) await put(ledger, text);
  });
  edit(path, (text) => text.replaceAll('\n', end));
  for (const added of [[], ['fourth']]) {
    await withLedger(path, async (ledger) => {
      expect([ledger.isNew, ledger.unread]).toEqual([false, 0]);
      for (const text of texts) expect(got(ledger, text)).toBe(text);
      for (const text of added) await put(ledger, text);
    });
    texts.push(...added);
  }
  expect((await loadLedger(path, 0)).answers.size()).toBe(4);
});

test('a mark that an editor put before it is no damage', async () => {
  const path = newLedger();
  await withLedger(path, (ledger) => put(ledger, 'a text'));
  edit(path, (text) => `\uFEFF${text}`);
  await withLedger(path, (ledger) => expect(got(ledger, 'a text')).toBe('a text'));
});

test('nothing is written that could not be read again', async () => {
  const path = newLedger();
  const ledger = await openAt(path);
  const usage = { ...valid().usage, input: Number.NaN };
  const kept = ledger.keep(
    { ...valid(), usage },
    { textHash: 'f'.repeat(32), language: null },
    ASKER,
    'support@01234567',
  );
  await expect(kept).rejects.toThrow('no line of a ledger');
  await ledger.close();
  expect((await loadLedger(path, 0)).unread).toBe(0);
});

let simulator: Simulator;
beforeAll(async () => {
  simulator = await startSimulator();
});
afterAll(() => simulator?.close());

const ROW = JSON.stringify({ id: 'T-1', subject: 'Refund', body: 'I was charged twice for June.' });

test.each([
  ['a label that the playbook does not have', /"team":"\w+"/, '"team":"astrology"'],
  ['a confidence of 1e308', /"team_confidence":[\d.]+/, '"team_confidence":1e308'],
  ['tokens beyond count', /"input_tokens":\d+/, '"input_tokens":1e400'],
])('an answer edited to %s is asked again, once', async (_, from, to) => {
  const path = newLedger();
  const summary = join(folder, 'summary.json');
  const args = ['-', '--ledger', path, '--summary', summary];
  const world = { stdin: `${ROW}\n`, env: envOf(simulator) };
  const before = await ok(args, world);
  edit(path, (text) => text.replace(from, to));
  for (const calls of [1, 0]) {
    const { requests } = simulator.stats;
    const { code, stdout, stderr } = await program(args, world);
    expect(code, stderr).toBe(0);
    expect(simulator.stats.requests - requests).toBe(calls);
    expect(JSON.parse(stdout).ai_team).toBe(JSON.parse(before).ai_team);
    expect(stdout + readFileSync(summary, 'utf8')).not.toMatch(/NaN|Infinity|astrology|e\+?\d{3}/);
  }
});

test.each([
  ['CR', (text: string) => text.replaceAll('\n', '\r')],
  ['CR LF', (text: string) => text.replaceAll('\n', '\r\n')],
  ['some LF lost to CR', (text: string) => text.replace(/\n(?=\{"kind":"verdict")/g, '\r')],
  ['its verdict damaged', (text: string) => text.replace(/"sla_minutes":\d+/, '"sla_minutes":-1')],
  ['its verdict torn', (text: string) => text.replace(/("repeated":false).*/, '$1')],
  [
    'its answer damaged',
    (text: string) => text.replace(/"output_tokens":\d+/, '"output_tokens":{}'),
  ],
  [
    'its letters written by numbers',
    (text: string) =>
      text.replaceAll('ö', '\\u00f6').replace(/"sla_minutes":\d+/, '"sla_minutes":""'),
  ],
])('with %s, nothing of a forgotten ticket stays', async (_, change) => {
  const path = newLedger();
  const row = { id: 'Jörg-17', subject: 'Refund', body: 'I was charged twice for June.' };
  const world = {
    stdin: `${JSON.stringify(row)}\n${ROW.replace('June', 'May')}\n`,
    env: envOf(simulator),
  };
  await ok(['-', '--ledger', path], world);
  const { summary } = JSON.parse(readFileSync(path, 'utf8').split('\n')[1] ?? '');
  edit(path, change);
  await ok(['forget', 'Jörg-17', '--ledger', path]);
  const left = readFileSync(path, 'utf8');
  expect(left).not.toMatch(/J(ö|\\u00f6)rg/);
  expect(left.split(/[\r\n]/).filter((line) => line.includes('"kind":"answer"'))).toHaveLength(1);
  expect(left).toContain('"T-1"');
  expect(summary).not.toBe('');
});

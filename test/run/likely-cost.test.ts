import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { beforeAll, expect, test } from 'vitest';
import { realClock } from '../../src/ground/clock.ts';
import { askersFor } from '../../src/ground/keys.ts';
import { memoryOf } from '../../src/ledger/memory.ts';
import { openInputs } from '../../src/run/tickets.ts';
import { likelyCost } from '../../src/run/likely-cost.ts';
import { readLedger } from '../../src/ledger/open-ledger.ts';
import { resolveSettings } from '../../src/settings/resolve.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'likely-'));
});

async function file(name: string, rows: number, end = ''): Promise<string> {
  const path = join(folder, name);
  const lines = Array.from({ length: rows }, (_, at) => `T-${10_000 + at},number ${10_000 + at}\n`);
  await writeFile(path, `id,body\n${lines.join('')}${end}`);
  return path;
}

async function likely(path: string, given: Record<string, unknown> = {}): Promise<string | null> {
  const stdin = Readable.from([Buffer.from('id,body\n1,Help\n')]);
  const settings = await resolveSettings(given, () => null);
  const { playbook } = settings;
  const ledger = await readLedger(null, realClock);
  const desk = {
    settings,
    ledger,
    startedAt: new Date(),
    askerOf: askersFor('api.anthropic.com', playbook),
    newMemory: () =>
      memoryOf({
        ledger,
        playbook,
        keepFirst: false,
        now: realClock.now,
      }),
  };
  const intake = await openInputs(settings, [path], stdin);
  return likelyCost(desk, { inputs: [path], stdin: () => stdin, intake });
}

function tickets(line: string | null): number {
  return Number(/^about ([\d,]+) tickets; /.exec(line ?? '')?.[1]?.replaceAll(',', ''));
}

test('5,000 rows are all looked at, one more is judged by them', async () => {
  expect(await likely(await file('whole.csv', 5_000))).toMatch(/^5,000 tickets; [^j]*$/);
  const line = await likely(await file('more.csv', 5_001));
  expect(line).toContain(', judging by the first 5,000; ');
  expect(tickets(line)).toBeCloseTo(5_000, -2);
});

test('a large file is judged by its bytes, and by what is picked of it', async () => {
  const path = await file('large.csv', 20_000);
  const all = await likely(path);
  expect(tickets(all)).toBeGreaterThan(19_000);
  expect(tickets(all)).toBeLessThan(21_000);
  expect(all).toMatch(/; over --max-cost \$25, where it stops$/);
  expect(await likely(path, { limit: '9000' })).toMatch(/; perhaps over --max-cost \$25, /);
  expect(tickets(await likely(path, { sample: '10000' }))).toBe(10_000);
  expect(tickets(await likely(path, { limit: '6000' }))).toBe(6_000);
  expect(await likely(path, { limit: '100' })).toMatch(/^100 tickets; /);
});

test('a sample of a small file is that of the run', async () => {
  expect(await likely(await file('small.csv', 300), { sample: '7' })).toMatch(/^7 tickets; /);
});

test('of a pipe nothing is said', async () => {
  expect(await likely('-')).toBeNull();
});

test('damage is left to the run to tell', async () => {
  expect(await likely(await file('damaged.csv', 300, 'T-x,"never closed\n'))).toBeNull();
});

test('of an input without rows nothing is said', async () => {
  expect(await likely(await file('empty.csv', 0))).toBeNull();
});

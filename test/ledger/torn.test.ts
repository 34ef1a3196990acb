// Whatever bytes a crash leaves at the end of a ledger: the whole lines are found, no byte is lost.
import {
  appendFileSync,
  existsSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { textHash } from '../../src/ground/keys.ts';
import { readLedger } from '../../src/ledger/open-ledger.ts';
import { loadLedger } from '../../src/ledger/load-ledger.ts';
import { hurriedClock } from '../program.ts';
import { ASKER, got, openAt, put, wholeAnswers, withLedger } from './shelf.ts';

// A disk in memory, if there is one: thousands of ledgers are opened, and each is synced.
const folder = await mkdtemp(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'torn-'));
afterAll(() => rm(folder, { recursive: true }));
let ledgers = 0;
const newLedger = () => join(folder, `${ledgers++}.jsonl`);

async function ledgerWith(...texts: string[]): Promise<{ path: string; bytes: Buffer }> {
  const path = newLedger();
  await withLedger(path, async (ledger) => {
    for (const text of texts) await put(ledger, text);
  });
  return { path, bytes: readFileSync(path) };
}

test('an end torn at any byte of the last two lines is stepped over', async () => {
  const { bytes } = await ledgerWith('first', 'sécond 管理者', 'third');
  const text = bytes.toString('latin1');
  const lastTwo = text.lastIndexOf('\n', text.lastIndexOf('\n', text.length - 2) - 1) + 1;
  const sizes = Array.from({ length: bytes.length - lastTwo }, (_, at) => lastTwo + at);
  const path = newLedger();
  for (const size of sizes) {
    const left = bytes.subarray(0, size);
    writeFileSync(path, left);
    const { answers, torn, unread } = await loadLedger(path, 0);
    const isTorn = left.at(-1) !== 10;
    const found = [answers.size(), torn, unread];
    expect(found, `cut at ${size}`).toEqual([wholeAnswers(path).length, isTorn, isTorn ? 1 : 0]);
    // To write behind it takes the time of a hundred looks at it.
    if (size % 11 === 0 || bytes.length - size < 3) await stepOver(left);
  }
});

async function stepOver(left: Buffer): Promise<void> {
  const path = newLedger();
  writeFileSync(path, left);
  const whole = wholeAnswers(path);
  const isTorn = left.at(-1) !== 10;
  await withLedger(path, async (ledger) => {
    expect([ledger.answers.size(), ledger.unread]).toEqual([whole.length, isTorn ? 1 : 0]);
    for (const each of whole) expect(got(ledger, each)).toBe(each);
    await put(ledger, 'added');
    expect(got(ledger, 'added')).toBe('added');
  });
  expect(readFileSync(path).subarray(0, left.length).equals(left)).toBe(true);
  const { answers, find } = await readLedger(path, hurriedClock());
  // A line that lacked nothing but its end is whole now.
  const isWhole = isTorn && wholeAnswers(path).length === whole.length + 2;
  expect(answers.size()).toBe(whole.length + (isWhole ? 2 : 1));
  for (const each of [...whole, 'added']) expect(find(ASKER, textHash(each))).not.toBeNull();
  rmSync(path);
}

test('a header torn at any byte is stepped over', async () => {
  const { path, bytes } = await ledgerWith('first');
  for (let size = 0; size <= bytes.indexOf('\n'); size++) {
    const left = bytes.subarray(0, size);
    writeFileSync(path, left);
    await withLedger(path, async (ledger) => {
      expect(ledger.answers.size()).toBe(0);
      await put(ledger, 'added');
    });
    expect(readFileSync(path).subarray(0, size).equals(left)).toBe(true);
    expect(await withLedger(path, (ledger) => got(ledger, 'added')), `cut at ${size}`).toBe(
      'added',
    );
  }
});

test.each([
  ['nothing at all', ''],
  ['line ends alone', '\n\n'],
])('a file with %s is an empty ledger', async (_, content) => {
  const path = newLedger();
  writeFileSync(path, content);
  await withLedger(path, (ledger) => put(ledger, 'added'));
  expect(await withLedger(path, (ledger) => got(ledger, 'added'))).toBe('added');
});

test('a run that finds no ledger knows the answers of one that makes it just then', async () => {
  const path = newLedger();
  const first = await openAt(path);
  // It has looked, and found no ledger, when the first run writes and ends.
  const second = openAt(path);
  void put(first, 'first');
  await first.close();
  const ledger = await second;
  expect(got(ledger, 'first')).toBe('first');
  await put(ledger, 'second');
  await ledger.close();
  await withLedger(path, ({ answers }) => expect(answers.size()).toBe(2));
});

/** What can happen to a ledger: a run that keeps answers, a crash that takes some of its end away. */
const event = fc.oneof(
  { weight: 3, arbitrary: fc.record({ texts: fc.array(summary(), { maxLength: 4 }) }) },
  { weight: 1, arbitrary: fc.record({ cut: fc.nat({ max: 3_000 }) }) },
  {
    weight: 1,
    arbitrary: fc.record({ junk: fc.constantFrom('\0\0\0', '{"kind":"ans', 'é', '\r\n') }),
  },
);

function summary(): fc.Arbitrary<string> {
  const long = fc.nat({ max: 40_000 }).map((length) => 'long 管理者 '.repeat(length / 10));
  return fc.oneof(
    { weight: 5, arbitrary: fc.string({ unit: 'grapheme', maxLength: 40 }) },
    { weight: 1, arbitrary: long },
  );
}

test('of all that was ever written, exactly the whole lines are found', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(event, { minLength: 1, maxLength: 8 }), async (events) => {
      const path = newLedger();
      let isKept = true;
      for (const each of events) {
        if (!('texts' in each) && !existsSync(path)) continue;
        const before = existsSync(path) ? readFileSync(path) : Buffer.alloc(0);
        if ('cut' in each) truncateSync(path, Math.max(0, before.length - each.cut));
        else if ('junk' in each && before.length > 0) appendFileSync(path, each.junk);
        else if ('texts' in each) {
          await withLedger(path, async (ledger) => {
            for (const added of each.texts) await put(ledger, added);
          });
          const after = existsSync(path) ? readFileSync(path) : before;
          isKept &&= after.subarray(0, before.length).equals(before);
        }
      }
      expect(isKept).toBe(true);
      const whole = existsSync(path) ? wholeAnswers(path) : [];
      await withLedger(path, (ledger) => {
        expect(ledger.answers.size()).toBe(whole.length);
        for (const each of whole) expect(got(ledger, each)).toBe(each);
      });
    }),
    { numRuns: 100, seed: 5 },
  );
});

// What the lines of a ledger say of batches: which are out, with which texts, and what they left unanswered.
import { appendFileSync, readFileSync, truncateSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { createBatches, type Batches } from '../../src/ledger/open-batches.ts';
import {
  readLine,
  type BatchLine,
  type IntendedLine,
  type UnansweredLine,
} from '../../src/ledger/format.ts';
import { loadLedger } from '../../src/ledger/load-ledger.ts';
import { openAt, put, withLedger } from './shelf.ts';

const TIME = '2026-11-22T10:00:00.000Z';
const HOST = 'api.test';
const NO_COUNTS = { errored: 0, expired: 0, canceled: 0 };

function intended(batch: string, texts: string[], changes: Partial<IntendedLine> = {}) {
  return {
    kind: 'batch',
    event: 'intended',
    time: TIME,
    batch,
    host: HOST,
    model: 'claude-haiku-4-5',
    playbook: 'support@01234567',
    prompt: 'f'.repeat(64),
    at_most_usd: 0.25,
    texts,
    languages: texts.map(() => 'en'),
    ...changes,
  } satisfies BatchLine;
}

const head = (batch: string) => ({ kind: 'batch', time: TIME, batch }) as const;
const sent = (batch: string, id: string): BatchLine => ({ ...head(batch), event: 'sent', id });
const dropped = (batch: string): BatchLine => ({ ...head(batch), event: 'dropped', why: '429' });
const deleted = (batch: string, id: string): BatchLine => ({
  ...head(batch),
  event: 'deleted',
  id,
});
const finished: BatchLine = { ...head(''), event: 'finished' };

function collected(batch: string, id: string, kept = false): BatchLine {
  return { ...head(batch), event: 'collected', id, answered: 2, ...NO_COUNTS, kept };
}

function unanswered(batch: string, changes: Partial<UnansweredLine> = {}): UnansweredLine {
  return {
    kind: 'unanswered',
    key: 'k',
    text: 't',
    host: HOST,
    model: 'claude-haiku-4-5',
    time: TIME,
    batch,
    why: 'expired',
    passing: true,
    ...changes,
  };
}

function folded(...lines: (BatchLine | UnansweredLine)[]): Batches {
  const batches = createBatches();
  for (const line of lines) batches.note(line);
  return batches;
}

describe('a batch', () => {
  it('is out from its intent on, without an id until it was sent', () => {
    const batches = folded(intended('a', ['x', 'y']));
    expect(batches.open()).toMatchObject([{ batch: 'a', id: null, texts: ['x', 'y'] }]);
    batches.note(sent('a', 'msgbatch_1'));
    expect(batches.open()).toMatchObject([{ batch: 'a', id: 'msgbatch_1' }]);
  });

  it('is out no more once it was dropped or collected', () => {
    const batches = folded(intended('a', ['x']), intended('b', ['y']), intended('c', ['z']));
    batches.note(dropped('a'));
    batches.note(collected('b', 'msgbatch_1'));
    expect(batches.open().map(({ batch }) => batch)).toEqual(['c']);
    expect(['x', 'y', 'z'].map((text) => batches.asking(HOST, text)?.batch ?? null)).toEqual([
      null,
      null,
      'c',
    ]);
  });

  it('asks its own host alone', () => {
    const batches = folded(intended('a', ['x']));
    expect(batches.asking(HOST, 'x')).toMatchObject({ batch: 'a' });
    expect(batches.asking('other.test', 'x')).toBeNull();
  });

  it('is left to be deleted from its collection on, at its host, unless it is kept', () => {
    const batches = folded(intended('a', ['x']), intended('b', ['y'], { host: 'other.test' }));
    batches.note(collected('a', 'msgbatch_1', true));
    batches.note(collected('b', 'msgbatch_2'));
    expect(batches.left()).toEqual([{ batch: 'b', id: 'msgbatch_2', host: 'other.test' }]);
    batches.note(deleted('b', 'msgbatch_2'));
    expect(batches.left()).toEqual([]);
  });

  it('is known by its id for ever', () => {
    const batches = folded(intended('a', ['x']), sent('a', 'msgbatch_1'));
    batches.note(collected('a', 'msgbatch_1'));
    batches.note(deleted('a', 'msgbatch_1'));
    expect([...batches.ids()]).toEqual(['msgbatch_1']);
  });
});

describe('what is unanswered', () => {
  it('counts each batch', () => {
    const { unanswered: of } = folded(unanswered('a'), unanswered('b'));
    expect(of('k')).toEqual({ times: 2, why: 'expired', isSame: true, passing: true, batch: 'b' });
    expect(of('another')).toBeNull();
  });

  it('of one batch counts once, though a run that was cut off told it already', () => {
    const { unanswered: of } = folded(unanswered('a'), unanswered('a'), unanswered('b'));
    expect(of('k')).toMatchObject({ times: 2 });
  });

  it('for several reasons is told by its last', () => {
    const other = unanswered('b', { why: 'api_error' });
    const { unanswered: of } = folded(unanswered('a'), other, unanswered('c'));
    expect(of('k')).toMatchObject({ times: 3, why: 'expired', isSame: false });
  });

  it('is forgotten when a job is complete', () => {
    const batches = folded(unanswered('a'));
    expect(batches.hasUnanswered()).toBe(true);
    batches.note(finished);
    expect([batches.hasUnanswered(), batches.unanswered('k')]).toEqual([false, null]);
  });
});

const folder = await mkdtemp(join(tmpdir(), 'batches-'));
afterAll(() => rm(folder, { recursive: true }));
let ledgers = 0;
const newLedger = () => join(folder, `${ledgers++}.jsonl`);

const STORY = [
  intended('a', ['x', 'y']),
  sent('a', 'msgbatch_1'),
  unanswered('msgbatch_1'),
  collected('a', 'msgbatch_1'),
  deleted('a', 'msgbatch_1'),
  dropped('b'),
  finished,
];

describe('in a ledger', () => {
  it('every kind of line is read as it was written', () => {
    for (const line of STORY) expect(readLine(JSON.stringify(line))).toEqual(line);
  });

  it('what was noted is on the disk once it is synced', async () => {
    const path = newLedger();
    const ledger = await openAt(path);
    ledger.keepBatch(intended('a', ['x']));
    await ledger.sync();
    expect(readFileSync(path, 'utf8')).toContain('"event":"intended"');
    expect(ledger.batches.open()).toHaveLength(1);
    await ledger.close();
  });

  it('batches and what they left unanswered are found again by the next run', async () => {
    const path = newLedger();
    await withLedger(path, async (ledger) => {
      await put(ledger, 'an answer');
      ledger.keepBatch(intended('a', ['x']));
      ledger.keepBatch(sent('a', 'msgbatch_1'));
      ledger.keepBatch(unanswered('msgbatch_0'));
    });
    const { batches, unread } = await loadLedger(path, 0);
    expect(batches.open()).toEqual([{ ...intended('a', ['x']), id: 'msgbatch_1' }]);
    expect(batches.unanswered('k')).toMatchObject({ times: 1 });
    expect(unread).toBe(0);
  });

  it('a torn intent is none; what follows it counts', async () => {
    const path = newLedger();
    await withLedger(path, (ledger) => {
      ledger.keepBatch(intended('a', ['x']));
      ledger.keepBatch(intended('b', ['y']));
    });
    truncateSync(path, readFileSync(path).length - 20);
    await withLedger(path, (ledger) => ledger.keepBatch(intended('c', ['z'])));
    const { batches, unread } = await loadLedger(path, 0);
    expect(batches.open().map(({ batch }) => batch)).toEqual(['a', 'c']);
    expect(unread).toBe(1);
  });

  it('a torn id leaves a batch of unknown fate', async () => {
    const path = newLedger();
    await withLedger(path, (ledger) => {
      ledger.keepBatch(intended('a', ['x']));
      ledger.keepBatch(sent('a', 'msgbatch_1'));
    });
    truncateSync(path, readFileSync(path).length - 5);
    const { batches } = await loadLedger(path, 0);
    expect(batches.open()).toMatchObject([{ batch: 'a', id: null }]);
    expect(batches.asking(HOST, 'x')).not.toBeNull();
  });

  it('a batch event of a later version is stepped over', async () => {
    const path = newLedger();
    await withLedger(path, (ledger) => ledger.keepBatch(intended('a', ['x'])));
    appendFileSync(path, `${JSON.stringify({ ...head('a'), event: 'moved' })}\n`);
    const { batches, unread } = await loadLedger(path, 0);
    expect([batches.open().length, unread]).toEqual([1, 1]);
  });

  it('nothing of a batch is kept of another kind than its answers', async () => {
    const ledger = await openAt(newLedger()).catch(() => null);
    expect(() => ledger?.isFor(true)).toThrow('simulat');
    ledger?.keepBatch(intended('a', ['x']));
    expect(ledger?.batches.open()).toEqual([]);
    await ledger?.close();
  });
});

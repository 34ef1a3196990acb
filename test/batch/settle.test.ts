import { expect, it } from 'vitest';
import { settle, type Fate } from '../../src/batch/settle.ts';
import type { OpenBatch } from '../../src/ledger/open-batches.ts';
import { MINUTE, openParts, questions, type Parts } from './parts.ts';

const SLOW = { batches: { takesMs: 60 * MINUTE } };
const NOBODY: ReadonlySet<string> = new Set();

/** As a run finds it that learns of it only now. */
function fateOf({ claude, clock }: Parts, batch: OpenBatch, known = NOBODY): Promise<Fate> {
  return settle({ ...batch, id: null }, claude, known, clock.now(), clock.now());
}

it('finds its own batch among others of its size', async () => {
  const parts = await openParts();
  await parts.sent(questions(3, 'the rows'));
  const own = await parts.sent(questions(3));
  await parts.sent(questions(3, 'the columns'));
  await parts.sent(questions(4));
  expect(await fateOf(parts, own)).toEqual({ kind: 'found', id: own.id });
});

it('finds it however often the results are cut off', async () => {
  const parts = await openParts();
  const own = await parts.sent(questions(3));
  parts.simulator.set({
    batches: { failures: [{ on: 'results', what: 'html_page', nth: [1, 2] }] },
  });
  expect(await fateOf(parts, own)).toEqual({ kind: 'found', id: own.id });
});

it('can tell nothing as long as the results of one that may be it can’t be had', async () => {
  const parts = await openParts();
  const own = await parts.sent(questions(3));
  await parts.pass(30 * MINUTE);
  parts.simulator.set({ batches: { failures: [{ on: 'results', what: 'not_found', first: 1 }] } });
  expect(await fateOf(parts, own)).toEqual({ kind: 'hidden' });
  expect(await fateOf(parts, own)).toEqual({ kind: 'found', id: own.id });
});

it('finds it by a clock that is five minutes ahead of the server', async () => {
  const parts = await openParts();
  const own = await parts.sent(questions(3));
  const time = new Date(parts.clock.now() + 5 * MINUTE).toISOString();
  expect(await fateOf(parts, { ...own, time })).toEqual({ kind: 'found', id: own.id });
});

it('can tell nothing as long as one runs that may be it', async () => {
  const parts = await openParts(SLOW);
  const other = await parts.sent(questions(3, 'the rows'));
  const lost = { ...other, batch: 'ffffffffffff' };
  await parts.pass(30 * MINUTE);
  expect(await fateOf(parts, lost)).toEqual({ kind: 'running' });
  await parts.pass(30 * MINUTE);
  expect(await fateOf(parts, lost)).toEqual({ kind: 'none' });
});

it.each<[what: string, known: (id: string) => Set<string>, size: number]>([
  ['of another size', () => new Set(), 4],
  ['that is known as another', (id) => new Set([id]), 3],
])('waits for no running one %s', async (_, known, size) => {
  const parts = await openParts(SLOW);
  const other = await parts.sent(questions(size, 'the rows'));
  await parts.pass(20 * MINUTE);
  const { texts } = await parts.sent(questions(3));
  const lost = { ...other, batch: 'ffffffffffff', texts };
  const ids = new Set([...known(other.id ?? ''), ...(await idsOf(parts, 1))]);
  expect(await fateOf(parts, lost, ids)).toEqual({ kind: 'none' });
});

/** Of so many, the newest first. */
async function idsOf({ claude }: Parts, count: number): Promise<string[]> {
  const ids: string[] = [];
  for await (const { id } of claude.since(0)) ids.push(id);
  return ids.slice(0, count);
}

it('says that there is none only a while after its request is over', async () => {
  const { claude, sent, simulator } = await openParts();
  const { id, ...lost } = await sent(questions(3));
  await claude.look(id ?? '');
  await claude.remove(id ?? '');
  expect(simulator.stats.batches.deleted).toEqual([id]);
  const intendedAt = Date.parse(lost.time);
  const at = async (seconds: number, heard: number) => {
    const now = intendedAt + seconds * 1_000;
    const batch = { ...lost, id: null };
    return (await settle(batch, claude, NOBODY, now, intendedAt + heard * 1_000)).kind;
  };
  expect(await at(1, 1)).toBe('waiting');
  expect(await at(29, 0)).toBe('waiting');
  expect(await at(31, 0)).toBe('none');
  // An upload that broke off after five minutes.
  expect(await at(310, 300)).toBe('waiting');
  expect(await at(331, 300)).toBe('none');
  // Of a run that was killed, nobody knows when; but no request takes longer than its time-out.
  expect(await at(600, 600)).toBe('waiting');
  expect(await at(700, 700)).toBe('none');
});

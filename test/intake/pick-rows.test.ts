import { expect, test } from 'vitest';
import { pickRows } from '../../src/intake/pick-rows.ts';
import type { Row } from '../../src/ticket.ts';

async function* rows(ids: readonly number[]): AsyncGenerator<Row> {
  for (const id of ids) {
    yield { kind: 'table', file: 'f', line: id, bytes: 1, cells: [String(id)], fault: null };
  }
}

async function picked(
  ids: readonly number[],
  pick: { limit?: number; sample?: number; seed?: number },
) {
  const out: number[] = [];
  const { limit = null, sample = null, seed = 1 } = pick;
  for await (const row of pickRows(rows(ids), { limit, sample, seed })) out.push(row.line);
  return out;
}

const many = Array.from({ length: 2000 }, (_, at) => at);

test('--limit takes the first', async () => {
  expect(await picked(many, { limit: 3 })).toEqual([0, 1, 2]);
});

test('--sample takes exactly so many, in input order, the same ones every time', async () => {
  const once = await picked(many, { sample: 100 });
  expect(once).toHaveLength(100);
  expect(once).toEqual(once.toSorted((a, b) => a - b));
  expect(await picked(many, { sample: 100 })).toEqual(once);
  expect(await picked(many, { sample: 100, seed: 2 })).not.toEqual(once);
});

test('a sample is spread over the whole input', async () => {
  const quarters = [0, 0, 0, 0];
  for (const id of await picked(many, { sample: 400 })) {
    const at = Math.floor(id / 500);
    quarters[at] = (quarters[at] ?? 0) + 1;
  }
  for (const count of quarters) expect(Math.abs(count - 100)).toBeLessThan(40);
});

test('a sample stays the same when rows move, and nearly so when some are added', async () => {
  const once = new Set(await picked(many, { sample: 100 }));
  expect(new Set(await picked(many.toReversed(), { sample: 100 }))).toEqual(once);
  const grown = await picked([...many, 2001, 2002, 2003], { sample: 100 });
  expect(grown.filter((id) => once.has(id)).length).toBeGreaterThan(95);
});

test('a sample of more than there is is everything', async () => {
  expect(await picked([1, 2, 3], { sample: 10 })).toEqual([1, 2, 3]);
  expect(await picked(many, { limit: 50, sample: 100 })).toHaveLength(50);
});

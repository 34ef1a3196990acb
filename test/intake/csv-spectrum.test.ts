// The public acid test for CSV readers: through the program and out again, cells unchanged.
import { readdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { afterAll, expect, test } from 'vitest';
import { startSimulator } from '../simulator/faulty-server.ts';
import { envOf, program } from '../program.ts';

const folder = join(dirname(createRequire(import.meta.url).resolve('csv-spectrum')), 'csvs');
const names = (await readdir(folder)).filter((name) => name.endsWith('.csv'));
const simulator = await startSimulator();
afterAll(() => simulator.close());

test('there are twelve files', () => {
  expect(names).toHaveLength(12);
});

/** The vector's reading is wrong upstream: another number, and no list. */
const RIGHT: Record<string, Record<string, string>[]> = {
  'location_coordinates.csv': [
    {
      'Contact Phone Number': '2095257564',
      'Location Coordinates': `37\uFFFD36'37.8"N 121\uFFFD2'17.9"W`,
      Cities: 'Modesto',
      Counties: 'Stanislaus',
    },
  ],
};

test.each(names)('%s', async (name) => {
  const reading = await readFile(join(folder, '../json', name.replace('.csv', '.json')), 'utf8');
  const expected: Record<string, string>[] = RIGHT[name] ?? JSON.parse(reading);
  const columns = Object.keys(expected[0] ?? {});
  const args = [join(folder, name), '--columns', `body=${columns.at(-1)}`];
  const { code, stdout, stderr } = await program(args, { env: envOf(simulator) });
  expect([0, 4], stderr).toContain(code);
  const rows: Record<string, string>[] = parse(stdout, { columns: true, bom: true });
  expect(
    rows.map((row) => Object.fromEntries(columns.map((column) => [column, row[column]]))),
  ).toEqual(expected);
});

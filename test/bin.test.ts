// The built program, started for real.
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'csv-parse/sync';
import { afterEach, describe, expect, test } from 'vitest';
import { startSimulator, type Simulator } from './simulator/faulty-server.ts';
import { BIN, bin, shell, startBin, startChild } from './child.ts';
import { SAMPLES } from './example.ts';
import { envOf } from './program.ts';

const LOG_IMPORTS = fileURLToPath(new URL('log-imports.mjs', import.meta.url));
const DATA = fileURLToPath(new URL('../../shared/data', import.meta.url));
const folder = await mkdtemp(join(tmpdir(), 'bin-'));

let simulator: Simulator;
afterEach(() => simulator?.close());

test('--version is that of the package', async () => {
  const manifest = await readFile(new URL('../package.json', import.meta.url), 'utf8');
  const { code, stdout } = await bin(['--version']);
  expect([code, stdout]).toEqual([0, `${JSON.parse(manifest).version}\n`]);
});

test('--help loads neither the SDK nor zod', async () => {
  const args = ['--import', LOG_IMPORTS, BIN, '--help'];
  const help = await startChild(process.execPath, args).ended;
  expect(help.code).toBe(0);
  expect(help.stdout).toContain('--threshold');
  expect(help.stderr).toContain('commander');
  expect(help.stderr).not.toMatch(/@anthropic-ai|node_modules\/zod|eld/);
});

test('a reader that goes away ends it quietly', async () => {
  simulator = await startSimulator();
  const samples = join(SAMPLES, 'tickets.jsonl');
  const { code, stdout, stderr } = await shell(
    `"${process.execPath}" "${BIN}" -q --no-ledger "${samples}" | head -1`,
    envOf(simulator),
  );
  expect(code).toBe(0);
  expect(stdout.split('\n')).toHaveLength(2);
  expect(stderr).toBe('');
});

test('after kill -9 the rows so far are whole, and are not overwritten', async () => {
  simulator = await startSimulator({ latency: 10 });
  const input = join(folder, 'killed.csv');
  const output = join(folder, 'killed.out.csv');
  const rows = Array.from(
    { length: 2000 },
    (_, at) => `${at},I was charged twice for number ${at}`,
  );
  await writeFile(input, `id,body\n${rows.join('\n')}\n`);
  const child = startBin([input, '-o', output, '--no-ledger'], envOf(simulator));
  await child.until(() => simulator.stats.of('claude-haiku-4-5').delivered.answers > 100);
  expect(await child.kill()).toBe(true);

  expect(existsSync(output)).toBe(false);
  const partial = await readFile(`${output}.partial`, 'utf8');
  const kept: Record<string, string>[] = parse(partial, { columns: true });
  const ids = kept.map((row) => row['id']);
  expect(ids).toEqual(ids.map((_, at) => String(at)));
  expect(ids.length).toBeGreaterThan(10);
  const again = await bin([input, '-o', output, '--no-ledger'], envOf(simulator));
  expect(again.code).toBe(2);
  expect(again.stderr).toContain('each of them paid for');
  expect(await readFile(`${output}.partial`, 'utf8')).toBe(partial);
});

describe.runIf(existsSync(DATA))('public data', () => {
  test('3,080 questions to a bank come out in order, their cells unchanged', async () => {
    simulator = await startSimulator();
    const path = join(DATA, 'banking77/test.csv');
    const { code, stdout, stderr } = await bin([path, '-c', '50', '--no-ledger'], envOf(simulator));
    expect(code, stderr).toBe(0);
    const before = parse(await readFile(path, 'utf8'), { record_delimiter: ['\r\n', '\n'] });
    const after = parse(stdout);
    expect(before).toHaveLength(3081);
    expect(after.map((row) => row.slice(0, 2))).toEqual(before);
  });

  test('5,500 requests as JSON lines come out in order, to the letter', async () => {
    simulator = await startSimulator();
    const path = join(DATA, 'clinc150/clinc150_test.jsonl');
    const { code, stdout, stderr } = await bin([path, '-c', '50', '--no-ledger'], envOf(simulator));
    expect(code, stderr).toBe(0);
    const before = (await readFile(path, 'utf8')).trimEnd().split('\n');
    const after = stdout.trimEnd().split('\n');
    expect(before).toHaveLength(5500);
    expect(after).toHaveLength(5500);
    const own = before.map((line, at) =>
      after[at]?.startsWith(`${line.slice(0, -1)},"ai_ticket_id"`),
    );
    expect(own.every(Boolean)).toBe(true);
  });
});

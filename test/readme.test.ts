// What the README and the pages in docs claim, held against the program.
import { mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { EXIT } from '../src/ground/errors.ts';
import { columnNames } from '../src/output/columns.ts';
import type { Failure } from './simulator/failures.ts';
import { startSimulator } from './simulator/faulty-server.ts';
import { startChild } from './child.ts';
import { SAMPLES } from './example.ts';
import { envOf, ok, program } from './program.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const readme = await readFile(join(ROOT, 'README.md'), 'utf8');

function section(title: string): string {
  const start = readme.indexOf(`## ${title}`);
  expect(start).toBeGreaterThan(0);
  return readme.slice(start, readme.indexOf('\n## ', start + 1));
}

/** All names in backquotes in the first column of the tables. */
function firstCells(text: string): string[] {
  const cells = text.split('\n').flatMap((line) => /^\| (.*?[^\\]) \|/.exec(line)?.[1] ?? []);
  return cells.flatMap((cell) => [...cell.matchAll(/`([^`]+)`/g)].map((match) => match[1] ?? ''));
}

test('the table of flags is that of --help', async () => {
  const help = await ok(['--help']);
  const known = [...help.matchAll(/^ {2}(?:-\w, )?(--[a-z-]+)/gm)].map((match) => match[1] ?? '');
  const told = firstCells(section('Commands and flags')).map(
    (cell) => /--[a-z-]+/.exec(cell)?.[0] ?? '',
  );
  const always = new Set(['--help', '--version']);
  expect(told.toSorted()).toEqual(known.filter((flag) => !always.has(flag)).toSorted());
});

test('the table of columns is in the order of the program', () => {
  expect(firstCells(section('Columns'))).toEqual(columnNames(''));
});

test('the table of exit codes is complete', () => {
  const told = [...section('Exit codes').matchAll(/^\| ([\d, ]+) \|/gm)]
    .flatMap((match) => match[1]?.split(', ') ?? [])
    .map(Number);
  expect(told).toEqual([...Object.values(EXIT), 130, 143].toSorted((a, b) => a - b));
});

/** The stand-in answers as slowly as Claude does; waits of seconds are left out. */
const IMPATIENT = `data:text/javascript,${encodeURIComponent(`
  const wait = globalThis.setTimeout;
  globalThis.setTimeout = (wake, ms, ...args) => wait(wake, ms < 10_000 ? 0 : ms, ...args);`)}`;

test('the example for Node.js runs as it stands', async () => {
  const code = /<!-- a test runs this -->\n```js\n([^]*?)```/.exec(readme)?.[1] ?? '';
  const args = ['--import', IMPATIENT, '--input-type=module', '--eval', code];
  const { stdout, stderr } = await startChild(process.execPath, args, {}, ROOT).ended;
  const lines = stdout.split('\n');
  expect(lines[0], stderr).toMatch(/^A-1 simulated billing-\w+ 0\.0\d+$/);
  expect(lines[1]).toMatch(/^A-2 simulated general-high 0\.\d+$/);
});

test('every field of the summary is documented, and no other', async () => {
  const simulator = await startSimulator();
  const path = join(await mkdtemp(join(tmpdir(), 'readme-')), 'summary.json');
  const samples = join(SAMPLES, 'tickets.csv');
  await program([samples, '--summary', path], { env: envOf(simulator) });
  await simulator.close();
  const summary: Record<string, object> = JSON.parse(await readFile(path, 'utf8'));
  const documentation = await readFile(join(ROOT, 'docs/summary.md'), 'utf8');
  const told = firstCells(documentation).map((name) => name.split('.')[0] ?? '');
  expect([...new Set(told)].toSorted()).toEqual(Object.keys(summary).toSorted());
  const nested = Object.values(summary).flatMap((value) =>
    typeof value === 'object' && !Array.isArray(value) ? Object.keys(value) : [],
  );
  const data = new Set([
    ...Object.keys(summary['teams'] ?? {}),
    ...Object.keys(summary['by_model'] ?? {}),
    ...Object.keys(summary['confidence'] ?? {}),
  ]);
  for (const name of nested.filter((key) => !data.has(key))) {
    expect(documentation).toMatch(new RegExp(`[\`.]${name}\``));
  }
});

test('every field of the ledger is documented, and no other', async () => {
  const path = join(await mkdtemp(join(tmpdir(), 'readme-')), 'ledger.jsonl');
  const classify = async (failure: Failure, stdin: string, ...flags: string[]) => {
    const simulator = await startSimulator({
      failures: [failure],
      batches: { failures: [{ on: 'create', what: 'overloaded', first: 1 }] },
    });
    await program(['-', '--ledger', path, ...flags], { env: envOf(simulator), stdin });
    await simulator.close();
  };
  await classify({ what: 'cut_off', first: 1 }, 'id,body\nT-1,I was charged twice\nT-2,Hello\n');
  await classify({ what: 'dropped_after' }, 'id,body\nT-3,Where is my invoice?\n');
  await classify({ what: 'expired', first: 6 }, 'id,body\nT-4,Where is it?\n', '--batch');
  await classify({ what: 'server_error', rate: 0 }, 'id,body\nT-5,Hello there\n', '--batch');
  await ok(['forget', 'T-2', '--ledger', path]);

  const written = new Map<string, Set<string>>();
  for (const line of (await readFile(path, 'utf8')).trimEnd().split('\n')) {
    const fields: { kind?: string } = JSON.parse(line);
    const { kind = 'header' } = fields;
    written.set(kind, new Set([...(written.get(kind) ?? []), ...Object.keys(fields)]));
  }
  const documentation = await readFile(join(ROOT, 'docs/ledger.md'), 'utf8');
  const told = new Map<string, Set<string>>();
  for (const part of documentation.split(/^## /m).filter((each) => each.includes('| field |'))) {
    told.set(/^`(\w+)`/.exec(part)?.[1] ?? 'header', new Set(firstCells(part)));
  }
  expect(told).toEqual(written);
});

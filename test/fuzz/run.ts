// One run of the program in a folder of its own, and what must hold of every run.

import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { costOf } from '../../src/claude/cost.ts';
import { MODELS } from '../../src/claude/models.ts';
import type { Summary } from '../../src/output/summary-format.ts';
import { envOf, hurriedClock, program, type Outcome } from '../program.ts';
import type { Simulator } from '../simulator/faulty-server.ts';
import type { Billed } from '../simulator/stats.ts';
import type { OddInput } from './inputs.ts';

type Row = Record<string, string>;

export interface Run extends Outcome {
  args: string[];
  /** Rows of the output, or of its `.partial`; null if there is neither. */
  rows: Row[] | null;
  isWhole: boolean;
  summary: Summary | null;
  /** In half nano-dollars, by the server's own count at the prices of our table. */
  billed: number;
}

export interface Bench {
  folder: string;
  ledger: string;
  clock: ReturnType<typeof hurriedClock>;
  run: (input: OddInput, ...flags: string[]) => Promise<Run>;
  command: (...args: string[]) => Promise<Outcome>;
}

/** Ends a hang, and nothing else. */
const HANG_MS = 120_000;

/** In a folder that is gone afterwards. */
export async function onBench<T>(
  simulator: Simulator,
  work: (bench: Bench) => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'fuzz-'));
  const ledger = join(folder, 'ledger.jsonl');
  const clock = hurriedClock();
  const command = (...args: string[]) =>
    ended(program(args, { env: envOf(simulator), clock, cwd: folder }), args);

  async function run(input: OddInput, ...flags: string[]): Promise<Run> {
    const path = join(folder, input.name);
    const output = join(folder, 'out.csv');
    const summary = join(folder, 'summary.json');
    await Promise.all(
      [output, `${output}.partial`, summary].map((old) => rm(old, { force: true })),
    );
    await writeFile(path, input.bytes);
    const before = billOf(simulator);
    const files = ['--ledger', ledger, '-o', output, '--summary', summary];
    const args = [path, ...files, ...input.flags, ...flags];
    const outcome = await command(...args);
    const isWhole = existsSync(output);
    return {
      ...outcome,
      args,
      isWhole,
      rows: await rowsIn(isWhole ? output : `${output}.partial`),
      summary: existsSync(summary) ? JSON.parse(await readFile(summary, 'utf8')) : null,
      billed: billOf(simulator) - before,
    };
  }

  try {
    return await work({ folder, ledger, clock, run, command });
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function ended(run: Promise<Outcome>, args: string[]): Promise<Outcome> {
  let timer: NodeJS.Timeout | undefined;
  const hang = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`does not end: ${args.join(' ')}`)), HANG_MS);
  });
  try {
    return await Promise.race([run, hang]);
  } finally {
    clearTimeout(timer);
  }
}

async function rowsIn(path: string): Promise<Row[] | null> {
  if (!existsSync(path)) return null;
  const text = await readFile(path, 'utf8');
  const delimiter = [',', ';', '\t', '|'];
  return parse(text, { bom: true, columns: unique, delimiter: delimiterOf(text, delimiter) });
}

/** The one before our columns. */
function delimiterOf(text: string, candidates: string[]): string {
  const [header = ''] = text.split('\n', 1);
  return (
    candidates.find((one) => /^"?ai_ticket_id/.test(header.split(one).find(isOurs) ?? '')) ?? ','
  );
}

function isOurs(name: string): boolean {
  return /^"?ai_ticket_id"?$/.test(name);
}

function unique(names: string[]): string[] {
  return names.map((name, at) => (names.indexOf(name) === at ? name : `${name} ${at}`));
}

/** In half nano-dollars; half of it in batches. */
function billOf({ stats }: Simulator): number {
  return Object.entries(stats.models).reduce((all, [name, { delivered, lost, batch }]) => {
    const model = MODELS[name];
    if (model === undefined) return all;
    const cost = (sums: Billed) =>
      costOf({ ...sums, cacheWrite: sums.cacheWrite5m + sums.cacheWrite1h }, model);
    return all + cost(delivered) + cost(lost) + cost(batch) / 2;
  }, 0);
}

const ENDS = new Set([0, 2, 3, 4, 75]);
const NONSENSE = /\b(NaN|-?Infinity|undefined)\b|\[object \w+\]/;

/** What is wrong with a run, whatever the server did; nothing if all is well. */
export function faultsOf(run: Run, input: OddInput): string[] {
  const { code, stdout, stderr, rows, isWhole, summary } = run;
  const faults: string[] = [];
  if (!ENDS.has(code)) faults.push(`exit code ${code}`);
  for (const [what, said] of Object.entries({ stdout, stderr, summary: JSON.stringify(summary) })) {
    const found = NONSENSE.exec(said ?? '');
    if (found !== null) faults.push(`${found[0]} in ${what}`);
  }
  const cells = (rows ?? []).flatMap((row) =>
    Object.entries(row).filter(([name]) => name.startsWith('ai_')),
  );
  const odd = cells.find(([, cell]) => NONSENSE.test(cell));
  if (odd !== undefined) faults.push(`${odd[1]} in ${odd[0]}`);

  const isDone = code === 0 || code === 4;
  if (isDone !== isWhole) faults.push(`exit ${code} and ${isWhole ? 'an' : 'no'} output`);
  return [...faults, ...rowFaults(input, rows ?? [], isDone)];
}

/** Of a run that was stopped, what had been answered is there, in its order. */
function rowFaults({ tickets, columns }: OddInput, rows: Row[], isDone: boolean): string[] {
  const ids = rows.map((row) => row['ai_ticket_id'] ?? '');
  const due = tickets.filter(({ id }) => isDone || ids.includes(id));
  if (ids.join() !== due.map(({ id }) => id).join()) return [`rows ${ids.join()}`];
  return due.flatMap(({ subject, body }, at) => {
    const row = rows[at] ?? {};
    const isLossy = row[columns.subject] !== subject || row[columns.body] !== body;
    return isLossy ? [`another text: ${JSON.stringify(row)}`] : [];
  });
}

/** Whether less is told than was billed: what is known, and what is unknown at its most. */
export function tellsTooLittle(runs: readonly Run[]): boolean {
  const told = sum(runs.flatMap(({ summary }) => (summary === null ? [] : atMost(summary.total))));
  return told * 2e9 < sum(runs.map(({ billed }) => billed)) - 1;
}

function atMost({ cost_usd, unknown_cost_at_most_usd }: Summary['total']): number {
  return cost_usd + unknown_cost_at_most_usd;
}

function sum(values: readonly number[]): number {
  return values.reduce((all, value) => all + value, 0);
}

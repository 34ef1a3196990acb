// The built program, killed again and again in the middle of one job by batch.
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import type { BatchFailure } from '../../simulator/batch-failures.ts';
import { startSimulator } from '../../simulator/faulty-server.ts';
import { startChild, type Child } from '../../child.ts';
import { backlog, jsonLines } from '../../ledger/backlog.ts';
import { envOf } from '../../program.ts';
import { askedAgain, readLines, startBatchDesk, verdicts, type Json } from './batch-desk.ts';

const PROGRAM = fileURLToPath(new URL('./quick-bin.js', import.meta.url));

/** Of the program and of the server alike: looks that are seconds apart are not waited for. */
const FASTER = 30;
const base = Date.now();
const now = () => base + (Date.now() - base) * FASTER;

let folder: string;
let input: string;
/** Of a run that nothing disturbed. */
let undisturbed: Json[];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kill-batch-'));
  input = join(folder, 'backlog.jsonl');
  const items = await backlog(40);
  await writeFile(input, jsonLines(items));
  const desk = await startBatchDesk();
  undisturbed = whatCounts((await desk.job(items, '--batch')).rows);
  await desk.close();
});
afterAll(() => rm(folder, { recursive: true }));

async function newJob(name: string, failures: BatchFailure[] = []) {
  const batches = { takesMs: 4_000, failures };
  const simulator = await startSimulator({ now, record: true, batches });
  onTestFinished(() => simulator.close());
  const ledger = join(folder, `${name}.ledger.jsonl`);
  const output = join(folder, `${name}.out.jsonl`);
  // Several batches to a round; and ten minutes of this clock are soon over.
  const flags = ['--batch', '--batch-size', '10', '--max-wait', '20h', '-q'];

  function start(): Child {
    const args = [String(base), String(FASTER), input, ...flags, '--ledger', ledger, '-o', output];
    return startChild(process.execPath, [PROGRAM, ...args], envOf(simulator));
  }

  async function rows(): Promise<Json[]> {
    return whatCounts(readLines(await readFile(output, 'utf8')));
  }

  /** Whole lines of the ledger so far. */
  async function lines(): Promise<Json[]> {
    const text = await readFile(ledger, 'utf8').catch(() => '');
    return text.split('\n').slice(0, -1).flatMap(parsed);
  }

  return { simulator, start, rows, lines, ledger, output };
}

type Job = Awaited<ReturnType<typeof newJob>>;

/** The last run alone knows what it has paid for. */
function whatCounts(rows: readonly Json[]): Json[] {
  return verdicts(rows).map((row) => ({ ...row, ai_reused: null, ai_attempts: null }));
}

/** None of a torn line. */
function parsed(line: string): Json[] {
  try {
    return [JSON.parse(line)];
  } catch {
    return [];
  }
}

/** All that must be true of a job in the end, whatever happened to it. */
async function expectWhole({ simulator, rows, lines, output }: Job): Promise<void> {
  expect(await rows()).toEqual(undisturbed);
  expect(existsSync(`${output}.partial`)).toBe(false);
  const { created, deleted } = simulator.stats.batches;
  expect(askedAgain(simulator)).toEqual([]);
  expect(deleted.toSorted()).toEqual(created.map(({ id }) => id).toSorted());
  const keys = (await lines()).flatMap(({ kind, key }) => (kind === 'answer' ? [key] : []));
  expect(keys).toHaveLength(new Set(keys).size);
}

function events(lines: readonly Json[], name: string): number {
  return lines.filter(({ event }) => event === name).length;
}

function answersOfBatches(lines: readonly Json[]): number {
  return lines.filter(({ kind, batch }) => kind === 'answer' && batch).length;
}

test('the job has all that can make a difference', () => {
  const text = JSON.stringify(undisturbed);
  for (const word of ['language fr', 'pattern', 'empty', 'haiku', 'sonnet', 'urgency 0']) {
    expect(text).toContain(word);
  }
});

interface Moment {
  /** What makes the moment last. */
  failures: BatchFailure[];
  isNow: (lines: Json[], job: Job) => boolean;
}

/** In the order in which they come in one job that is killed at each. */
const MOMENTS: Record<string, Moment> = {
  'a batch is intended and not made': {
    failures: [{ on: 'create', what: 'hang' }],
    isNow: (lines) => events(lines, 'intended') === 1,
  },
  'a batch is made and nobody told': {
    failures: [{ on: 'create', what: 'hang_after', nth: [2] }],
    isNow: (_, { simulator }) => simulator.stats.batches.created.length === 2,
  },
  'a half is collected': {
    failures: [{ on: 'results', what: 'dropped_halfway' }],
    isNow: (lines) => answersOfBatches(lines) > 0,
  },
  'all is collected and not deleted': {
    failures: [{ on: 'delete', what: 'hang' }],
    isNow: (lines) => events(lines, 'collected') === 1,
  },
  'a batch is deleted and nobody told': {
    failures: [{ on: 'delete', what: 'hang_after', nth: [2] }],
    isNow: (_, { simulator }) => simulator.stats.batches.deleted.length === 2,
  },
};

test('kill -9 loses nothing and asks nothing twice, with a server that loses answers', async () => {
  const job = await newJob('lossy', [
    { on: 'create', what: 'dropped_after', nth: [2] },
    { on: 'create', what: 'server_error_after', nth: [4] },
    { on: 'create', what: 'overloaded', nth: [5] },
    { on: 'results', what: 'dropped_halfway', rate: 0.3 },
    { on: 'delete', what: 'dropped_after', nth: [2] },
  ]);
  const { stats } = job.simulator;
  // Before anything is sent it has the ledger.
  for (const requests of [0, 1, 3, 6, 4]) {
    const child = job.start();
    const before = stats.requests;
    const isNow = () =>
      requests === 0 ? existsSync(`${job.ledger}.lock`) : stats.requests >= before + requests;
    await child.until(isNow);
    expect(await child.kill()).toBe(true);
  }
  expect((await job.start().ended).code).toBe(0);
  await expectWhole(job);
});

test('kill -9 loses nothing at each moment that leaves something open', async () => {
  const job = await newJob('moments');
  for (const [name, { failures, isNow }] of Object.entries(MOMENTS)) {
    job.simulator.set({ batches: { failures } });
    const child = job.start();
    await child.until(async () => isNow(await job.lines(), job));
    expect(await child.kill(), name).toBe(true);
  }
  job.simulator.set({ batches: { failures: [] } });
  expect((await job.start().ended).code).toBe(0);
  await expectWhole(job);
});

// A support desk that asks by batch: a server, a ledger, and one clock for both.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { MODELS, type Prices } from '../../../src/claude/models.ts';
import type { Summary } from '../../../src/output/summary-format.ts';
import {
  startSimulator,
  type Simulator,
  type SimulatorOptions,
} from '../../simulator/faulty-server.ts';
import type { Tokens } from '../../../src/simulator/obstacles.ts';
import { jsonLines, type Item } from '../../ledger/backlog.ts';
import { envOf, hurriedClock, program, type Outcome } from '../../program.ts';

export { FAST, STRONG } from '../../ledger/desk.ts';

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;

export type Json = Record<string, unknown>;

export interface Job extends Outcome {
  rows: Json[];
  /** Null of a run that wrote none. */
  summary: Summary | null;
  /** By the server's own count at the prices of our table, in half nano-dollars. */
  billed: number;
}

export interface BatchDesk {
  simulator: Simulator;
  clock: ReturnType<typeof hurriedClock>;
  env: Record<string, string>;
  folder: string;
  ledger: string;
  /** The job's input file. */
  input: string;
  /** Classifies the items, by batch if the flags say so. */
  job: (items: readonly Item[], ...flags: string[]) => Promise<Job>;
  /** Any command on the ledger. */
  command: (...args: string[]) => Promise<Outcome>;
  pass: (ms: number) => Promise<void>;
  /** Lines of a kind. */
  lines: (kind: string) => Promise<Json[]>;
}

/** For one test. */
export async function openBatchDesk(options: SimulatorOptions = {}): Promise<BatchDesk> {
  const opened = await startBatchDesk(options);
  onTestFinished(opened.close);
  return opened;
}

/** To be closed by who starts it. */
export async function startBatchDesk(
  options: SimulatorOptions = {},
): Promise<BatchDesk & { close: () => Promise<void> }> {
  const clock = hurriedClock();
  const simulator = await startSimulator({ now: clock.now, record: true, ...options });
  const folder = await mkdtemp(join(tmpdir(), 'batch-'));
  const ledger = join(folder, 'ledger.jsonl');
  const input = join(folder, 'export.jsonl');
  const env = envOf(simulator);

  const command = (...args: string[]) => program([...args, '--ledger', ledger], { env, clock });

  async function job(items: readonly Item[], ...flags: string[]): Promise<Job> {
    const summaryFile = join(folder, 'summary.json');
    await writeFile(input, jsonLines(items));
    await rm(summaryFile, { force: true });
    const before = billOf(simulator);
    const outcome = await command(input, '--summary', summaryFile, ...flags);
    const summary = await readFile(summaryFile, 'utf8').catch(() => null);
    return {
      ...outcome,
      rows: readLines(outcome.stdout),
      summary: summary === null ? null : JSON.parse(summary),
      billed: billOf(simulator) - before,
    };
  }

  return {
    simulator,
    clock,
    env,
    folder,
    ledger,
    input,
    job,
    command,
    pass: (ms) => clock.sleep(ms, new AbortController().signal),
    lines: async (kind) =>
      readLines(await readFile(ledger, 'utf8')).filter((line) => line['kind'] === kind),
    async close() {
      await simulator.close();
      await rm(folder, { recursive: true });
    },
  };
}

export function readLines(text: string): Json[] {
  const lines = text.split('\n').filter((line) => line !== '');
  return lines.map((line) => JSON.parse(line));
}

/** What a server has billed, in half nano-dollars: a batch at half the price. */
export function billOf({ stats }: Simulator): number {
  return Object.entries(MODELS).reduce((sum, [name, { prices }]) => {
    const { delivered, batch } = stats.of(name);
    return sum + priceOf(delivered, prices) + priceOf(batch, prices) / 2;
  }, 0);
}

function priceOf(tokens: Tokens, prices: Prices): number {
  const kinds = ['input', 'cacheRead', 'cacheWrite5m', 'cacheWrite1h', 'output'] as const;
  return kinds.reduce((sum, kind) => sum + tokens[kind] * Math.round(prices[kind] * 2_000), 0);
}

export interface AskedOf {
  batch: string;
  model: string;
  ticket: string;
}

/** Every request of every batch that the server made, in order. */
export function askedOf({ stats }: Simulator): AskedOf[] {
  const models = new Map(
    stats.bodies.flatMap(requestsIn).map(({ custom_id, params }) => [custom_id, params.model]),
  );
  return stats.batches.created.flatMap(({ id, asked }) =>
    asked.map(({ customId, ticket }) => ({
      batch: id,
      model: models.get(customId) ?? 'none',
      ticket,
    })),
  );
}

interface Sent {
  custom_id: string;
  params: { model: string };
}

function requestsIn(body: unknown): Sent[] {
  return (body as { requests?: Sent[] }).requests ?? [];
}

/** What was asked of one model in more than one batch. */
export function askedAgain(simulator: Simulator): AskedOf[] {
  const seen = new Set<string>();
  return askedOf(simulator).filter(({ model, ticket }) => {
    const question = `${model} ${ticket}`;
    const isAgain = seen.has(question);
    seen.add(question);
    return isAgain;
  });
}

/** Columns that tell of the way to an answer, and may differ from run to run. */
const OF_THE_WAY = new Set(
  'latency_ms cache_read_tokens cache_write_tokens cost_usd classified_at'
    .split(' ')
    .map((name) => `ai_${name}`),
);

/** Rows without what may differ from run to run. */
export function verdicts(rows: readonly Json[]): Json[] {
  return rows.map((row) =>
    Object.fromEntries(Object.entries(row).filter(([name]) => !OF_THE_WAY.has(name))),
  );
}

// A support desk, night after night: the same server and the same ledger, other exports and flags.
import { cp, mkdtemp, readFile, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { usd } from '../../src/ground/money.ts';
import { costOf } from '../../src/claude/cost.ts';
import { MODELS } from '../../src/claude/models.ts';
import type { Summary } from '../../src/output/summary-format.ts';
import type { Behaviour, Simulator } from '../simulator/faulty-server.ts';
import { SUPPORT } from '../example.ts';
import { envOf, program } from '../program.ts';
import { jsonLines, type Item } from './backlog.ts';

export const FAST = 'claude-haiku-4-5';
export const STRONG = 'claude-sonnet-4-6';

export interface Night {
  code: number;
  stderr: string;
  rows: Record<string, unknown>[];
  summary: Summary;
  /** Requests to each model in this night. */
  fast: number;
  strong: number;
  /** US dollars, by the server's own count at the prices of our table. */
  billed: string;
  /** The sum of the rows' `cost_usd`. */
  rowsCost: string;
}

export interface Desk {
  simulator: Simulator;
  folder: string;
  ledger: string;
  night: (items: readonly Item[], ...flags: string[]) => Promise<Night>;
  /** A copy of the built-in playbook, its files changed. @returns its folder */
  playbook: (name: string, changes: Change[]) => Promise<string>;
  ledgerSize: () => Promise<number>;
}

/** What stands in a file of the playbook, and what is to stand there. */
export type Change = [file: 'playbook.yaml' | 'system.md', from: string | RegExp, to: string];

/** With a ledger that nobody has written to yet. */
export async function openDesk(simulator: Simulator, behaviour: Behaviour = {}): Promise<Desk> {
  simulator.set({ latency: 0, failures: [], ...behaviour });
  const folder = await mkdtemp(join(tmpdir(), 'desk-'));
  const ledger = join(folder, 'ledger.jsonl');
  const requests = (model: string) => simulator.stats.of(model).requests;

  async function night(items: readonly Item[], ...flags: string[]): Promise<Night> {
    const input = join(folder, 'export.jsonl');
    const summaryFile = join(folder, 'summary.json');
    await writeFile(input, jsonLines(items));
    await writeFile(summaryFile, '{}');
    const before = { fast: requests(FAST), strong: requests(STRONG), billed: billed(simulator) };
    const args = [input, '--ledger', ledger, '--summary', summaryFile, ...flags];
    const { code, stdout, stderr } = await program(args, { env: envOf(simulator) });
    const rows: Record<string, unknown>[] = stdout
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line));
    return {
      code,
      stderr,
      rows,
      summary: JSON.parse(await readFile(summaryFile, 'utf8')),
      fast: requests(FAST) - before.fast,
      strong: requests(STRONG) - before.strong,
      billed: usd(billed(simulator) - before.billed),
      rowsCost: usd(rows.reduce((all, row) => all + halfNanos(row['ai_cost_usd']), 0)),
    };
  }

  async function playbook(name: string, changes: Change[]): Promise<string> {
    const copy = join(folder, name);
    await cp(SUPPORT, copy, { recursive: true });
    for (const [file, from, to] of changes) {
      const text = await readFile(join(copy, file), 'utf8');
      const changed = text.replace(from, to);
      if (changed === text) throw new Error(`${file} does not hold ${from}`);
      await writeFile(join(copy, file), changed);
    }
    return copy;
  }

  const ledgerSize = async () => (await stat(ledger)).size;
  return { simulator, folder, ledger, night, playbook, ledgerSize };
}

/** In half nano-dollars. */
function billed({ stats }: Simulator): number {
  return Object.entries(MODELS).reduce((all, [name, model]) => {
    const { delivered } = stats.of(name);
    return all + costOf({ ...delivered, cacheWrite: delivered.cacheWrite5m }, model);
  }, 0);
}

function halfNanos(dollars: unknown): number {
  return Math.round(Number(dollars) * 2e9);
}

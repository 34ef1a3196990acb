// The built program, killed again and again in the middle of one job.
import { createReadStream, existsSync } from 'node:fs';
import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, expect, onTestFinished, test } from 'vitest';
import { startSimulator } from '../simulator/faulty-server.ts';
import { startBin, type Child } from '../child.ts';
import { envOf, ok } from '../program.ts';
import { backlog, jsonLines } from './backlog.ts';

const CONCURRENCY = 4;

/** What must not depend on how often a job was killed. */
const VERDICT = `id ai_ticket_id ai_queue ai_sla_minutes ai_team ai_team_confidence ai_ticket_type
  ai_type_confidence ai_urgency ai_urgency_confidence ai_sentiment ai_sentiment_confidence
  ai_summary ai_status ai_triage_reason ai_model_used ai_escalated ai_escalation_reason`.split(
  /\s+/,
);

let folder: string;
let input: string;
/** Of a run that nothing disturbed. */
let undisturbed: { rows: unknown[]; calls: number };

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kill-'));
  input = join(folder, 'backlog.jsonl');
  await writeFile(input, jsonLines(await backlog(90)));
  const simulator = await startSimulator();
  const ledger = join(folder, 'undisturbed.ledger.jsonl');
  const output = await ok([input, '-q', '--ledger', ledger], { env: envOf(simulator) });
  await simulator.close();
  undisturbed = { rows: verdicts(output), calls: keysIn(await readFile(ledger, 'utf8')).length };
});

function verdicts(output: string): unknown[] {
  return output
    .trimEnd()
    .split('\n')
    .map((line) => {
      const row: Record<string, unknown> = JSON.parse(line);
      return VERDICT.map((column) => row[column]);
    });
}

function keysIn(ledger: string): string[] {
  return ledger
    .trimEnd()
    .split('\n')
    .flatMap((line) => JSON.parse(line).key ?? []);
}

async function newJob(from: 'file' | 'stdin') {
  const simulator = await startSimulator({ latency: 8 });
  onTestFinished(() => simulator.close());
  const ledger = join(folder, `${from}.ledger.jsonl`);
  const output = join(folder, `${from}.out.jsonl`);
  const options = ['-q', '-c', String(CONCURRENCY), '--ledger', ledger, '-o', output];

  function start(): Child {
    const child = startBin([...(from === 'file' ? [input] : []), ...options], envOf(simulator));
    if (from === 'stdin') createReadStream(input).pipe(child.stdin);
    else child.stdin.end();
    return child;
  }

  /** Answers that were billed, also those that nobody waited for any more. */
  function paid(): number {
    const models = Object.values(simulator.stats.models);
    return models.reduce((all, { delivered, lost }) => all + delivered.answers + lost.answers, 0);
  }

  return { start, paid, ledger, output };
}

test('the job has all that can make a difference', () => {
  const text = JSON.stringify(undisturbed.rows);
  for (const word of ['language fr', 'pattern', 'empty', 'haiku', 'sonnet']) {
    expect(text).toContain(word);
  }
  expect(undisturbed.rows).toHaveLength(120);
});

test.each([
  ['a file', 'file', [0, 0.01, 0.3, 0.6, 0.9]],
  ['stdin', 'stdin', [0.5]],
] as const)(
  'kill -9 at any moment costs at most the calls in the air, of a job from %s',
  async (_, from, moments) => {
    const { start, paid, ledger, output } = await newJob(from);
    for (const share of moments) {
      const child = start();
      // Before anything is sent it has the ledger.
      const isNow = () =>
        share === 0 ? existsSync(`${ledger}.lock`) : paid() >= share * undisturbed.calls;
      await child.until(isNow);
      expect(await child.kill()).toBe(true);
    }
    expect((await start().ended).code).toBe(0);

    expect(verdicts(await readFile(output, 'utf8'))).toEqual(undisturbed.rows);
    expect(existsSync(`${output}.partial`)).toBe(false);
    expect(paid()).toBeLessThanOrEqual(undisturbed.calls + moments.length * CONCURRENCY);
    // What was written down is never asked again.
    const keys = keysIn(await readFile(ledger, 'utf8'));
    expect(keys).toHaveLength(new Set(keys).size);
    expect(keys).toHaveLength(undisturbed.calls);
  },
);

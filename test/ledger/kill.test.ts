// The built program, killed again and again in the middle of one job.
import { spawn, type ChildProcess } from 'node:child_process';
import { createReadStream, existsSync } from 'node:fs';
import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startSimulator, type Simulator } from '../../src/simulator/simulator.ts';
import { envOf } from '../program.ts';
import { backlog, jsonLines, randomNumbers } from './backlog.ts';

const BIN = fileURLToPath(new URL('../../bin/ticket-classify.js', import.meta.url));
const CONCURRENCY = 4;

/** What must not depend on how often a job was killed. */
const VERDICT = `id ai_ticket_id ai_queue ai_sla_minutes ai_team ai_team_confidence ai_ticket_type
  ai_type_confidence ai_urgency ai_urgency_confidence ai_sentiment ai_sentiment_confidence
  ai_summary ai_status ai_triage_reason ai_model_used ai_escalated ai_escalation_reason`.split(
  /\s+/,
);

const simulators: Simulator[] = [];
let folder: string;
let input: string;
/** Of a run that nothing disturbed. */
let undisturbed: { rows: unknown[]; calls: number };

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kill-'));
  input = join(folder, 'backlog.jsonl');
  await writeFile(input, jsonLines(await backlog(120)));
  const job = await newJob('undisturbed', 'file');
  await ended(job.start());
  undisturbed = { rows: await job.rows(), calls: job.paid() };
});
afterAll(() => Promise.all(simulators.map((simulator) => simulator.close())));

async function newJob(name: string, from: 'file' | 'stdin') {
  const simulator = await startSimulator({ latency: 8 });
  simulators.push(simulator);
  const ledger = join(folder, `${name}.ledger.jsonl`);
  const output = join(folder, `${name}.out.jsonl`);
  const options = ['-q', '-c', String(CONCURRENCY), '--ledger', ledger, '-o', output];

  function start(): ChildProcess {
    const env = { ...process.env, ...envOf(simulator) };
    const args = [BIN, ...(from === 'file' ? [input] : []), ...options];
    const child = spawn(process.execPath, args, { env, stdio: ['pipe', 'inherit', 'inherit'] });
    child.stdin.on('error', () => {});
    if (from === 'stdin') createReadStream(input).pipe(child.stdin);
    return child;
  }

  /** Answers that were billed, also those that nobody waited for any more. */
  function paid(): number {
    const models = Object.values(simulator.stats.models);
    return models.reduce((all, { delivered, lost }) => all + delivered.answers + lost.answers, 0);
  }

  async function rows(): Promise<unknown[]> {
    const text = (await readFile(output, 'utf8')).trimEnd();
    return text.split('\n').map((line) => {
      const row: Record<string, unknown> = JSON.parse(line);
      return VERDICT.map((column) => row[column]);
    });
  }

  async function answerKeys(): Promise<string[]> {
    const text = (await readFile(ledger, 'utf8')).trimEnd();
    return text.split('\n').flatMap((line) => JSON.parse(line).key ?? []);
  }

  return { start, paid, rows, answerKeys, output };
}

type Job = Awaited<ReturnType<typeof newJob>>;

/** @returns its exit code; null if it was killed */
function ended(child: ChildProcess): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve(child.exitCode);
  return new Promise((resolve) => child.once('exit', resolve));
}

/** Starts it, and kills it a moment after so many answers are paid for. @returns whether it was still at work */
async function killedAt({ start, paid }: Job, answers: number, ms: number): Promise<boolean> {
  const child = start();
  const exit = ended(child);
  while (paid() < answers && child.exitCode === null) await Promise.race([sleep(1), exit]);
  await Promise.race([sleep(ms), exit]);
  child.kill('SIGKILL');
  return (await exit) === null;
}

test('the job has all that can make a difference', () => {
  const text = JSON.stringify(undisturbed.rows);
  for (const word of ['language fr', 'pattern', 'empty', 'haiku', 'sonnet']) {
    expect(text).toContain(word);
  }
  expect(undisturbed.rows).toHaveLength(160);
});

describe.concurrent('kill -9 at any moment costs at most the calls in the air', () => {
  test.each([
    ['a file', 'file', 20],
    ['stdin', 'stdin', 4],
  ] as const)(
    'of a job from %s',
    async (_, from, times) => {
      const random = randomNumbers(times);
      const job = await newJob(`killed-${from}`, from);
      const moments = Array.from({ length: times }, () => random() * undisturbed.calls);
      let kills = 0;
      for (const [at, moment] of moments.toSorted((a, b) => a - b).entries()) {
        // Every other one dies before anything is sent, or soon after.
        const [answers, ms] = at % 2 === 0 ? [0, random() * 800] : [moment, random() * 40];
        if (await killedAt(job, answers, ms)) kills += 1;
      }
      expect(kills).toBeGreaterThanOrEqual(times * 0.75);
      expect(await ended(job.start())).toBe(0);

      expect(await job.rows()).toEqual(undisturbed.rows);
      expect(existsSync(`${job.output}.partial`)).toBe(false);
      expect(job.paid()).toBeLessThanOrEqual(undisturbed.calls + kills * CONCURRENCY);
      // What was written down is never asked again.
      const keys = await job.answerKeys();
      expect(keys).toHaveLength(new Set(keys).size);
      expect(keys).toHaveLength(undisturbed.calls);
    },
    90_000,
  );
});

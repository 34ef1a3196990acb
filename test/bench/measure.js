// Scenario and program in; out what one run of it came to, as the simulator and the output show it.
import { fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createReadStream, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { parse } from 'csv-parse';
import { parse as parseAll } from 'csv-parse/sync';
import { stringify } from 'csv-stringify/sync';
import { MODELS } from '../../dist/claude/models.js';
import { CAP } from './scenarios.js';

const FAST = 'claude-haiku-4-5';
const STRONG = 'claude-sonnet-4-6';

export const PROGRAMS = {
  'ticket-classify': ({ input, output, folder }) => {
    const values = { output, ledger: join(folder, 'ledger.jsonl'), 'max-cost': 'none' };
    const flags = Object.entries({ ...values, concurrency: CAP });
    const named = flags.map(([name, value]) => `--${name}=${value}`);
    return [pathOf('../../bin/ticket-classify.js'), input, '--no-progress', ...named];
  },
  'plain script': ({ input, output }) => [pathOf('plain.js'), input, output, String(CAP)],
};

/** Of the samples: those the simulator is sure of as the fast model, and one of which it is not. */
const SURE = ['T-1', 'T-2', 'T-4', 'T-9', 'T-10', 'T-16', 'T-18', 'T-31'];
const UNSURE = 'T-33';
const UNSURE_EVERY = 20;

/** @throws where the program ends with anything but 0 or 4 (some tickets for triage). */
export async function measure(scenario, program) {
  const folder = await mkdtemp(join(tmpdir(), 'bench-'));
  const simulator = fork(pathOf('simulator.js'), [JSON.stringify(scenario)]);
  const files = { folder, input: join(folder, 'in.csv'), output: join(folder, 'out.csv') };
  try {
    const [url] = await once(simulator, 'message');
    await writeFile(files.input, tickets(scenario.tickets));
    const usage = await run(PROGRAMS[program](files), folder, url);
    simulator.send('what was seen?');
    const [seen] = await once(simulator, 'message');
    return figures(scenario, { ...seen, usage, rows: await countRows(files.output) });
  } finally {
    simulator.kill();
    await rm(folder, { recursive: true });
  }
}

/** @returns what the process took. */
async function run(args, folder, url) {
  const child = spawn(process.execPath, ['--import', pathOf('usage.js'), ...args], {
    cwd: folder,
    env: { PATH: process.env.PATH, ANTHROPIC_API_KEY: 'test', ANTHROPIC_BASE_URL: url },
    stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
  });
  const [said, usage, [code]] = await Promise.all([
    text(child.stderr),
    text(child.stdio[3]),
    once(child, 'exit'),
  ]);
  if (code !== 0 && code !== 4) throw new Error(`${args[0]} ended with ${code}: ${said}`);
  return JSON.parse(usage);
}

function figures(scenario, { seconds, work, stats, usage, rows }) {
  const { requests, byStatus, models } = stats;
  const cpu = (usage.userCPUTime + usage.systemCPUTime) / 1000;
  return {
    seconds,
    share: idealSeconds(scenario, { work, models }) / seconds,
    calls: requests,
    strong: models[STRONG]?.requests ?? 0,
    refused: (byStatus[429] ?? 0) / requests,
    lost: scenario.tickets - rows.labelled,
    triage: rows.triage,
    writes: Math.max(...Object.values(models).map(({ cacheWrites }) => cacheWrites)),
    dollars: Object.entries(models).reduce((sum, [name, model]) => sum + billed(name, model), 0),
    megabytes: usage.maxRSS / 1024,
    cpu: cpu / scenario.tickets,
  };
}

/**
 * The shortest that the answers given could have taken under the cap, the fast model's limits and
 * the outages. A limit's bucket is full at the start of a phase: one second's worth comes at once.
 */
function idealSeconds({ latency, phases }, { work, models }) {
  if (latency === 0 || work === 0) return Number.NaN;
  let left = 1;
  for (const [at, phase] of phases.entries()) {
    const end = phases[at + 1]?.from ?? Number.POSITIVE_INFINITY;
    const whole = wholeSeconds(phase, { work, fast: models[FAST] });
    const burst = phase.limits ? 1 : 0;
    const needed = Math.max(0, left * whole - burst);
    if (phase.from + needed <= end) return phase.from + needed;
    left -= (end - phase.from + burst) / whole;
  }
  return Number.NaN;
}

/** What all the work would take if the phase lasted. */
function wholeSeconds({ limits = {}, failures = [] }, { work, fast }) {
  if (failures.some(({ rate = 1 }) => rate === 1)) return Number.POSITIVE_INFINITY;
  const answers = fast.delivered.answers + fast.lost.answers;
  const tokens = fast.delivered.output + fast.lost.output;
  const { requestsPerMinute = Infinity, outputTokensPerMinute = Infinity } = limits;
  const minutes = Math.max(answers / requestsPerMinute, tokens / outputTokensPerMinute);
  return Math.max(work / 1000 / CAP, minutes * 60);
}

function billed(name, { delivered, lost }) {
  const { input, cacheRead, cacheWrite5m, output } = MODELS[name].prices;
  const millionths = [delivered, lost].map(
    (tokens) =>
      tokens.input * input +
      tokens.cacheRead * cacheRead +
      tokens.cacheWrite5m * cacheWrite5m +
      tokens.output * output,
  );
  return (millionths[0] + millionths[1]) / 1e6;
}

async function countRows(path) {
  const rows = { labelled: 0, triage: 0 };
  for await (const row of createReadStream(path).pipe(parse({ columns: true, bom: true }))) {
    if (row.ai_team || row.team) rows.labelled++;
    if (row.ai_status === 'needs_human_triage') rows.triage++;
  }
  return rows;
}

/** All texts are distinct, so that nothing is asked once for two. */
function tickets(count) {
  const samples = new Map(
    parseAll(readFileSync(pathOf('../../samples/tickets.csv')), { columns: true, bom: true }).map(
      (row) => [row.id, row],
    ),
  );
  const rows = Array.from({ length: count }, (_, at) => {
    const id = at % UNSURE_EVERY === 1 ? UNSURE : SURE[at % SURE.length];
    const { subject, body, account_tier: tier } = samples.get(id);
    return [`B-${at}`, subject, `${body}\n\nOur reference is ${at}.`, tier];
  });
  return stringify([['id', 'subject', 'body', 'account_tier'], ...rows]);
}

function pathOf(file) {
  return fileURLToPath(new URL(file, import.meta.url));
}

import { cp, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { usd } from '../../src/ground/money.ts';
import { costOf } from '../../src/claude/cost.ts';
import { MODELS } from '../../src/claude/models.ts';
import { realClock } from '../../src/ground/clock.ts';
import type { Estimate } from '../../src/estimate/estimate-format.ts';
import { openLedger } from '../../src/ledger/open-ledger.ts';
import {
  startSimulator,
  type Simulator,
  type SimulatorOptions,
} from '../simulator/faulty-server.ts';
import { SAMPLES, SUPPORT } from '../example.ts';
import { envOf, fails, ok, program } from '../program.ts';

const FAST = 'claude-haiku-4-5';
const STRONG = 'claude-sonnet-4-6';
const samples = join(SAMPLES, 'tickets.csv');

let simulator: Simulator | undefined;
let env: Record<string, string>;
let folder: string;
let ledger: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'estimate-'));
  ledger = join(folder, 'ledger.jsonl');
});
afterEach(() => simulator?.close());

async function serve(options: SimulatorOptions = {}): Promise<Simulator> {
  simulator = await startSimulator(options);
  env = envOf(simulator);
  return simulator;
}

async function input(rows: readonly string[], name = 'in.csv'): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, `id,body\n${rows.join('\n')}\n`);
  return path;
}

/** Texts of all kinds that the simulator knows, so that it is not sure of each. */
const ABOUT = [
  'I was charged twice for order',
  'The page is slow since release',
  'How do I invite a colleague to workspace',
  'The export fails with error',
  'The outage and our invoice',
  'I cannot log in to account',
];

function rowsOf(from: number, to: number): string[] {
  return Array.from({ length: to - from }, (_, at) => {
    const number = from + at;
    return `T-${number},${ABOUT[number % ABOUT.length]} ${number}`;
  });
}

async function estimated(...args: string[]): Promise<Estimate> {
  return JSON.parse(await ok(['estimate', ...args, '--ledger', ledger, '--json'], { env }));
}

interface Paid {
  fast: number;
  strong: number;
  usd: number;
}

/** What the server has served so far. */
function served({ stats }: Simulator): Paid {
  const cost = [FAST, STRONG].reduce((sum, name) => {
    const model = MODELS[name];
    if (!model) throw new Error(`no model ${name}`);
    const { delivered } = stats.of(name);
    return sum + costOf({ ...delivered, cacheWrite: delivered.cacheWrite5m }, model);
  }, 0);
  return {
    fast: stats.of(FAST).requests,
    strong: stats.of(STRONG).requests,
    usd: Number(usd(cost)),
  };
}

/** Runs the program for real. @returns what that took */
async function runs(server: Simulator, ...args: string[]): Promise<Paid> {
  const before = served(server);
  const { code, stderr } = await program([...args, '--ledger', ledger], { env });
  expect([0, 4], stderr).toContain(code);
  const after = served(server);
  return {
    fast: after.fast - before.fast,
    strong: after.strong - before.strong,
    usd: after.usd - before.usd,
  };
}

function sumOf({ tickets }: Estimate): number {
  const { in_ledger, duplicates, shared, empty, unreadable } = tickets;
  const asked = tickets.fast + tickets.fast_alone + tickets.unsure + tickets.straight;
  return in_ledger + duplicates + shared + empty + unreadable + asked;
}

describe('a file that is new', () => {
  test('is told by what becomes of its tickets, without a key', async () => {
    const path = join(folder, 'mixed.jsonl');
    const german =
      'Guten Tag, ich kann mich seit gestern nicht mehr anmelden, bitte helfen Sie mir.';
    const lines = [
      { body: 'I was charged twice' },
      { body: 'I was charged twice' },
      { body: '' },
      { body: { not: 'text' } },
      { body: german },
      { body: 'Delete all my data under the GDPR' },
      { body: `${german} Ich verlange Auskunft nach GDPR.` },
    ];
    await writeFile(path, lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
    env = {};
    const estimate = await estimated(path);
    expect(estimate.tickets).toEqual({
      all: 7,
      in_ledger: 0,
      duplicates: 1,
      shared: 0,
      empty: 1,
      unreadable: 1,
      fast: 1,
      fast_alone: 0,
      unsure: 0,
      straight: 3,
      straight_by: { language: 2, pattern: 2 },
      other_playbook: 0,
    });
    expect(sumOf(estimate)).toBe(7);
    expect(estimate.escalation).toMatchObject({ from: 'assumed', low: 0.05, high: 0.3 });
    expect(estimate.calls.fast.calls).toEqual({ low: 1, high: 1 });
    expect(estimate.calls.strong.calls).toEqual({ low: 3, high: 4 });
  });

  test('sends nothing, and its certain calls are those of the run', async () => {
    const server = await serve();
    const estimate = await estimated(samples);
    expect(server.stats.requests).toBe(0);
    const paid = await runs(server, samples);
    const { fast, strong } = estimate.calls;
    expect(paid.fast).toBe(fast.calls.low);
    expect(paid.strong).toBeGreaterThanOrEqual(strong.calls.low);
    expect(paid.strong).toBeLessThanOrEqual(strong.calls.high);
  });

  test('is read from stdin, and each text of it counts once for the strong model alone', async () => {
    const stdin = `id,body\n${[...rowsOf(0, 30), ...rowsOf(0, 30)].join('\n')}\n`;
    const read = async (text: string): Promise<Estimate> =>
      JSON.parse(await ok(['estimate', '--no-ledger', '--json'], { stdin: text }));
    const twice = await read(stdin);
    const once = await read(`id,body\n${rowsOf(0, 30).join('\n')}\n`);
    expect(twice.tickets.duplicates).toBe(30);
    expect(twice.cost).toEqual(once.cost);
    expect(once.cost.strong_alone_usd).toBeGreaterThan(once.cost.live_usd.high);
  });

  test('costs by batch half of it, but that the one-hour cache is dearer to write', async () => {
    env = {};
    const { calls, cost } = await estimated(await input(rowsOf(0, 100)));
    const dearer =
      (calls.fast.cache_write_tokens.low * (2 - 1.25) +
        calls.strong.cache_write_tokens.low * (6 - 3.75)) /
      1e6;
    expect(cost.batch_usd.low).toBeCloseTo((cost.live_usd.low + dearer) / 2, 8);
    const paid =
      (cost.batch_usd.low + cost.batch_usd.high) / (cost.live_usd.low + cost.live_usd.high);
    expect(cost.batch_saves).toBeCloseTo(1 - paid, 8);
  });

  test('tells what would be sent by batch: the prompt in each request, 32 MB a batch', async () => {
    env = {};
    const small = await estimated(await input(rowsOf(0, 100)));
    const calls = small.calls.fast.calls.high + small.calls.strong.calls.high;
    // The built-in prompt has some 31,000 characters.
    expect(small.batch.upload_bytes.high / calls).toBeGreaterThan(30_000);
    expect(small.batch.upload_bytes.high / calls).toBeLessThan(40_000);
    expect(small.batch.batches).toEqual({ low: 2, high: 2 });
    const large = await estimated(await input(rowsOf(0, 2_500)));
    const least = Math.ceil((large.calls.fast.calls.high * 30_000) / (32 * 1024 * 1024));
    expect(large.batch.batches.low).toBeGreaterThan(least);
  });
});

describe('after a run', () => {
  test('nothing is left to pay, though another run holds the ledger', async () => {
    const server = await serve();
    await runs(server, samples);
    const { requests } = server.stats;
    const failed = (error: Error): void => expect.fail(error.message);
    const held = await openLedger({ path: ledger, simulated: null, failed, clock: realClock });
    const estimate = await estimated(samples);
    const text = await ok(['estimate', samples, '--ledger', ledger], { env });
    await held.close();
    expect(estimate.tickets).toMatchObject({ all: 40, in_ledger: 39, empty: 1 });
    expect(estimate.cost.live_usd).toEqual({ low: 0, high: 0 });
    expect(estimate.simulated).toBe(true);
    expect(text).toMatch(/^SIMULATED/);
    expect(text).toContain('Nothing is left to pay for.');
    expect(server.stats.requests).toBe(requests);
    const fresh = await estimated(samples, '--fresh');
    expect(fresh.tickets).toMatchObject({ in_ledger: 0, fast: 31, straight: 8 });
  });

  test('new rows are told exactly, and their cost lies in the range', async () => {
    let minutes = 0;
    const server = await serve({ now: () => Date.now() + minutes * 60_000 });
    await runs(server, await input(rowsOf(0, 300)));
    const grown = await input(rowsOf(0, 360), 'grown.csv');
    const estimate = await estimated(grown);
    expect(estimate.tickets).toMatchObject({ all: 360, in_ledger: 300, fast: 60 });
    expect(estimate.escalation).toMatchObject({ from: 'input', judged_by: 300 });
    const known = { prefix: true, overhead: true, output: true };
    expect(estimate.calls.fast.per_call.known).toEqual(known);
    expect(estimate.calls.strong.per_call.known).toEqual(known);

    // The next night the prompt is no longer in the cache.
    minutes = 24 * 60;
    const paid = await runs(server, grown);
    const { low, high } = estimate.cost.live_usd;
    const { low: least, high: most } = estimate.calls.strong.calls;
    expect(paid.fast).toBe(60);
    expect(paid.strong).toBeGreaterThanOrEqual(least);
    expect(paid.strong).toBeLessThanOrEqual(most);
    expect(paid.usd).toBeGreaterThanOrEqual(low);
    expect(paid.usd).toBeLessThanOrEqual(high);
    const [one, more] = [estimate.calls.fast.cost_usd.low, served(server).usd - paid.usd];
    // A range that holds whatever comes would be no help.
    expect(one).toBeGreaterThan(0.02);
    expect(high).toBeLessThan(more);
    const perStrongCall = (high - low) / (most - least);
    expect(low + (paid.strong - least) * perStrongCall).toBeCloseTo(paid.usd, 2);
  });

  test('another file is judged by the newest answers of the ledger', async () => {
    const server = await serve();
    await runs(server, await input(rowsOf(0, 100)));
    const estimate = await estimated(await input(rowsOf(500, 600), 'other.csv'));
    expect(estimate.escalation).toMatchObject({ from: 'ledger', judged_by: 100 });
    expect(estimate.tickets.in_ledger).toBe(0);
  });

  test('a changed threshold is told by exactly the calls that it brings', async () => {
    const server = await serve();
    const path = await input(rowsOf(0, 120));
    await runs(server, path);
    const estimate = await estimated(path, '--threshold', '0.85');
    expect(estimate.tickets.unsure).toBeGreaterThan(0);
    expect(estimate.tickets.in_ledger + estimate.tickets.unsure).toBe(120);
    const { low, high } = estimate.cost.live_usd;
    expect(low).toBe(high);
    const paid = await runs(server, path, '--threshold', '0.85');
    expect(paid).toMatchObject({ fast: 0, strong: estimate.tickets.unsure });
  });

  test('what the strong model said already is not paid for again', async () => {
    const server = await serve();
    const path = await input(rowsOf(0, 60));
    await runs(server, path, '--threshold', '1');
    const lines = (await readFile(ledger, 'utf8')).split('\n');
    const strongOnly = lines.filter((line) => !line.includes(`"model":"${FAST}"`));
    await writeFile(ledger, strongOnly.join('\n'));
    const estimate = await estimated(path);
    expect(estimate.tickets).toMatchObject({ fast: 0, fast_alone: 60 });
    expect(estimate.calls.strong.calls.high).toBe(0);
    expect(await runs(server, path)).toMatchObject({ fast: 60, strong: 0 });
  });

  test('invalid answers are asked again with --retry-triage alone', async () => {
    const server = await serve({
      failures: [{ what: 'wrong_label', when: ({ ticket }) => ticket.includes('export') }],
    });
    const path = await input(rowsOf(0, 60));
    await runs(server, path);
    expect((await estimated(path)).cost.live_usd.high).toBe(0);
    const { tickets } = await estimated(path, '--retry-triage');
    expect(tickets).toMatchObject({ fast: 10, in_ledger: 50 });
  });

  test('of another playbook, it says that the run would stop, and what each way costs', async () => {
    const server = await serve();
    const path = await input(rowsOf(0, 20));
    await runs(server, path);
    const playbook = join(folder, 'desk');
    await cp(SUPPORT, playbook, { recursive: true });
    const system = await readFile(join(playbook, 'system.md'), 'utf8');
    await writeFile(join(playbook, 'system.md'), `${system}\nBe brief.\n`);
    const changed = await estimated(path, '--playbook', playbook);
    expect(changed.tickets).toMatchObject({ fast: 20, other_playbook: 20, in_ledger: 0 });
    const text = await ok(['estimate', path, '--ledger', ledger, '--playbook', playbook], { env });
    expect(text).toMatch(/20 texts were answered under another playbook[^]*--keep-answers/);
    const kept = await estimated(path, '--playbook', playbook, '--keep-answers');
    expect(kept.tickets).toMatchObject({ in_ledger: 20, other_playbook: 0 });
    const again = await estimated(path, '--playbook', playbook, '--reask');
    expect(again.tickets).toMatchObject({ fast: 20, other_playbook: 0 });
  });
});

test('--limit, --sample and --first-per-ticket pick as the run does', async () => {
  env = {};
  const path = await input([
    'a,I was charged twice',
    'a,Thank you',
    'b,The page is slow',
    'c,Help',
  ]);
  expect((await estimated(path, '--limit', '2')).tickets).toMatchObject({ all: 2, fast: 2 });
  expect((await estimated(path, '--sample', '3')).tickets.all).toBe(3);
  expect((await estimated(path, '--first-per-ticket')).tickets).toMatchObject({
    all: 4,
    shared: 1,
    fast: 3,
  });
});

describe('a table of thresholds', () => {
  test('tells what each would escalate, cost and change', async () => {
    const server = await serve();
    const path = await input(rowsOf(0, 120));
    await runs(server, path, '--threshold', '0.8');
    const { thresholds } = await estimated(path, '--threshold', '0.70..0.90');
    expect(thresholds?.map(({ threshold }) => threshold)).toEqual([0.7, 0.75, 0.8, 0.85, 0.9]);
    const [, , asked, more] = thresholds ?? [];
    if (!asked || !more) throw new Error('no rows');
    expect(asked).toMatchObject({ texts: 120, to_pay_usd: 0, both_known: asked.escalated });
    expect(asked.same_team).toBeLessThanOrEqual(asked.both_known);
    expect(more.escalated).toBeGreaterThan(asked.escalated);
    expect(more).toMatchObject({ both_known: asked.both_known, same_team: asked.same_team });
    expect(more.to_pay_usd).toBeGreaterThan(0);
    const paid = await runs(server, path, '--threshold', '0.85');
    expect(paid.strong).toBe(more.escalated - asked.escalated);
    const text = await ok(['estimate', path, '--ledger', ledger, '--threshold', '0.70..0.90'], {
      env,
    });
    expect(text).toMatch(/^Threshold +escalated +share +to pay +both known +same team$/m);
  });

  test.each(['0.9..0.7', '0.7..1.2', '0.7..0.7', '0.7..', '..'])(
    'is refused for %s',
    async (range) => {
      expect(await fails(2, ['estimate', samples, '--threshold', range])).toContain(
        `--threshold ${range}: must be`,
      );
    },
  );

  test('is no threshold to classify by', async () => {
    const args = [samples, '--simulate', '--threshold', '0.7..0.9'];
    expect(await fails(2, args)).toContain('--threshold 0.7..0.9: must be a number');
  });
});

test('the text fits 80 columns, and the settings are on stderr', async () => {
  const model = 'claude-sonnet-5-5';
  const args = ['estimate', samples, '--no-ledger', '--strong-model', model];
  const { code, stdout, stderr } = await program(args);
  expect(code).toBe(0);
  expect(stdout).toMatch(/^Tickets +40\n/);
  expect(stdout).toMatch(/^ {2}Start +[\d.]+ s +1,000 requests a minute of claude-haiku-4-5$/m);
  expect(Math.max(...stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80);
  expect(stderr).toContain('columns   id ← id');
  expect(stderr).toContain(`${model} (--strong-model)`);
});

test('the binding limit of an account decides how long it takes', async () => {
  env = {};
  const long = 'The page is slow. '.repeat(400);
  const path = await input(Array.from({ length: 200 }, (_, at) => `T-${at},${long}${at}`));
  const { account_tiers, calls } = await estimated(path);
  const [start] = account_tiers;
  const { input_tokens, cache_write_tokens } = calls.fast;
  expect(start).toMatchObject({
    tier: 'Start',
    limit: 'input',
    per_minute: 2_000_000,
    model: FAST,
  });
  const tokens = input_tokens.low + cache_write_tokens.low;
  expect(start?.seconds).toBeCloseTo((60 * tokens) / 2_000_000, 0);
});

describe('the first lines of a run', () => {
  const likely = ({ stderr }: { stderr: string }) => /^likely +(.*)$/m.exec(stderr)?.[1] ?? null;

  test('say what it will cost, and what is left of it the second time', async () => {
    await serve();
    const args = [await input(rowsOf(0, 40)), '--ledger', ledger];
    expect(likely(await program(args, { env }))).toMatch(
      /^40 tickets; \$0\.\d+ to \$0\.\d+; --max-cost \$25$/,
    );
    expect(likely(await program(args, { env }))).toBe(
      '40 tickets, 40 in the ledger; nothing left to pay',
    );
    const grown = [await input(rowsOf(0, 44), 'grown.csv'), '--ledger', ledger];
    expect(likely(await program([...grown, '--max-cost', 'none'], { env }))).toMatch(
      /^44 tickets, 40 in the ledger; \$[\d.]+ to \$[\d.]+ for the rest; no --max-cost$/,
    );
  });

  test('say so if the cap is too low, and that simulated money is none', async () => {
    const args = [samples, '--simulate', '--max-cost', '0.05'];
    expect(likely(await program(args))).toMatch(
      /^40 tickets; \$0\.\d+ to \$0\.\d+ \(simulated\); over --max-cost \$0\.05, where it stops$/,
    );
  });

  test('say nothing of it for a pipe', async () => {
    const { stderr } = await program(['-', '--simulate'], { stdin: 'id,body\n1,Help\n' });
    expect(stderr).toContain('columns');
    expect(stderr).not.toMatch(/^likely/m);
  });
});

test('every field of the JSON is documented, and no other', async () => {
  env = {};
  const estimate = await estimated(samples);
  const text = await readFile(new URL('../../docs/estimate.md', import.meta.url), 'utf8');
  const told = [...text.matchAll(/^\| (.*?) \|/gm)].flatMap(([, cell = '']) =>
    [...cell.matchAll(/`(\w+)[^`]*`/g)].map((match) => match[1] ?? ''),
  );
  expect([...new Set(told)].toSorted()).toEqual(Object.keys(estimate).toSorted());
  const nested = [estimate.tickets, estimate.escalation, estimate.calls.fast, estimate.cost];
  for (const name of nested.flatMap((part) => Object.keys(part))) {
    expect(text).toMatch(new RegExp(`[\`.]${name}\``));
  }
});

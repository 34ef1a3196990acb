import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { afterEach, expect, test } from 'vitest';
import type { Estimate } from '../../src/estimate/estimate-format.ts';
import { startSimulator, type Simulator } from '../simulator/faulty-server.ts';
import { SAMPLES } from '../example.ts';
import { envOf, ok, program } from '../program.ts';

let simulator: Simulator | undefined;
afterEach(() => simulator?.close());

const samples = join(SAMPLES, 'tickets.csv');
const FAST = 'claude-haiku-4-5';

type Row = Record<string, string>;

/** Output tokens of the fast model's answers, at the mean. */
async function outputOf(...flags: string[]): Promise<{ tokens: number; rows: Row[] }> {
  await simulator?.close();
  simulator = await startSimulator();
  const { stdout } = await program([samples, ...flags], { env: envOf(simulator) });
  const { output, answers } = simulator.stats.of(FAST).delivered;
  return { tokens: output / answers, rows: parse(stdout, { columns: true }) };
}

test('answers have neither summary nor reason, and a third fewer tokens', async () => {
  const whole = await outputOf();
  const lean = await outputOf('--lean');
  expect(lean.tokens).toBeLessThan(whole.tokens * (2 / 3));
  expect(lean.rows.map((row) => `${row['ai_summary']}${row['ai_routing_reason']}`)).toEqual(
    lean.rows.map(() => ''),
  );
  const answered = (rows: Row[]) => rows.filter((row) => row['ai_team'] !== '').length;
  expect(answered(lean.rows)).toBe(39);
  expect(answered(whole.rows)).toBe(39);
  expect(whole.rows[0]?.['ai_summary']).toMatch(/^Simulated: /);
});

test('show tells the very request that a lean run sends', async () => {
  simulator = await startSimulator({ record: true });
  const world = { env: envOf(simulator), stdin: 'id,body\nT-17,Our card was charged twice.\n' };
  const shown = JSON.parse(await ok(['show', '-', '--id', 'T-17', '--lean'], world));
  await ok(['-', '--lean'], world);
  expect(shown.request).toEqual(simulator.stats.bodies[0]);
  expect(shown.request.tools[0].input_schema.required).toHaveLength(8);
});

test('estimate and check reckon with fewer tokens', async () => {
  const estimated = async (...flags: string[]): Promise<Estimate> =>
    JSON.parse(await ok(['estimate', samples, '--no-ledger', '--json', ...flags]));
  const [whole, lean] = [await estimated(), await estimated('--lean')];
  expect(lean.calls.fast.per_call.output_tokens).toBe(100);
  expect(lean.calls.strong.output_tokens.high).toBeLessThan(whole.calls.strong.output_tokens.high);
  expect(lean.calls.fast.per_call.prefix_tokens).toBeLessThan(
    whole.calls.fast.per_call.prefix_tokens,
  );
  const price = async (...flags: string[]) =>
    Number(/about \$([\d.]+) per 1,000/.exec(await ok(['check', ...flags]))?.[1]);
  expect(await price('--lean')).toBeLessThan(await price());
});

test('a ledger of the other kind stops the run and names the flag', async () => {
  simulator = await startSimulator();
  const ledger = join(await mkdtemp(join(tmpdir(), 'lean-')), 'ledger.jsonl');
  const world = { env: envOf(simulator), stdin: 'id,body\nT-1,Our card was charged twice.\n' };
  const args = ['-', '--ledger', ledger];
  await ok(args, world);
  const stopped = await program([...args, '--lean'], world);
  expect(stopped.code).toBe(3);
  expect(stopped.stderr).toMatch(/\(support@\w{8}, the same without --lean\)/);
  const { requests } = simulator.stats;
  const kept: Row[] = parse(await ok([...args, '--lean', '--keep-answers'], world), {
    columns: true,
  });
  expect(simulator.stats.requests).toBe(requests);
  expect(kept[0]?.['ai_summary']).toMatch(/^Simulated/);
  await ok([...args, '--lean', '--reask'], world);
  expect(simulator.stats.requests).toBe(requests + 1);
  await ok([...args, '--lean'], world);
  await ok(args, world);
  expect(simulator.stats.requests).toBe(requests + 1);
});

import { readFileSync } from 'node:fs';
import { mkdtemp, readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startSimulator, type Simulator } from '../simulator/faulty-server.ts';
import { SAMPLES } from '../example.ts';
import { envOf, fails, ok, program } from '../program.ts';

const samples = join(SAMPLES, 'tickets.jsonl');
let folder: string;
let simulator: Simulator;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'one-name-'));
  simulator = await startSimulator();
});
afterEach(() => simulator.close());

test.each([
  ['-o', 'l.jsonl', 'the output'],
  ['--summary', 'l.jsonl', 'the summary'],
  ['-o', 'sub/../l.jsonl', 'the output'],
])(
  '%s %s that is the ledger is refused, and the ledger left as it was',
  async (flag, name, what) => {
    const ledger = join(folder, 'l.jsonl');
    const env = envOf(simulator);
    await ok([samples, '--ledger', ledger, '--allow-triage', '5', '-q'], { env });
    const before = readFileSync(ledger, 'utf8');
    const args = [samples, '--ledger', ledger, flag, `${folder}/${name}`];
    expect(await fails(2, args, { env })).toContain(`${what} of this run are one file`);
    expect(readFileSync(ledger, 'utf8')).toBe(before);
  },
);

test('a second run with the same output is told so, and mixes no rows in', async () => {
  const output = join(folder, 'out.jsonl');
  const env = envOf(simulator);
  const run = (name: string, stdin?: PassThrough) =>
    program(
      [stdin ? '-' : samples, '-o', output, '--ledger', join(folder, name), '--allow-triage', '5'],
      { env, ...(stdin && { stdin }) },
    );
  const stdin = new PassThrough();
  const [row = '', ...others] = readFileSync(samples, 'utf8').split('\n');
  stdin.write(`${row}\n`);
  const first = run('a.jsonl', stdin);
  await expect.poll(() => simulator.stats.requests).toBeGreaterThan(0);
  const second = await run('b.jsonl');
  stdin.end(others.join('\n'));
  expect(second.code).toBe(75);
  expect(second.stderr).toContain('is being written by another run');
  expect((await first).code).toBe(0);
  expect(readFileSync(output, 'utf8').trimEnd().split('\n')).toHaveLength(40);
  expect((await readdir(folder)).filter((name) => name.includes('partial'))).toEqual([]);
});

test('a time that lies ahead is refused: every run would ask everything again', async () => {
  const stderr = await fails(2, [samples, '--newer-than', '2999-01-01', '--simulate']);
  expect(stderr).toContain('lies in the future');
});

test('the command that goes on names the time, and not the age', async () => {
  const env = envOf(simulator);
  const ledger = join(folder, 'l.jsonl');
  const args = [samples, '--ledger', ledger, '--newer-than', '1h', '--max-cost', '0.01'];
  const { code, stderr } = await program(args, { env });
  expect(code).toBe(3);
  const last = stderr.trimEnd().split('\n').at(-1) ?? '';
  expect(last).toMatch(/ --newer-than \d{4}-\d\d-\d\dT[\d:.]+Z --max-cost 1$/);
});

test('a run whose budget is used up says what is left, and what that would cost', async () => {
  const args = [samples, '--ledger', join(folder, 'l.jsonl'), '--max-cost', '0.17', '-c', '2'];
  const { code, stderr } = await program(args, { env: envOf(simulator) });
  expect(code).toBe(3);
  expect(stderr).toMatch(/About \d+ tickets are left, for some \$0\.\d+\./);
  expect(stderr.trimEnd().split('\n').at(-2)).toBe('  To go on:');
});

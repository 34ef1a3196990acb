// What is written last can fail when nothing else is left to say so: never with exit 0.
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { EXIT } from '../../src/ground/errors.ts';
import { openLedger } from '../../src/ledger/open-ledger.ts';
import { startSimulator, type Simulator } from '../simulator/faulty-server.ts';
import { failDisk } from '../disk.ts';
import { envOf, hurriedClock, program } from '../program.ts';
import { put } from './shelf.ts';

let simulator: Simulator;
let folder: string;
beforeAll(async () => {
  simulator = await startSimulator();
  simulator.set({ latency: 0 });
});
afterAll(() => simulator?.close());
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'last-'));
});

async function open(failed: (error: Error) => void) {
  const path = join(folder, 'ledger.jsonl');
  return {
    path,
    ledger: await openLedger({ path, simulated: false, failed, clock: hurriedClock() }),
  };
}

test.each([
  ['fdatasync', 'EIO', 'the disk reports an error'],
  ['closeSync', 'EIO', 'the disk reports an error'],
  ['writeSync', 'ENOSPC', 'the disk is full'],
] as const)('a %s that fails as a ledger is closed is told', async (call, code, words) => {
  const told: Error[] = [];
  const { path, ledger } = await open((error) => told.push(error));
  await put(ledger, 'a text');
  ledger.keepLost({ model: 'm', unknown: 1, unknownCost: 2 });
  failDisk(call, code);
  const message = `Writing the ledger ${path} failed: ${words}.`;
  await expect(ledger.close()).rejects.toMatchObject({ exit: EXIT.stopped, message });
  expect(told.map((error) => error.message)).toEqual([message]);
});

test('what a ledger told while it was open is not told again as it is closed', async () => {
  const told: Error[] = [];
  const { ledger } = await open((error) => told.push(error));
  failDisk('writeSync', 'ENOSPC');
  await put(ledger, 'a text');
  expect(told).toHaveLength(1);
  await expect(ledger.sync()).rejects.toBe(told[0]);
  await ledger.close();
  expect(told).toHaveLength(1);
});

async function classify(...flags: string[]) {
  const input = 'id,subject,body\n1,Refund,I was charged twice.\n2,Login,I cannot sign in.\n';
  const summary = join(folder, 'summary.json');
  const args = ['-', '--ledger', join(folder, 'ledger.jsonl'), '--summary', summary, ...flags];
  const outcome = await program(args, { stdin: input, env: envOf(simulator) });
  return { ...outcome, exit: JSON.parse(await readFile(summary, 'utf8')).exit };
}

test('a run whose last verdicts find no room ends with 3, its rows written', async () => {
  failDisk('writeSync', 'ENOSPC', (text) => text.includes('"kind":"verdict"'));
  const { code, stderr, exit } = await classify('-o', join(folder, 'out.csv'));
  expect(code).toBe(3);
  expect(stderr).toContain('failed: the disk is full.');
  expect(stderr).toContain('not paid for again');
  expect(exit).toMatchObject({ code: 3, reason: expect.stringContaining('the disk is full') });
});

test('a run whose syncs all fail ends with 3', async () => {
  failDisk('fdatasync', 'EIO');
  const { code, stderr, exit } = await classify();
  expect(code).toBe(3);
  expect(stderr).toContain('ledger.jsonl failed: the disk reports an error.\n');
  expect(stderr).toMatch(/To go on, the same input into:\s+ticket-classify - /);
  expect(exit.code).toBe(3);
});

test('an output that does not reach the disk ends a run with 3, and keeps its rows aside', async () => {
  failDisk('fsync', 'EIO');
  const output = join(folder, 'out.csv');
  const { code, stderr, exit } = await classify('-o', output);
  expect(code).toBe(3);
  expect(stderr).toContain(`Writing ${output}.partial failed: the disk reports an error.\n`);
  expect(exit.code).toBe(3);
  expect(existsSync(output)).toBe(false);
  expect(readFileSync(`${output}.partial`, 'utf8').split('\n')).toHaveLength(4);
});

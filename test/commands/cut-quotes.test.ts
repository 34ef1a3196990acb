import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'csv-stringify/sync';
import { afterEach, expect, test } from 'vitest';
import type { Estimate } from '../../src/estimate/estimate-format.ts';
import { startSimulator, type Simulator } from '../simulator/faulty-server.ts';
import { envOf, ok } from '../program.ts';

let simulator: Simulator | undefined;
afterEach(() => simulator?.close());

const OWN = 'The card was charged twice again, although you said it was fixed.';
const QUOTE = `On 5/6/24 10:12, Sam wrote:\n${'> We have looked into it, and it is fixed.\n'.repeat(9)}`;
const stdin = stringify([
  ['id', 'subject', 'body'],
  ['T-1', 'Re: Invoice', `${OWN}\n\n${QUOTE}`],
]);

test('a run sends what show tells: the writer’s own words alone', async () => {
  simulator = await startSimulator({ record: true });
  const world = { env: envOf(simulator), stdin };
  const shown = async (...flags: string[]) =>
    JSON.parse(await ok(['show', '-', '--id', 'T-1', ...flags], world)).request;
  const sent = { account_tier: 'standard', subject: 'Re: Invoice', body: OWN };
  const request = await shown('--cut-quotes');
  expect(JSON.parse(request.messages[0].content)).toEqual(sent);
  expect((await shown()).messages[0].content).toContain('> We have looked');
  await ok(['-', '--cut-quotes'], world);
  expect(simulator.stats.bodies[0]).toEqual(request);
});

test('the ledger keeps both texts apart, and estimate knows which', async () => {
  simulator = await startSimulator();
  const folder = await mkdtemp(join(tmpdir(), 'cut-quotes-'));
  const [path, ledger] = [join(folder, 'in.csv'), join(folder, 'ledger.jsonl')];
  await writeFile(path, stdin);
  const world = { env: envOf(simulator) };
  await ok([path, '--ledger', ledger], world);
  const estimated = async (...flags: string[]): Promise<Estimate> =>
    JSON.parse(await ok(['estimate', path, '--ledger', ledger, '--json', ...flags], world));
  expect((await estimated('--cut-quotes')).tickets).toMatchObject({
    in_ledger: 0,
    other_playbook: 0,
  });
  const { requests } = simulator.stats;
  await ok([path, '--ledger', ledger, '--cut-quotes'], world);
  expect(simulator.stats.requests).toBeGreaterThan(requests);
  expect((await estimated('--cut-quotes')).tickets.in_ledger).toBe(1);
  expect((await estimated()).tickets.in_ledger).toBe(1);
});

// Where there can be no batches.
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openDesk } from '../../ledger/desk.ts';
import { sampleItems } from '../../ledger/backlog.ts';
import { fails } from '../../program.ts';
import { FAST, openBatchDesk } from './batch-desk.ts';

test('a server without batches is 2, and live mode is named', async () => {
  const desk = await openBatchDesk({ batches: false });
  const { code, stdout, stderr } = await desk.job(await sampleItems(), '--batch');
  expect([code, stdout]).toEqual([2, '']);
  expect(stderr).toContain(`${desk.simulator.url} has no Message Batches`);
  expect(stderr).toContain('Ask it live: leave out --batch.');
  expect(desk.simulator.stats.of(FAST).requests).toBe(0);
  expect(desk.simulator.stats.batches.created).toEqual([]);
  // What it says is true.
  expect((await desk.job(await sampleItems())).code).toBe(0);
});

test('a playbook can forbid batches', async () => {
  const desk = await openBatchDesk();
  const { playbook } = await openDesk(desk.simulator);
  const strict = await playbook('strict', [
    ['playbook.yaml', 'version: 1', 'version: 1\nallow_batch: false'],
  ]);
  const items = await sampleItems();
  const { code, stderr } = await desk.job(items, '--batch', '--playbook', strict);
  expect(code).toBe(2);
  expect(stderr).toContain('allow_batch: false');
  expect(stderr).toContain('Leave out --batch.');
  expect(desk.simulator.stats.requests).toBe(0);
  expect((await desk.job(items, '--playbook', strict)).code).toBe(0);
});

test('a forbidden batch reads nothing from stdin', async () => {
  const desk = await openBatchDesk();
  const { playbook } = await openDesk(desk.simulator);
  const strict = await playbook('strict', [
    ['playbook.yaml', 'version: 1', 'version: 1\nallow_batch: false'],
  ]);
  const { folder, ledger, env } = desk;
  await fails(2, ['--batch', '--playbook', strict, '--ledger', ledger], {
    stdin: '{"body":"a"}\n',
    env,
  });
  expect(await readdir(folder)).toEqual([]);
});

test.each([
  [['--batch', '--no-ledger'], '--batch needs a ledger', 'Leave out --no-ledger.'],
  [['--no-wait'], '--no-wait means something with --batch alone', 'Add --batch.'],
  [['--batch-size', '10'], '--batch-size means something with --batch alone', 'Add --batch.'],
  [['--keep-batches'], '--keep-batches means something with --batch alone', 'Add --batch.'],
  [['--batch', '--batch-size', '0'], 'batch-size', 'must be at least 1'],
  [['--batch', '--batch-size', '100001'], 'batch-size', 'must be at most 100000'],
  [['--simulate', '--batch', '--no-wait'], '--simulate with --no-wait', 'Leave out --no-wait.'],
])('%s is refused before anything is sent', async (flags, what, hint) => {
  const desk = await openBatchDesk();
  const ledger = flags.includes('--no-ledger') ? [] : ['--ledger', join(desk.folder, 'other')];
  const stderr = await fails(2, ['tickets.jsonl', ...flags, ...ledger], { env: desk.env });
  expect(stderr).toContain(what);
  expect(stderr).toContain(hint);
  expect(desk.simulator.stats.requests).toBe(0);
});

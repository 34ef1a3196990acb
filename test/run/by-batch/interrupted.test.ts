// A run by batch that is interrupted, and what it read from stdin.
import { existsSync, readFileSync } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { PassThrough, type Readable } from 'node:stream';
import { expect, test } from 'vitest';
import type { Clock } from '../../../src/ground/clock.ts';
import { main } from '../../../src/main.ts';
import { backlog, jsonLines } from '../../ledger/backlog.ts';
import { fakeProcess, program, sink } from '../../program.ts';
import { askedAgain, FAST, HOUR, openBatchDesk, type BatchDesk } from './batch-desk.ts';

const SLOW = { takesMs: 20 * HOUR };

/** Waits for as long as nobody interrupts it. */
function patient(clock: Clock): Clock {
  return {
    ...clock,
    sleep: (_, signal) =>
      new Promise((_wake, interrupt) => {
        signal.throwIfAborted();
        signal.addEventListener('abort', () => interrupt(signal.reason), { once: true });
      }),
  };
}

/** A run that waits for its batches. */
async function waiting(desk: BatchDesk, stdin: string | Readable) {
  const stderr = sink();
  const args = ['-', '--batch', '--ledger', desk.ledger];
  const process = fakeProcess(args, { env: desk.env, stdin }, sink(), stderr);
  const exit = main(process, patient(desk.clock));
  const sent = () => stderr.text().match(/^sent msgbatch/gm)?.length ?? 0;
  return { process, stderr, exit, sent };
}

/** What is beside the ledger. */
async function others({ folder }: BatchDesk): Promise<string[]> {
  return (await readdir(folder)).filter((name) => name !== 'ledger.jsonl');
}

const input = async () => jsonLines(await backlog(20));

test.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)(
  '%s while it waits says what runs, how to go on, how to give up: %i',
  async (signal, code) => {
    const desk = await openBatchDesk({ batches: SLOW });
    const { process, stderr, exit, sent } = await waiting(desk, await input());
    await expect.poll(sent).toBe(2);
    process.signal(signal);
    expect(await exit).toBe(code);
    const said = stderr.text();
    const { created, canceled } = desk.simulator.stats.batches;
    const tickets = created.reduce((sum, { requests }) => sum + requests, 0);
    expect(said).toContain(`2 batches (${tickets} tickets) are running, the oldest for`);
    expect(said).toMatch(/at most \$\d+\.\d\d/);
    expect(said).toContain(`ticket-classify batches cancel --ledger ${desk.ledger}`);
    expect(
      said
        .trimEnd()
        .split('\n')
        .slice(-2)
        .map((line) => line.trim()),
    ).toEqual([
      'To go on, the same input into:',
      `ticket-classify - --batch --ledger ${desk.ledger}`,
    ]);
    expect(canceled).toEqual([]);
    expect(await others(desk)).toEqual([]);

    await desk.pass(20 * HOUR);
    const { env, clock, ledger } = desk;
    const again = await program(['-', '--batch', '--ledger', ledger], {
      env,
      clock,
      stdin: await input(),
    });
    expect(again.code, again.stderr).toBe(0);
    expect(askedAgain(desk.simulator)).toEqual([]);
  },
);

test('stdin is kept beside the ledger for its owner alone, and removed at the end', async () => {
  const desk = await openBatchDesk({ batches: SLOW });
  const text = await input();
  const { process, exit, sent } = await waiting(desk, text);
  await expect.poll(sent).toBe(2);
  const kept = `${desk.ledger}.stdin`;
  expect((await stat(kept)).mode & 0o777).toBe(0o600);
  expect(await readFile(kept, 'utf8')).toBe(text);
  process.signal('SIGINT');
  await exit;
  expect(await others(desk)).toEqual([]);
});

test.each([
  [0, {}, []],
  [75, SLOW, ['--no-wait']],
  [2, false, []],
] as const)('stdin is kept no longer after an end with %i', async (code, batches, flags) => {
  const desk = await openBatchDesk({ batches });
  const stdin = await input();
  const args = ['--batch', '--ledger', desk.ledger, ...flags];
  const { env, clock } = desk;
  const outcome = await program(args, { env, clock, stdin });
  expect(outcome.code, outcome.stderr).toBe(code);
  expect(await others(desk)).toEqual([]);
});

test('Ctrl-C while stdin is still coming ends it, and leaves nothing behind', async () => {
  const desk = await openBatchDesk();
  const stdin = new PassThrough();
  const { process, exit } = await waiting(desk, stdin);
  stdin.write(await input());
  await expect.poll(() => others(desk)).not.toEqual([]);
  process.signal('SIGINT');
  expect(await exit).toBe(130);
  expect(await others(desk)).toEqual([]);
  expect(desk.simulator.stats.of(FAST).requests).toBe(0);
});

test('Ctrl-C just before a batch goes out takes it back', async () => {
  const desk = await openBatchDesk({ batches: SLOW });
  const { process, stderr, exit } = await waiting(desk, await input());
  const intents = () => readFileSync(desk.ledger, 'utf8').match(/"event":"intended"/g)?.length ?? 0;
  await expect.poll(() => existsSync(desk.ledger)).toBe(true);
  while (intents() < 2) await new Promise((resolve) => setImmediate(resolve));
  process.signal('SIGINT');
  expect(await exit).toBe(130);
  const { created } = desk.simulator.stats.batches;
  const listed = JSON.parse((await desk.command('batches', '--json')).stdout);
  expect(listed.map(({ id }: { id: unknown }) => id)).toEqual(created.map(({ id }) => id));
  expect(stderr.text()).toContain(`${created.length} batch`);
});

// Files that are no good ledger: a clear message, the right exit code, and nothing overwritten.
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, readFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { startSimulator, type Simulator } from '../simulator/faulty-server.ts';
import { BIN, shell, startBin } from '../child.ts';
import { SAMPLES } from '../example.ts';
import { envOf, fails, ok, program } from '../program.ts';
import { backlog, jsonLines, sampleItems } from './backlog.ts';

const samples = join(SAMPLES, 'tickets.jsonl');
const IS_ROOT = process.getuid?.() === 0;

let simulator: Simulator;
/** Answers before the test. */
let paidBefore: number;
let folder: string;
let ledger: string;
beforeAll(async () => {
  simulator = await startSimulator();
});
afterAll(() => simulator?.close());
beforeEach(async () => {
  paidBefore = 0;
  paidBefore = answers();
  simulator.set({ latency: 0 });
  folder = await mkdtemp(join(tmpdir(), 'damage-'));
  ledger = join(folder, 'ledger.jsonl');
});

const args = () => [samples, '--ledger', ledger];
const world = () => ({ env: envOf(simulator) });
const HEADER = { format: 'ticket-classify.ledger', version: 1, simulated: true, created_at: '' };

function answers(): number {
  const models = Object.values(simulator.stats.models);
  return models.reduce((all, { delivered }) => all + delivered.answers, 0) - paidBefore;
}

/** Fails before anything is sent, and leaves the folder as it was. @returns stderr */
async function refuses(code: number, given = args(), env = envOf(simulator)): Promise<string> {
  const before = readdirSync(folder);
  const { requests } = simulator.stats;
  const stderr = await fails(code, given, { env });
  expect(simulator.stats.requests).toBe(requests);
  expect(readdirSync(folder)).toEqual(before);
  return stderr;
}

describe('is refused, and left as it was:', () => {
  test.each([
    ['a backlog', readFileSync(samples), 'is not a ledger of this program'],
    ['a table', readFileSync(join(SAMPLES, 'tickets.csv')), 'is not a ledger of this program'],
    ['bytes', Buffer.from([0x1f, 0x8b, 8, 0, 0xff, 10, 0xfe, 10]), 'is not a ledger'],
    ['an object', Buffer.from('{\n  "a": 1\n}\n'), 'is not a ledger of this program'],
    [
      'a ledger of a later version',
      Buffer.from(`${JSON.stringify({ ...HEADER, version: 2 })}\n{"kind":"answer"}\n`),
      'is a ledger of version 2; this program knows version 1',
    ],
  ])('%s', async (_, content, message) => {
    writeFileSync(ledger, content);
    const stderr = await refuses(2);
    expect(stderr).toContain(`${ledger} ${message}`);
    expect(stderr).toContain('Nothing was changed in it.');
    expect(readFileSync(ledger).equals(content)).toBe(true);
  });

  test('a folder', async () => {
    mkdirSync(ledger);
    expect(await refuses(2)).toContain(`--ledger ${ledger} is a folder.\n  Name a file in it`);
  });

  test('a named pipe, without a wait for its other end', async () => {
    execFileSync('mkfifo', [ledger]);
    expect(await refuses(2)).toContain(`--ledger ${ledger} is no plain file.`);
  });

  test('a device', async () => {
    expect(await refuses(2, [samples, '--ledger', '/dev/null'])).toContain('is no plain file.');
  });

  test.each([
    ['in a folder that is not there', () => join(folder, 'nowhere', 'ledger.jsonl')],
    ['below a file', () => join(samples, 'ledger.jsonl')],
    ['with too long a name', () => join(folder, 'x'.repeat(300))],
  ])('a path %s', async (_, path) => {
    const stderr = await refuses(2, [samples, '--ledger', path()]);
    expect(stderr).toContain(`Can't write the ledger ${path()}: `);
    expect(stderr).toContain('Nothing was sent.');
  });

  test('a link that leads to itself', async () => {
    execFileSync('ln', ['-s', ledger, ledger]);
    expect(await refuses(2)).toContain(`Can't write the ledger ${ledger}: `);
  });

  test.skipIf(IS_ROOT)('a file that may not be written', async () => {
    writeFileSync(ledger, `${JSON.stringify(HEADER)}\n`);
    chmodSync(ledger, 0o400);
    expect(await refuses(2)).toContain(`Can't write the ledger ${ledger}: permission denied.`);
  });

  test.skipIf(IS_ROOT)('a place in a folder that may not be written', async () => {
    chmodSync(folder, 0o500);
    expect(await refuses(2)).toContain(`Can't write the ledger ${ledger}: permission denied.`);
    chmodSync(folder, 0o700);
  });
});

describe('real and simulated answers are never mixed:', () => {
  const REAL = `${JSON.stringify({ ...HEADER, simulated: false })}\n`;

  test('a simulated ledger is refused by a real run', async () => {
    await ok(args(), world());
    const before = readFileSync(ledger);
    const env = { ANTHROPIC_API_KEY: 'test', ANTHROPIC_BASE_URL: 'https://claude.invalid' };
    const stderr = await refuses(2, args(), env);
    expect(stderr).toContain(`${ledger} holds simulated answers, and this run's are real.`);
    expect(readFileSync(ledger).equals(before)).toBe(true);
  });

  test('a real ledger is refused by --simulate', async () => {
    writeFileSync(ledger, REAL);
    const stderr = await refuses(2, [...args(), '--simulate']);
    expect(stderr).toContain(`${ledger} holds real answers, and this run's are simulated.`);
    expect(readFileSync(ledger, 'utf8')).toBe(REAL);
  });

  test('a real ledger gets nothing of a simulator that turns out to answer', async () => {
    writeFileSync(ledger, REAL);
    const { code, stderr } = await program([...args(), '--limit', '10'], world());
    expect(code).toBe(2);
    expect(stderr).toContain(`${ledger} holds real answers, and this run's are simulated.`);
    expect(readFileSync(ledger, 'utf8')).toBe(REAL);
  });
});

describe('what does not hold up a run:', () => {
  test.each([
    [
      'lines of nonsense in the middle',
      (text: string) => text.replace('\n', '\n\0\xff{"kind\n[]\n7\n\n'),
    ],
    ['line ends as Windows has them', (text: string) => text.replaceAll('\n', '\r\n')],
    ['zeros at its end, as after a power cut', (text: string) => text + '\0'.repeat(5_000)],
    ['half a line at its end', (text: string) => `${text}${text.slice(-300, -100)}`],
    [
      'lines of a kind that a later version added',
      (text: string) => `${text}{"kind":"batch","id":"b"}\n`,
    ],
    [
      'fields that a later version added',
      (text: string) => text.replaceAll('{"kind"', '{"new":1,"kind"'),
    ],
    [
      'lines in another order',
      (text: string) => {
        const [header, ...rest] = text.trimEnd().split('\n');
        return [header, ...rest.toReversed(), ''].join('\n');
      },
    ],
  ])('%s', async (_, damage) => {
    const first = await ok(args(), world());
    const paid = answers();
    const damaged = damage(readFileSync(ledger, 'utf8'));
    writeFileSync(ledger, damaged);

    const input = join(folder, 'more.jsonl');
    const added = { id: 'N-1', subject: 'Charged twice', body: 'Our card was charged twice.' };
    writeFileSync(input, readFileSync(samples, 'utf8') + jsonLines([added]));
    const more = [input, '--ledger', ledger];
    const second = await ok(more, world());
    const added1 = answers() - paid;
    expect(added1).toBeGreaterThan(0);
    expect(added1).toBeLessThan(3);
    expect(readFileSync(ledger, 'utf8').startsWith(damaged)).toBe(true);
    const queues = (rows: string) =>
      rows
        .trimEnd()
        .split('\n')
        .map((row) => JSON.parse(row).ai_queue);
    expect(queues(second).slice(0, -1)).toEqual(queues(first));

    await ok(more, world());
    expect(answers()).toBe(paid + added1);
  });

  test('a ledger whose answer was torn off asks that one again, and no other', async () => {
    await ok(args(), world());
    const text = readFileSync(ledger, 'utf8');
    const paid = answers();
    const lastAnswer = text.lastIndexOf('{"kind":"answer"');
    const torn = text.slice(0, lastAnswer + 200);
    writeFileSync(ledger, torn);
    const { code, stderr } = await program(args(), world());
    expect(code).toBe(0);
    expect(stderr).toMatch(/ledger .* answers; 1 line of it can't be read\)/);
    expect(answers()).toBe(paid + 1);
    expect(readFileSync(ledger, 'utf8').startsWith(`${torn}\n`)).toBe(true);
  });
});

describe('a disk that fills up', () => {
  let mounted: string | null = null;
  afterAll(() => {
    if (mounted) execFileSync('umount', [mounted]);
  });

  /** A small disk of its own; null where none may be made. */
  async function smallDisk(bytes: number): Promise<string | null> {
    const place = await mkdtemp(join(tmpdir(), 'disk-'));
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${bytes}`, 'tmpfs', place], {
        stdio: 'ignore',
      });
      mounted = place;
      return place;
    } catch {
      return null;
    }
  }

  const CONCURRENCY = 4;

  test('ends the run with exit 3, and once there is room the same command goes on', async ({
    skip,
  }) => {
    const disk = await smallDisk(32 * 1024);
    if (disk === null) return skip('needs the right to mount');
    simulator.set({ latency: 3 });
    const input = join(folder, 'backlog.jsonl');
    writeFileSync(input, jsonLines(await backlog(60)));
    ledger = join(disk, 'ledger.jsonl');
    const output = join(folder, 'out.jsonl');
    const command = [input, '-o', output, '--ledger', ledger, '-c', String(CONCURRENCY)];
    const { code, stderr } = await program(command, world());
    expect(code).toBe(3);
    expect(stderr).toContain(`Writing the ledger ${ledger} failed: the disk is full.\n`);
    expect(stderr).toContain('\n  Make room');
    expect(stderr.trimEnd().split('\n').at(-1)?.trim()).toBe(
      `ticket-classify ${command.join(' ')}`,
    );
    const full = readFileSync(ledger);
    const kept = full
      .toString()
      .split('\n')
      .filter((line) => line.startsWith('{"kind":"answer"') && line.endsWith('}'));
    expect(answers() - kept.length).toBeLessThanOrEqual(2 * CONCURRENCY);

    const again = await program(command, world());
    expect(again.code).toBe(3);
    execFileSync('mount', ['-o', 'remount,size=1m', disk]);
    await ok(command, world());
    const whole = readFileSync(ledger);
    expect(whole.subarray(0, full.length).equals(full)).toBe(true);
    const keys = whole
      .toString()
      .split('\n')
      .flatMap((line) => keyOf(line) ?? []);
    expect(keys).toHaveLength(new Set(keys).size);
    expect(answers() - keys.length).toBeLessThanOrEqual(3 * CONCURRENCY);
  });

  test('a limit on the size of a file ends it in the middle of a line, and loses no other', async () => {
    simulator.set({ latency: 3 });
    const input = join(folder, 'backlog.jsonl');
    writeFileSync(input, jsonLines(await backlog(60)));
    const command = `'${process.execPath}' '${BIN}' '${input}' --ledger '${ledger}' -c ${CONCURRENCY}`;
    const limited = await shell(`ulimit -f 40; ${command} > /dev/null`, envOf(simulator));
    expect(limited.code).toBe(3);
    expect(limited.stderr).toContain(`Writing the ledger ${ledger} failed: `);
    const full = readFileSync(ledger);
    expect(full.length).toBe(40 * 1024);
    const { code, stderr } = await shell(`${command} > /dev/null`, envOf(simulator));
    expect(code, stderr).toBe(0);
    const whole = readFileSync(ledger);
    expect(whole.subarray(0, full.length).equals(full)).toBe(true);
    const keys = whole
      .toString()
      .split('\n')
      .flatMap((line) => keyOf(line) ?? []);
    expect(keys).toHaveLength(new Set(keys).size);
    expect(answers() - keys.length).toBeLessThanOrEqual(2 * CONCURRENCY);
  });

  /** Of an answer's line; null for any other, and for half of one. */
  function keyOf(line: string): string | null {
    try {
      return JSON.parse(line).key ?? null;
    } catch {
      return null;
    }
  }
});

describe('of two runs at once on one ledger', () => {
  test('the second is told who holds it, exits 75 and touches nothing', async () => {
    const output = join(folder, 'out.jsonl');
    const [first = '', ...others] = jsonLines(await sampleItems())
      .trimEnd()
      .split('\n');
    const command = ['-', '-q', '-o', output, '--ledger', ledger];
    const child = startBin(command, envOf(simulator));
    child.stdin.write(`${first}\n`);
    const partial = () => readFile(`${output}.partial`, 'utf8').catch(() => '');
    await child.until(async () => (await partial()).includes('ai_team'));

    const [before, paid, rows] = [readFileSync(ledger), answers(), await partial()];
    const second = [samples, '-o', output, '--ledger', ledger];
    const stderr = await fails(75, second, world());
    const who = `(pid ${child.pid} on host ${hostname()}, since 2`;
    expect(stderr).toContain(`${ledger} is in use by another run ${who}`);
    expect(stderr).toContain('--ledger <file>');
    expect([readFileSync(ledger).equals(before), answers(), await partial()]).toEqual([
      true,
      paid,
      rows,
    ]);

    child.stdin.end(`${others.join('\n')}\n`);
    expect((await child.ended).code).toBe(0);
    const paidByThen = answers();
    expect(readFileSync(output, 'utf8').trimEnd().split('\n')).toHaveLength(40);
    await ok(second, world());
    expect(answers()).toBe(paidByThen);
  });
});

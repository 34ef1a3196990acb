// Holders are processes of their own, which run the built lock.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import {
  chmod,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  realpath,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { EXIT, Failure } from '../../src/ground/errors.ts';
import { lockFile } from '../../src/ground/lock.ts';

const LOCK = new URL('../../dist/ground/lock.js', import.meta.url).href;

/** Takes a line of stdin as a path to lock, or as a word: freeze, leave. Answers with a line. */
const HOLDER = `
  import { createInterface } from 'node:readline';
  import { lockFile } from ${JSON.stringify(LOCK)};
  console.log('ready');
  for await (const line of createInterface({ input: process.stdin })) {
    if (line === 'leave') break;
    if (line === 'freeze') {
      console.log('frozen');
      for (;;);
    }
    try {
      await lockFile(line);
      console.log('held');
    } catch (error) {
      console.log(error.exit + ' ' + error.message);
    }
  }
  process.stdin.destroy();`;

interface Run {
  pid: number;
  /** @returns the first line of its answer */
  tell: (line: string) => Promise<string>;
  /** `kill -9`, unless it is told to leave. */
  end: (line?: string) => Promise<number | null>;
}

const runs = new Set<Run>();
afterEach(() => Promise.all([...runs].map((run) => run.end())));

async function startRun(): Promise<Run> {
  const child = spawn(process.execPath, ['--input-type=module', '-e', HOLDER], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  child.stdout.setEncoding('utf8');
  const answer = () =>
    new Promise<string>((resolve) =>
      child.stdout.once('data', (text: string) => resolve(text.trimEnd())),
    );
  const run: Run = {
    pid: child.pid ?? 0,
    tell(line) {
      child.stdin.write(`${line}\n`);
      return answer();
    },
    end(line) {
      runs.delete(run);
      if (line) child.stdin.write(`${line}\n`);
      else child.kill('SIGKILL');
      return ended;
    },
  };
  runs.add(run);
  expect(await answer()).toBe('ready');
  return run;
}

const startRuns = (count: number) => Promise.all(Array.from({ length: count }, startRun));
const newFolder = async () => realpath(await mkdtemp(join(tmpdir(), 'lock-')));
const newLedger = async () => join(await newFolder(), 'prices.ledger.jsonl');

async function refused(path: string): Promise<Failure> {
  const outcome = await lockFile(path).catch((error: unknown) => error);
  if (!(outcome instanceof Failure)) throw new Error(`${path}: no failure, but ${String(outcome)}`);
  return outcome;
}

test('a second run is told who holds the ledger', async () => {
  const ledger = await newLedger();
  const holder = await startRun();
  expect(await holder.tell(ledger)).toBe('held');
  const { exit, message } = await refused(ledger);
  expect(exit).toBe(EXIT.later);
  expect(message.replace(/\d+-\d+-\d+T\d+:\d+:\d+Z/, '<time>')).toBe(
    `${ledger} is in use by another run (pid ${holder.pid} on host ${hostname()}, since <time>).`,
  );
});

test('kill -9 frees the ledger at once', async () => {
  const ledger = await newLedger();
  const holder = await startRun();
  await holder.tell(ledger);
  await holder.end();
  expect(existsSync(`${ledger}.lock`)).toBe(true);
  const { release } = await lockFile(ledger);
  await release();
});

test('holding it does not keep a process alive', async () => {
  const ledger = await newLedger();
  const holder = await startRun();
  await holder.tell(ledger);
  expect(await holder.end('leave')).toBe(0);
});

test('a holder too busy to say who it is still has the ledger', async () => {
  const ledger = await newLedger();
  const holder = await startRun();
  await holder.tell(ledger);
  expect(await holder.tell('freeze')).toBe('frozen');
  expect((await refused(ledger)).message).toBe(`${ledger} is in use by another run.`);
});

test('of 12 runs that find a dead holder at once, exactly one takes over', async () => {
  const ledger = await newLedger();
  const contenders = await startRuns(12);
  for (let round = 0; round < 8; round++) {
    const answers = await Promise.all(contenders.map((run) => run.tell(ledger)));
    const winner = answers.indexOf('held');
    const who = `(pid ${contenders[winner]?.pid} `;
    const others = answers.filter((answer) => answer.startsWith('75 ') && answer.includes(who));
    expect(others, answers.join('\n')).toHaveLength(11);
    await contenders[winner]?.end();
    contenders[winner] = await startRun();
  }
  expect(await readdir(join(ledger, '..'))).toEqual(['prices.ledger.jsonl.lock']);
});

test('in one process too there is one holder, until it releases', async () => {
  const ledger = await newLedger();
  const first = await lockFile(ledger);
  expect((await refused(ledger)).message).toContain(`pid ${process.pid} `);
  await first.release();
  expect(await readdir(join(ledger, '..'))).toEqual([]);

  const second = await lockFile(ledger);
  await first.release();
  expect((await refused(ledger)).exit).toBe(EXIT.later);
  await second.release();
});

test('other ways to write the path lead to the same lock', async () => {
  const folder = await newFolder();
  const ledger = join(folder, 'ledger.jsonl');
  await symlink(folder, join(folder, 'way'));
  await symlink('way/ledger.jsonl', join(folder, 'link'));
  const paths = [
    ledger,
    join(folder, 'way/ledger.jsonl'),
    join(folder, 'link'),
    relative('', ledger),
  ];
  // The ledger itself may not be there yet, so that the link leads nowhere.
  const { release } = await lockFile(join(folder, 'link'));
  for (const path of paths) expect((await refused(path)).exit).toBe(EXIT.later);
  await writeFile(ledger, '');
  for (const path of paths) expect((await refused(path)).exit).toBe(EXIT.later);
  await release();
});

test('a path too long for a socket is locked elsewhere', async () => {
  const folder = join(await newFolder(), 'deep'.repeat(25));
  await mkdir(folder);
  const holder = await startRun();
  expect(await holder.tell(join(folder, 'a.jsonl'))).toBe('held');
  expect((await refused(join(folder, 'a.jsonl'))).message).toContain(`pid ${holder.pid} `);
  const other = await lockFile(join(folder, 'b.jsonl'));
  expect(await readdir(folder)).toEqual([]);
  await other.release();
  await holder.end();
  await (await lockFile(join(folder, 'a.jsonl'))).release();
});

test("what is not ours at the lock's place is left alone", async () => {
  const ledger = await newLedger();
  await writeFile(`${ledger}.lock`, 'precious');
  const { exit, message } = await refused(ledger);
  expect(exit).toBe(EXIT.cannotStart);
  expect(message).toContain(`${ledger}.lock is there, and was not made by this program`);
  expect(await readFile(`${ledger}.lock`, 'utf8')).toBe('precious');

  const other = await newLedger();
  await mkdir(`${other}.lock`);
  await writeFile(join(`${other}.lock`, 'notes'), 'precious');
  expect((await refused(other)).message).toContain(join(`${other}.lock`, 'notes'));
  expect(await readFile(join(`${other}.lock`, 'notes'), 'utf8')).toBe('precious');
});

test('a folder that is not there is named', async () => {
  const folder = await newFolder();
  const { exit, message } = await refused(join(folder, 'nowhere', 'ledger.jsonl'));
  expect(exit).toBe(EXIT.cannotStart);
  expect(message).toContain(`${join(folder, 'nowhere')}: no such file or directory.`);
});

test.skipIf(process.getuid?.() === 0)('a folder that is read-only is named', async () => {
  const folder = await newFolder();
  await chmod(folder, 0o500);
  const { exit, message } = await refused(join(folder, 'ledger.jsonl'));
  expect(exit).toBe(EXIT.cannotStart);
  expect(message).toContain(`can't be written to: ${folder}: permission denied.`);
});

import { PassThrough, Readable, Writable } from 'node:stream';
import { expect } from 'vitest';
import { COMMANDS } from '../src/cli.ts';
import type { Clock } from '../src/ground/clock.ts';
import { main, type Process } from '../src/main.ts';
import type { Simulator } from './simulator/faulty-server.ts';

export interface World {
  /** What is piped in; not given: nothing, as in a terminal. */
  stdin?: string | Readable;
  env?: Record<string, string>;
  /** The working folder, for a .env file. */
  cwd?: string;
  /** Whether stdout and stderr are terminals. */
  terminal?: boolean;
  clock?: Clock;
}

export interface Outcome {
  code: number;
  stdout: string;
  stderr: string;
}

/** Runs the program in-process, with a process of its own. */
export async function program(args: string[], world: World = {}): Promise<Outcome> {
  const stdout = sink(world.terminal);
  const stderr = sink(world.terminal);
  const process = fakeProcess(args, world, stdout, stderr);
  const code = await main(process, world.clock ?? hurriedClock());
  return { code, stdout: stdout.text(), stderr: stderr.text() };
}

/** @returns stdout, after checking the exit code. */
export async function ok(args: string[], world?: World): Promise<string> {
  const { code, stdout, stderr } = await program(args, world);
  expect(code, stderr).toBe(0);
  return stdout;
}

/** @returns stderr, after checking that nothing is on stdout and the exit code is `code`. */
export async function fails(code: number, args: string[], world?: World): Promise<string> {
  const outcome = await program(args, world);
  expect(outcome.code, outcome.stderr).toBe(code);
  expect(outcome.stdout).toBe('');
  return outcome.stderr;
}

/** With a ledger only where the arguments name one: tests remember nothing of each other. */
export function fakeProcess(
  args: string[],
  world: World,
  stdout: Process['stdout'],
  stderr: Process['stderr'],
): Process & { signal: (name: 'SIGINT' | 'SIGTERM') => void; exits: number[] } {
  const listeners = new Map<string, (argument: never) => void>();
  const exits: number[] = [];
  const needsNone = args.includes('--simulate') || COMMANDS.includes(args[0] ?? '');
  const isForgetful = !needsNone && !args.includes('--ledger');
  return {
    argv: ['node', 'ticket-classify', ...args, ...(isForgetful ? ['--no-ledger'] : [])],
    env: world.env ?? {},
    cwd: () => world.cwd ?? '/nonexistent',
    stdin: stdinOf(world),
    stdout,
    stderr,
    on: (event, listener) => listeners.set(event, listener),
    off: (event) => listeners.delete(event),
    exit: (code) => exits.push(code),
    signal: (name) => listeners.get(name)?.(name as never),
    exits,
  };
}

export function sink(
  terminal = false,
): Writable & { text: () => string; isTTY: boolean; columns: number } {
  const parts: string[] = [];
  const stream = new Writable({
    write(chunk, _encoding, done) {
      parts.push(String(chunk));
      done();
    },
  });
  return Object.assign(stream, { text: () => parts.join(''), isTTY: terminal, columns: 80 });
}

function stdinOf({ stdin }: World): Process['stdin'] {
  if (stdin === undefined) return Object.assign(new PassThrough(), { isTTY: true });
  return typeof stdin === 'string' ? Readable.from([Buffer.from(stdin)]) : stdin;
}

/** A clock whose sleeps are over at once, and which is as much later then. */
export function hurriedClock(): Clock & { slept: number[] } {
  const slept: number[] = [];
  let ahead = 0;
  const now = () => Date.now() + ahead;
  return {
    slept,
    now,
    random: () => 0,
    async sleep(milliseconds, signal) {
      slept.push(milliseconds);
      const end = now() + milliseconds;
      await new Promise((resolve) => setImmediate(resolve));
      ahead = Math.max(ahead, end - Date.now());
      signal.throwIfAborted();
    },
  };
}

/** Sends what the program asks to a simulator. */
export function envOf({ url }: Simulator): Record<string, string> {
  return { ANTHROPIC_BASE_URL: url, ANTHROPIC_API_KEY: 'test' };
}

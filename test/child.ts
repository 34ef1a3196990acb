// The built program in a process of its own, for tests whose subject is the process itself.
import { spawn } from 'node:child_process';
import type { Writable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished } from 'vitest';

export const BIN = fileURLToPath(new URL('../bin/ticket-classify.js', import.meta.url));

export interface Ended {
  /** Null if a signal ended it. */
  code: number | null;
  stdout: string;
  stderr: string;
}

export interface Child {
  pid: number;
  stdin: Writable;
  ended: Promise<Ended>;
  /** Waits for what must come while it runs. */
  until: (isSo: () => boolean | Promise<boolean>) => Promise<void>;
  signal: (name: NodeJS.Signals) => void;
  /** Kills it with -9. @returns whether it was still at work */
  kill: () => Promise<boolean>;
}

type Env = Record<string, string>;

/** Its environment is what is given, and nothing else. */
export function startBin(args: readonly string[], env: Env = {}): Child {
  return startChild(process.execPath, [BIN, ...args], env);
}

/** For one test: if it still runs at its end, it is killed. */
export function startChild(
  command: string,
  args: readonly string[],
  env: Env = {},
  cwd?: string,
): Child {
  const { PATH = '' } = process.env;
  const child = spawn(command, args, { env: { PATH, ...env }, cwd });
  const text = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (chunk: string) => (text[name] += chunk));
  }
  // It may end before it has read all.
  child.stdin.on('error', () => {});
  let isOver = false;
  const ended = new Promise<Ended>((resolve) => {
    child.once('close', (code) => {
      isOver = true;
      resolve({ code, ...text });
    });
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  return {
    pid: child.pid ?? 0,
    stdin: child.stdin,
    ended,
    async until(isSo) {
      while (!(await isSo())) {
        expect(isOver, text.stderr).toBe(false);
        await pause(2);
      }
    },
    signal: (name) => void child.kill(name),
    async kill() {
      child.kill('SIGKILL');
      return (await ended).code === null;
    },
  };
}

/** Runs the built program to its end, with nothing on stdin. */
export function bin(args: readonly string[], env?: Env): Promise<Ended> {
  return toEnd(startBin(args, env));
}

/** Runs a line of bash to its end. */
export function shell(line: string, env?: Env): Promise<Ended> {
  return toEnd(startChild('bash', ['--norc', '-c', `set -o pipefail; ${line}`], env));
}

function toEnd({ stdin, ended }: Child): Promise<Ended> {
  stdin.end();
  return ended;
}

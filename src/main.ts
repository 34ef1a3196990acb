// Parse, dispatch, signals, errors → exit code. Alone knows the real process.
import { existsSync, readFileSync } from 'node:fs';
import { COMMANDS, parseArguments, type Invocation } from './cli.ts';
import { realClock, type Clock } from './ground/clock.ts';
import { complaint } from './run/complaint.ts';
import type { Context } from './run/context.ts';
import { EXIT, Failure, failures } from './ground/errors.ts';
import { readEnvironment } from './ground/environment.ts';
import { flushed } from './ground/flushed.ts';

/** As much of node's process as is used, so that tests can bring their own. */
export interface Process {
  argv: string[];
  env: Record<string, string | undefined>;
  cwd: () => string;
  stdin: Context['stdin'];
  stdout: Context['stdout'];
  stderr: Context['stderr'];
  on: Listening;
  off: Listening;
  exit: (code: number) => void;
}

interface Listening {
  (event: Signal, listener: (signal: Signal) => void): unknown;
  (event: 'uncaughtException', listener: (error: unknown) => void): unknown;
}

type Signal = 'SIGINT' | 'SIGTERM';

/** After a first signal, calls in the air have so long to finish. */
const GRACE_MS = 10_000;

/** @returns the exit code, once everything is written. */
export async function main(
  process: Process,
  clock: Clock = realClock,
  graceMs: number = GRACE_MS,
): Promise<number> {
  const { stdout, stderr } = process;
  // A reader that went away is told to whoever writes rows; nobody else needs to know.
  stdout.on('error', () => {});
  stderr.on('error', () => {});
  function crash(error: unknown): void {
    stderr.write(complaint(error, process.argv.slice(2), packageVersion()));
    process.exit(EXIT.bug);
  }
  process.on('uncaughtException', crash);
  try {
    return await obey(process, clock, graceMs);
  } catch (error) {
    stderr.write(complaint(error, process.argv.slice(2), packageVersion()));
    return error instanceof Failure ? error.exit : EXIT.bug;
  } finally {
    process.off('uncaughtException', crash);
    // What is written to a pipe may still be on its way when the process is about to exit.
    await Promise.all([flushed(stdout), flushed(stderr)]);
  }
}

async function obey(process: Process, clock: Clock, graceMs: number): Promise<number> {
  const { stdin, stdout, stderr } = process;
  const args = process.argv.slice(2);
  const invocation = parseArguments(args, packageVersion(), (text) => stdout.write(text));
  if (!invocation) return EXIT.ok;
  if (readsStdin(invocation) && stdin.isTTY) {
    parseArguments(['--help'], packageVersion(), (text) => stderr.write(text));
    return EXIT.cannotStart;
  }
  return dispatch(invocation, process, clock, graceMs);
}

async function dispatch(
  { command, operands, flags }: Invocation,
  process: Process,
  clock: Clock,
  graceMs: number,
): Promise<number> {
  const context: Context = {
    version: packageVersion(),
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    environment: readEnvironment(process.env, process.cwd()),
    clock,
    stop: new AbortController(),
    leave: new AbortController(),
  };
  const [operand] = operands;
  if (command === 'classify' && operand) await refuseMistypedCommand(operand);
  switch (command) {
    case 'classify': {
      greet(flags, context);
      const { classifyCommand } = await import('./commands/classify.ts');
      return withSignals(process, context, graceMs, () =>
        classifyCommand(operands, flags, context),
      );
    }
    case 'estimate': {
      const { estimateCommand } = await import('./commands/estimate.ts');
      return estimateCommand(operands, flags, context);
    }
    case 'show': {
      const { showCommand } = await import('./commands/show.ts');
      return showCommand(operand, flags, context);
    }
    case 'check': {
      const { checkCommand } = await import('./commands/check.ts');
      return checkCommand(operand, flags, context);
    }
    case 'init': {
      const { initCommand } = await import('./commands/init.ts');
      return initCommand(operand ?? '', flags, context);
    }
    case 'history': {
      const { historyCommand } = await import('./commands/history.ts');
      return historyCommand(operand ?? '', flags, context);
    }
    case 'forget': {
      const { forgetCommand } = await import('./commands/forget.ts');
      return forgetCommand(operand ?? '', flags, context);
    }
    case 'batches': {
      const { batchesCommand } = await import('./commands/batches.ts');
      return withSignals(process, context, graceMs, () => batchesCommand(operands, flags, context));
    }
  }
}

/** `ticket-classify shw` names no file, but nearly a command. */
async function refuseMistypedCommand(operand: string): Promise<void> {
  if (!/^[a-z]+$/.test(operand) || existsSync(operand)) return;
  const { closest, distance } = await import('fastest-levenshtein');
  const command = closest(operand, COMMANDS);
  if (distance(operand, command) > 2) return;
  const hint = `Did you mean the command \`ticket-classify ${command}\`?`;
  throw failures.usage(`There is no file ${operand}, and no such command.`, hint);
}

function readsStdin({ command, operands }: Invocation): boolean {
  return ['classify', 'estimate', 'show'].includes(command) && operands.length === 0;
}

/** On the screen before anything heavy is loaded. */
function greet(flags: Invocation['flags'], { version, environment, stderr }: Context): void {
  if (flags['quiet'] || environment('CLASSIFIER_LOG_LEVEL')?.value.toLowerCase() === 'error')
    return;
  stderr.write(
    flags['simulate']
      ? 'SIMULATED: a stand-in answers, not Claude; its labels and costs mean nothing.\n'
      : `ticket-classify ${version}\n`,
  );
}

/** First signal: nothing new goes out, what is in the air may finish. Second: leave at once. */
async function withSignals(
  process: Process,
  { stop, leave }: Context,
  graceMs: number,
  work: () => Promise<number>,
): Promise<number> {
  let grace: NodeJS.Timeout | undefined;
  let signalled = false;
  function onSignal(signal: Signal): void {
    const failure = failures.interrupted(signal);
    if (signalled) {
      leave.abort(failure);
      process.exit(failure.exit);
    }
    signalled = true;
    stop.abort(failure);
    grace = setTimeout(() => leave.abort(failure), graceMs);
  }
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  try {
    return await work();
  } finally {
    clearTimeout(grace);
    process.off('SIGINT', onSignal);
    process.off('SIGTERM', onSignal);
  }
}

function packageVersion(): string {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  const manifest: unknown = JSON.parse(text);
  const known = typeof manifest === 'object' && manifest !== null && 'version' in manifest;
  return known ? String(manifest.version) : 'unknown';
}

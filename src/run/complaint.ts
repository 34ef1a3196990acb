// What ended a run, as it is told at last: what happened, what became of the rows, which command goes on.
import { parseDuration } from '../ground/duration.ts';
import { Failure } from '../ground/errors.ts';
import { printed } from '../ground/printable.ts';
import { shellWord } from '../ground/shell-word.ts';

/**
 * @param args as typed
 * @param version of the program
 */
export function complaint(error: unknown, args: readonly string[], version: string): string {
  if (error instanceof Failure) {
    const again = error.goesOn ? resumed(args, error.goesOn.startedAt) : args;
    const isBudget = error.kind === 'budget';
    const remedies = error.remedies.map(
      (added) => `  ${typed(isBudget ? withFlag(again, added) : [...again, ...added])}`,
    );
    const onwards = error.goesOn && remedies.length === 0 ? goingOn(error.goesOn, args) : [];
    const more = isBudget && remedies.length > 0 ? ['To go on with more:', ...remedies] : remedies;
    const [headline = '', ...rest] = error.lines;
    const below = [...error.aftermath, error.hint, ...more, ...onwards];
    const indented = below.filter((line) => line !== '').map((line) => `  ${line}`);
    return printed(`ticket-classify: ${headline}`, ...rest, ...indented);
  }
  const what = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return printed(
    `ticket-classify ${version}: this is a bug of ours, and we are sorry.`,
    ...what.split('\n'),
    '  Rows written so far are kept. Please report it with the lines above.',
  );
}

/** The same command; but what this run has asked again must not be asked once more. */
function goingOn(
  { startedAt, readsStdin: isPiped }: NonNullable<Failure['goesOn']>,
  args: readonly string[],
): string[] {
  const title = isPiped ? 'To go on, the same input into:' : 'To go on:';
  return [title, `  ${typed(resumed(args, startedAt))}`];
}

function resumed(args: readonly string[], startedAt: Date): string[] {
  const start = startedAt.toISOString();
  const again = args
    .filter((arg) => arg !== '--fresh' && arg !== '--retry-triage')
    .map((arg, at, all) => (all[at - 1] === '--newer-than' ? absolute(arg, startedAt) : arg));
  if (args.includes('--fresh')) again.push('--newer-than', start);
  if (args.includes('--retry-triage')) again.push('--retry-triage-before', start);
  return again;
}

/** An age means another time each time it is typed. */
function absolute(time: string, startedAt: Date): string {
  const seconds = parseDuration(time);
  return seconds === null ? time : new Date(startedAt.getTime() - seconds * 1_000).toISOString();
}

/** The last of two equal flags counts; one is clearer. */
function withFlag(args: readonly string[], added: readonly string[]): string[] {
  const [flag, value] = added;
  const at = args.findIndex((arg) => arg === flag);
  return at < 0 || value === undefined ? [...args, ...added] : args.toSpliced(at, 2, ...added);
}

function typed(args: readonly string[]): string {
  return ['ticket-classify', ...args].map(shellWord).join(' ');
}

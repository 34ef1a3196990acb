// How far the run is in, as often as a row is done; what stderr shows of it out.
import cliProgress from 'cli-progress';
import { percent, perSecond, plural, span, thousands } from '../ground/figures.ts';
import { roundedUsd } from '../ground/money.ts';
import { printable, printed } from '../ground/printable.ts';

export interface ProgressOptions {
  stderr: NodeJS.WritableStream & { isTTY?: boolean; columns?: number };
  /** `bar` draws on a terminal and writes lines elsewhere; `none` shows nothing but notes. */
  mode: 'bar' | 'lines' | 'none';
  /** The time in milliseconds since 1970. */
  now: () => number;
  /** Of the input, in bytes, as far as is known by now; null where it is unknown. */
  total: () => number | null;
  /** What is waited for before there can be rows; null if nothing is. */
  waiting?: () => string | null;
  /** True if the answers come from the simulator: then the costs are marked. */
  simulated: boolean;
}

export interface Progress {
  /** Cheap: the drawing goes by the clock. */
  update(reached: Reached): void;
  /** Prints whole lines, in every mode, and leaves the bar whole. */
  note(lines: string): void;
  /** Takes the bar away and shows the cursor again. May be called twice; till then a bar keeps the process alive. */
  stop(): void;
}

export interface Reached {
  tickets: number;
  bytes: number;
  escalated: number;
  triage: number;
  /** Of this run, in half nano-dollars. */
  cost: number;
}

export function startProgress(options: ProgressOptions): Progress {
  const { stderr, mode } = options;
  let reached: Reached = { tickets: 0, bytes: 0, escalated: 0, triage: 0, cost: 0 };
  const soFar = () => reached;
  const update = (next: Reached) => (reached = next);
  if (mode === 'bar' && stderr.isTTY === true) return { update, ...startBar(options, soFar) };
  const stop = mode === 'none' ? () => {} : startLines(options, soFar);
  return { update, note: (lines) => stderr.write(lines), stop };
}

const DRAWN_PER_SECOND = 2;
/** Drawings from which time left and speed are judged: half a minute of them. */
const JUDGED_BY = 30 * DRAWN_PER_SECOND;
/** Before so many, the time left is a guess that frightens. */
const TICKETS_FOR_A_FORECAST = 20;

function startBar(
  { stderr, now, total, waiting, simulated }: ProgressOptions,
  soFar: () => Reached,
): Pick<Progress, 'note' | 'stop'> {
  const startedAt = now();
  const speed = speedOver(JUDGED_BY);
  let waitedFor: string | null = null;
  let isMeasured = false;
  const bars = new cliProgress.MultiBar({
    // What matters most comes first: a narrow terminal cuts off the rest.
    format: (given, params, payload) => {
      const measured = '{bar}  {percentage} %  {eta_formatted}{figures}';
      const format = isMeasured && waitedFor === null ? measured : '{figures}';
      // Some terminals break a line that fills them.
      const line = cliProgress.Format.Formatter({ ...given, format }, params, payload);
      return line.slice(0, params.maxWidth - 1);
    },
    formatTime: (seconds) =>
      // Where there is none yet, it is a word.
      Number.isFinite(seconds) && soFar().tickets >= TICKETS_FOR_A_FORECAST
        ? `${timeLeft(seconds)} left  `
        : '',
    barsize: 12,
    barCompleteChar: '█',
    barIncompleteChar: '░',
    stream: stderr,
    fps: DRAWN_PER_SECOND,
    etaBuffer: JUDGED_BY,
    // Also where a note was written over it.
    forceRedraw: true,
    linewrap: true,
    hideCursor: true,
    clearOnComplete: true,
    // Or a signal would be heard by it alone.
    gracefulExit: false,
  });
  const bar = bars.create(0, 0);
  bars.on('update-pre', () => {
    const reached = soFar();
    const size = total();
    waitedFor = waiting?.() ?? waitingForFirst(reached, now() - startedAt);
    isMeasured = size !== null && size > 0;
    bar.setTotal(size ?? 0);
    const figures =
      waitedFor ?? figuresOf(reached, speed(now(), reached.tickets), simulated).join('  ');
    bar.update(reached.bytes, { figures: printable(figures) });
  });
  bars.update();
  let isStopped = false;

  function note(lines: string): void {
    if (isStopped) {
      stderr.write(lines);
      return;
    }
    bars.log(lines);
    bars.update();
  }

  function stop(): void {
    if (!isStopped) bars.stop();
    isStopped = true;
  }

  return { note, stop };
}

function waitingForFirst({ tickets }: Reached, milliseconds: number): string | null {
  const seconds = Math.floor(milliseconds / 1_000);
  return tickets === 0 ? `waiting for the first answer, ${seconds} s` : null;
}

function figuresOf(reached: Reached, speed: number | null, simulated: boolean): string[] {
  return [
    money(reached, simulated),
    reached.triage === 0 ? '' : forTriage(reached),
    plural(reached.tickets, 'ticket'),
    escalated(reached),
    speed === null ? '' : perSecond(speed),
  ].filter((part) => part !== '');
}

/** In whole minutes from one on: nobody knows the seconds. */
function timeLeft(seconds: number): string {
  return span(seconds > 60 ? Math.ceil(seconds / 60) * 60 : seconds);
}

const LINE_EVERY_MS = 60_000;

/** @returns to be called at the end. */
function startLines(options: ProgressOptions, soFar: () => Reached): () => void {
  const { stderr, now } = options;
  const speed = speedOver(2);
  speed(now(), 0);
  const timer = setInterval(() => {
    const line = logLine(options, soFar(), speed(now(), soFar().tickets));
    stderr.write(printed(`${new Date(now()).toISOString().replace(/\.\d+Z$/, 'Z')} ${line}`));
  }, LINE_EVERY_MS);
  timer.unref();
  return () => clearInterval(timer);
}

/** `12,345 tickets, 41 %, 87/s, 12 % escalated, 3 for triage, $0.42` */
function logLine(
  { total, waiting, simulated }: ProgressOptions,
  reached: Reached,
  speed: number | null,
): string {
  const size = total();
  const waitedFor = waiting?.() ?? null;
  if (waitedFor !== null) return `${waitedFor}, ${money(reached, simulated)}`;
  const parts = [
    plural(reached.tickets, 'ticket'),
    size === null || size === 0 ? '' : share(reached.bytes / size),
    speed === null ? '' : perSecond(speed),
    reached.tickets === 0 ? '' : escalated(reached),
    forTriage(reached),
    money(reached, simulated),
  ];
  return parts.filter((part) => part !== '').join(', ');
}

/**
 * Tickets a second over the last samples, of which each call gives one; null before the first second
 * is over. A run that begins with answers from the ledger slows down after them.
 */
function speedOver(most: number): (at: number, tickets: number) => number | null {
  const samples: { at: number; tickets: number }[] = [];
  return (at, tickets) => {
    samples.push({ at, tickets });
    if (samples.length > most) samples.shift();
    const [first = { at, tickets }] = samples;
    const seconds = (at - first.at) / 1_000;
    return seconds < 1 ? null : (tickets - first.tickets) / seconds;
  };
}

/** Rounded down: 100 % is said only when all is done. */
function share(done: number): string {
  return `${Math.floor(Math.min(1, done) * 100)} %`;
}

function escalated({ escalated: count, tickets }: Reached): string {
  return `${percent(count / tickets)} escalated`;
}

function forTriage({ triage }: Reached): string {
  return `${thousands(triage)} for triage`;
}

function money({ cost }: Reached, simulated: boolean): string {
  return `${simulated ? 'simulated ' : ''}${roundedUsd(cost)}`;
}

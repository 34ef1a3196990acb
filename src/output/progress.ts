// How far the run is in, as often as a row is done; what stderr shows of it out.
import { SingleBar } from 'cli-progress';
import { createPace } from './pace.ts';
import { progressLine, progressLogLine, type Standing } from './progress-line.ts';

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
  /** Prints a line, in every mode, and leaves the bar whole. */
  note(text: string): void;
  /** Takes the bar away and shows the cursor again. May be called twice. */
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

const LINE_EVERY_MS = 60_000;

/** Before so many, the time left is a guess that frightens. */
const TICKETS_FOR_A_FORECAST = 20;

export function startProgress(options: ProgressOptions): Progress {
  const { stderr, mode, now, simulated } = options;
  const startedAt = now();
  const pace = createPace(startedAt);
  let reached: Reached = { tickets: 0, bytes: 0, escalated: 0, triage: 0, cost: 0 };

  function standing(): Standing {
    pace.add(now(), reached);
    const total = options.total();
    const { bytes, ...figures } = reached;
    const rate = pace.rate();
    const early = reached.tickets < TICKETS_FOR_A_FORECAST;
    const forecast = early || rate === null || rate.bytes <= 0 ? null : rate.bytes;
    const left = total === null ? null : Math.max(0, total - bytes);
    return {
      ...figures,
      simulated,
      waiting: options.waiting?.() ?? null,
      done: total === null || total === 0 ? null : Math.min(1, bytes / total),
      ticketsPerSecond: rate === null ? null : rate.tickets,
      secondsLeft: forecast === null || left === null ? null : left / forecast,
      secondsGone: (now() - startedAt) / 1_000,
    };
  }

  function update(next: Reached): void {
    reached = next;
  }

  function write(text: string): void {
    stderr.write(`${text}\n`);
  }

  if (mode === 'none') return { update, note: write, stop: () => {} };
  if (mode === 'bar' && stderr.isTTY === true) {
    const bar = startBar(stderr, () => progressLine(standing(), stderr.columns || 80));
    return { update, ...bar };
  }
  const timer = setInterval(
    () => write(progressLogLine(standing(), new Date(now()))),
    LINE_EVERY_MS,
  );
  timer.unref();
  return { update, note: write, stop: () => clearInterval(timer) };
}

function startBar(
  stderr: ProgressOptions['stderr'],
  line: () => string,
): Pick<Progress, 'note' | 'stop'> {
  const bar = new SingleBar({
    format: () => {
      // The bar sets its next timer only after it has asked for the line.
      queueMicrotask(() => unrefTimer(bar));
      return line();
    },
    stream: stderr,
    gracefulExit: false,
    noTTYOutput: false,
    clearOnComplete: true,
    hideCursor: true,
  });
  let stopped = false;
  bar.start(1, 0);

  function note(text: string): void {
    // A stopped bar goes back to where it started, so it must start anew below the note.
    if (!stopped) bar.stop();
    stderr.write(`${text}\n`);
    if (!stopped) bar.start(1, 0);
  }

  function stop(): void {
    stopped = true;
    bar.stop();
  }

  return { note, stop };
}

/** A bar that is never stopped would otherwise keep the process alive. */
function unrefTimer(bar: SingleBar): void {
  if (!('timer' in bar)) return;
  const { timer } = bar;
  if (typeof timer !== 'object' || timer === null || !('unref' in timer)) return;
  if (typeof timer.unref === 'function') timer.unref();
}

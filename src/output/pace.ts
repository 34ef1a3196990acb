/**
 * How fast things go now, which is over the last half minute: a run that begins with answers from
 * the ledger slows down after them.
 */
export interface Pace {
  /** `at` in milliseconds; called often, it remembers one sample a second. */
  add(at: number, sample: Sample): void;
  /** Per second; null in the first second. */
  rate(): Sample | null;
}

interface Sample {
  tickets: number;
  bytes: number;
}

const WINDOW_MS = 30_000;
const STEP_MS = 1_000;

export function createPace(startedAt: number): Pace {
  const samples = [{ at: startedAt, tickets: 0, bytes: 0 }];

  function add(at: number, { tickets, bytes }: Sample): void {
    const last = samples.at(-1);
    if (last !== undefined && at - last.at < STEP_MS) return;
    samples.push({ at, tickets, bytes });
    // The oldest one kept is just outside the window, so that it is always covered.
    while (samples[1] !== undefined && at - samples[1].at >= WINDOW_MS) samples.shift();
  }

  function rate(): Sample | null {
    const first = samples[0];
    const last = samples.at(-1);
    if (first === undefined || last === undefined || first === last) return null;
    const seconds = (last.at - first.at) / 1_000;
    return {
      tickets: (last.tickets - first.tickets) / seconds,
      bytes: (last.bytes - first.bytes) / seconds,
    };
  }

  return { add, rate };
}

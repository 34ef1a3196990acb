// What was spent when in, what the last 24 hours came to out.

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;

/** At a moment, or in a bucket whose last one was then. */
export interface Spent {
  /** Milliseconds since 1970. */
  at: number;
  /** In half nano-dollars. */
  cost: number;
}

export interface LastDay {
  sum: () => number;
  /** Something is spent now. */
  add: (cost: number) => void;
  /** When so much will have left the 24 hours; null for more than there is in them. */
  freeAt: (cost: number) => Date | null;
}

export function lastDay(before: readonly Spent[], now: () => number): LastDay {
  const start = now();
  const buckets = before
    // A date ahead of us is that of a wrong clock; it can't be later than now.
    .map(({ at, cost }) => ({ at: Math.min(at, start), cost }))
    .toSorted((a, b) => a.at - b.at);
  let total = 0;
  for (const { cost } of buckets) total += cost;

  function sum(): number {
    const staying = buckets.findIndex(({ at }) => at + DAY_MS > now());
    const gone = buckets.splice(0, staying === -1 ? buckets.length : staying);
    for (const { cost } of gone) total -= cost;
    return total;
  }

  function add(cost: number): void {
    if (cost === 0) return;
    total += cost;
    // One bucket a minute, dated at its end: none of it leaves too early.
    const at = Math.ceil(now() / MINUTE_MS) * MINUTE_MS;
    const last = buckets.at(-1);
    if (last && last.at >= at) last.cost += cost;
    else buckets.push({ at, cost });
  }

  function freeAt(cost: number): Date | null {
    let free = 0;
    for (const bucket of buckets) {
      free += bucket.cost;
      if (free >= cost) return new Date(bucket.at + DAY_MS);
    }
    return null;
  }

  return { sum, add, freeAt };
}

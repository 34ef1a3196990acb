import type { Clock } from '../../src/ground/clock.ts';

/** A clock that stands still while anything is to be done, and then goes on to what is due next. */
export interface VirtualTime {
  clock: Clock;
  /** Runs until `done` settles. */
  until: <T>(done: Promise<T>) => Promise<T>;
}

export function virtualTime(): VirtualTime {
  let now = Date.UTC(2026, 10, 22);
  const due: { at: number; wake: () => void }[] = [];

  const clock: Clock = {
    now: () => now,
    random: () => 0.5,
    sleep: (milliseconds) =>
      new Promise((wake) => {
        const at = now + milliseconds;
        const later = due.findIndex((other) => other.at > at);
        due.splice(later === -1 ? due.length : later, 0, { at, wake });
      }),
  };

  async function until<T>(done: Promise<T>): Promise<T> {
    let settled = false;
    void done.then(
      () => (settled = true),
      () => (settled = true),
    );
    while (true) {
      await new Promise((resolve) => setImmediate(resolve));
      if (settled) return done;
      const next = due.shift();
      if (!next) throw new Error('nothing is due, and nothing is done');
      now = Math.max(now, next.at);
      next.wake();
    }
  }

  return { clock, until };
}

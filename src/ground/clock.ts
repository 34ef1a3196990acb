import { setTimeout as delay } from 'node:timers/promises';

/** Time and chance, so that tests can bring their own. */
export interface Clock {
  /** Milliseconds since 1970. */
  now: () => number;
  /** Rejects with the signal's reason as soon as it is aborted. */
  sleep: (milliseconds: number, signal: AbortSignal) => Promise<void>;
  /** 0 to 1. */
  random: () => number;
}

export const realClock: Clock = {
  now: Date.now,
  async sleep(milliseconds, signal) {
    signal.throwIfAborted();
    try {
      await delay(milliseconds, undefined, { signal });
    } catch (error) {
      signal.throwIfAborted();
      throw error;
    }
  },
  random: Math.random,
};

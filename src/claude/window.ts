/**
 * How many calls of a lane may be in the air. It begins with one, which writes the cache, goes on with
 * four, and doubles with every round of answers; each failure takes one off, so that an outage leaves a
 * single call to probe with, and answers bring them back as fast. A refusal for the rate halves it;
 * from three quarters of what it was it grows by one a round.
 */
export interface Window {
  size: () => number;
  answered: () => void;
  failed: () => void;
  limited: () => void;
  /** One again, as after a pause in which the cache may have gone; it grows back fast. */
  restart: () => void;
}

/** The first answer shows that the server works and the cache is written: no need to go on by twos. */
const AFTER_FIRST = 3;

/** The pace holds the rate down by then: slower, a lane of slow calls would take minutes to come back. */
const REGAINED = 0.75;

/** @param most the cap that it never passes */
export function openWindow(most: number): Window {
  let size = 1;
  /** Up to here it grows by one an answer. */
  let trusted = most;

  function answered(): void {
    const step = size < trusted ? (size === 1 ? AFTER_FIRST : 1) : 1 / size;
    size = Math.min(most, size + step);
    trusted = Math.max(trusted, size);
  }

  function limited(): void {
    trusted = size * REGAINED;
    size = Math.max(1, size / 2);
  }

  return {
    size: () => Math.floor(size),
    answered,
    failed: () => (size = Math.max(1, size - 1)),
    limited,
    restart: () => (size = 1),
  };
}

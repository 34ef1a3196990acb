/**
 * How many calls of a lane may be in the air. It begins with one, which writes the cache, and doubles
 * with every round of answers; each failure takes one off, so that an outage leaves a single call to
 * probe with, and answers bring them back as fast. A refusal for the rate halves it, and from there on
 * it grows by one a round.
 */
export interface Window {
  size: () => number;
  answered: () => void;
  failed: () => void;
  limited: () => void;
  /** One again, as after a pause in which the cache may have gone; it grows back fast. */
  restart: () => void;
}

/** @param most the cap that it never passes */
export function openWindow(most: number): Window {
  let size = 1;
  /** Up to here it grows by one an answer. */
  let trusted = most;

  function answered(): void {
    size = Math.min(most, size + (size < trusted ? 1 : 1 / size));
    trusted = Math.max(trusted, size);
  }

  function limited(): void {
    size = Math.max(1, size / 2);
    trusted = size;
  }

  return {
    size: () => Math.floor(size),
    answered,
    failed: () => (size = Math.max(1, size - 1)),
    limited,
    restart: () => (size = 1),
  };
}

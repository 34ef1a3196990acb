/** Lets work on one model through; see `openLane`. */
export type Lane = <T extends { kind: string }>(work: () => Promise<T>) => Promise<T>;

/**
 * A cache entry can be read only once the response that writes it has begun, so a burst at the start
 * would pay for as many writes. Until one answer has come, a lane lets one piece of work through at a
 * time; then it is open.
 */
export function openLane(): Lane {
  let open = false;
  let first: Promise<unknown> | null = null;

  return async function enter(work) {
    while (!open && first) await first;
    if (open) return work();
    const attempt = work();
    first = attempt.then(
      (answer) => {
        open = answer.kind !== 'none';
        first = null;
      },
      () => {
        first = null;
      },
    );
    return attempt;
  };
}

/** How far reading may run ahead of what has come out. */
export interface ReadAhead<T> {
  items: number;
  /** Items whose work is not done: more of them would only wait, and fill memory. */
  undone: number;
  /** Sum of the items' weights; a single heavier item still passes. */
  weight: number;
  weigh: (item: T) => number;
}

interface Pending<R> {
  outcome: Promise<{ result: R } | { error: unknown }>;
  weight: number;
  isDone: boolean;
}

/** After so many milliseconds of reading, what has come in meanwhile has its turn: answers, signals. */
const TURN_MS = 3;

/**
 * Works on many items at once and yields the results in the order of the items. Reading goes on while
 * one slow item holds the others up, until the read-ahead is used up. While the next result is there
 * to be taken nothing is read: with work that takes no time, all of the read-ahead would only fill
 * memory.
 * After an error of an item's work nothing more is read; what else was begun still comes out, and then
 * the error is thrown. An error of the source is thrown once all items before it are out. An abort of
 * `signal` ends the wait for the source, not the work under way.
 */
export async function* inOrder<T, R>(
  source: AsyncIterable<T>,
  work: (item: T) => Promise<R>,
  { items, undone, weight, weigh }: ReadAhead<T>,
  signal: AbortSignal,
): AsyncGenerator<R> {
  const pending: Pending<R>[] = [];
  let load = 0;
  let underWay = 0;
  let closed = false;
  let failure: { error: unknown } | null = null;
  let cutShort = false;
  const changed = turnstile();
  const room = turnstile();
  const reading = read().then(
    () => ({ error: null }),
    (error: unknown) => ({ error }),
  );
  let ended = false;
  void reading.then(() => {
    ended = true;
    changed.open();
  });
  signal.addEventListener('abort', changed.open, { once: true });

  try {
    while (true) {
      const next = pending[0];
      if (next) {
        const outcome = await next.outcome;
        if ('result' in outcome) yield outcome.result;
        else failure ??= outcome;
        pending.shift();
        load -= next.weight;
        closed ||= failure !== null;
        room.open();
      } else if (failure) {
        throw failure.error;
      } else if (ended) {
        const { error } = await reading;
        if (error !== null) throw error;
        if (cutShort) signal.throwIfAborted();
        return;
      } else {
        signal.throwIfAborted();
        await changed.wait();
      }
    }
  } finally {
    closed = true;
    room.open();
    signal.removeEventListener('abort', changed.open);
  }

  function hasRoom(): boolean {
    const isFull = pending.length >= items || load >= weight || underWay >= undone;
    return !isFull && pending[0]?.isDone !== true;
  }

  async function read(): Promise<void> {
    let turnedAt = performance.now();
    for await (const item of source) {
      const outcome = work(item).then(
        (result) => ({ result }),
        (error: unknown) => ({ error }),
      );
      const next: Pending<R> = { outcome, weight: weigh(item), isDone: false };
      underWay += 1;
      void outcome.then(() => {
        next.isDone = true;
        underWay -= 1;
        room.open();
      });
      pending.push(next);
      load += next.weight;
      changed.open();
      while (!closed && !signal.aborted && !hasRoom()) await room.wait();
      if (performance.now() - turnedAt > TURN_MS) {
        await new Promise((resolve) => setImmediate(resolve));
        turnedAt = performance.now();
      }
      cutShort = signal.aborted;
      if (closed || cutShort) return;
    }
  }
}

/** `wait` until the next `open`. */
function turnstile() {
  let release = () => {};
  return {
    wait: () => new Promise<void>((resolve) => (release = resolve)),
    open: () => release(),
  };
}

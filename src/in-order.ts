/** How far reading may run ahead of what has come out. */
export interface ReadAhead<T> {
  items: number;
  /** Sum of the items' weights; a single heavier item still passes. */
  weight: number;
  weigh: (item: T) => number;
}

interface Pending<R> {
  result: Promise<R>;
  weight: number;
}

/**
 * Works on many items at once and yields the results in the order of the items. Reading goes on while
 * one slow item holds the others up, until the read-ahead is used up.
 * Ends with the first error in that order: of an item's work, or of the source once all items before
 * it are out. An abort of `signal` ends the wait for the source, not the work under way.
 */
export async function* inOrder<T, R>(
  source: AsyncIterable<T>,
  work: (item: T) => Promise<R>,
  { items, weight, weigh }: ReadAhead<T>,
  signal: AbortSignal,
): AsyncGenerator<R> {
  const pending: Pending<R>[] = [];
  let load = 0;
  let closed = false;
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
      const next = pending.shift();
      if (next) {
        yield await next.result;
        load -= next.weight;
        room.open();
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

  async function read(): Promise<void> {
    for await (const item of source) {
      const result = work(item);
      // Whoever awaits it in its turn sees the error; until then it is not unhandled.
      result.catch(() => {});
      const own = weigh(item);
      pending.push({ result, weight: own });
      load += own;
      changed.open();
      while (!closed && !signal.aborted && (pending.length >= items || load >= weight)) {
        await room.wait();
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

/** What was looked at and not taken. */
export interface Peeked<T> {
  head: T[];
  /** Whether nothing comes after the head. */
  isWhole: boolean;
  /** The head again, and all that follows. */
  all: AsyncGenerator<T>;
  /** For whoever does not read `all` to its end. */
  close: () => Promise<void>;
}

/** So long after the first item the head is what has come. */
const PATIENCE_MS = 1000;

interface Looking<T> {
  /** Of the head, at most. */
  count: number;
  /** Whether the end, or `count`, is waited for however slow they come. */
  isPatient: boolean;
  /** An item that tells nothing is not waited with: the first that does begins the wait. */
  tells: (item: T) => boolean;
}

/**
 * Looks at the first items without taking them: up to `count` of them, or those that come within a
 * second, so that the first row of a slow pipe need not wait for the last.
 */
export async function peek<T>(
  source: AsyncGenerator<T>,
  { count, isPatient, tells }: Looking<T>,
): Promise<Peeked<T>> {
  const head: T[] = [];
  let timer: NodeJS.Timeout | undefined;
  let patience: Promise<null> | null = null;
  let isWhole = false;
  let next = source.next();
  while (head.length < count) {
    // A fault is for whoever reads on, in its turn: the rows before it come first.
    const result = await Promise.race(patience ? [next, patience] : [next]).catch(() => null);
    isWhole = result?.done === true;
    if (result === null || result.done) break;
    head.push(result.value);
    next = source.next();
    if (patience === null && !isPatient && tells(result.value)) {
      patience = new Promise((resolve) => {
        timer = setTimeout(() => resolve(null), PATIENCE_MS);
      });
    }
  }
  clearTimeout(timer);
  next.catch(() => {});
  return { head, isWhole, all: replay(), close };

  async function* replay(): AsyncGenerator<T> {
    try {
      yield* head;
      for (let result = await next; !result.done; result = await source.next()) yield result.value;
    } finally {
      // Not waited for: behind a slow pipe it would queue up after the item that is to come.
      void close().catch(() => {});
    }
  }

  async function close(): Promise<void> {
    await source.return(undefined);
  }
}

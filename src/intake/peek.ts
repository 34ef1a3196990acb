/** So long is a next item waited for before what has come is taken as the head. */
const PATIENCE_MS = 100;

/**
 * Looks at the first items without taking them: up to `count` of them, or those that come without a
 * pause, so that the first row of a slow pipe need not wait for the second.
 */
export async function peek<T>(
  source: AsyncGenerator<T>,
  count: number,
): Promise<{ head: T[]; all: AsyncGenerator<T> }> {
  const head: T[] = [];
  let next = source.next();
  while (head.length < count) {
    // A fault is for whoever reads on, in its turn: the rows before it come first.
    const result = await (head.length === 0 ? next : withPatience(next)).catch(() => null);
    if (result === null || result.done) break;
    head.push(result.value);
    next = source.next();
  }
  next.catch(() => {});
  return { head, all: replay() };

  async function* replay(): AsyncGenerator<T> {
    try {
      yield* head;
      for (let result = await next; !result.done; result = await source.next()) yield result.value;
    } finally {
      // Not waited for: behind a slow pipe it would queue up after the item that is to come.
      void source.return(undefined).catch(() => {});
    }
  }
}

async function withPatience<T>(promise: Promise<T>): Promise<T | null> {
  let timer: NodeJS.Timeout | undefined;
  const patience = new Promise<null>((resolve) => {
    timer = setTimeout(() => resolve(null), PATIENCE_MS);
  });
  try {
    return await Promise.race([promise, patience]);
  } finally {
    clearTimeout(timer);
  }
}

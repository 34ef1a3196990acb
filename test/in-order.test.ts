import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { inOrder, type ReadAhead } from '../src/in-order.ts';

const ROOMY: ReadAhead<number> = { items: 100, undone: 100, weight: 1000, weigh: () => 1 };
const never = new AbortController().signal;

async function* numbers(count: number): AsyncGenerator<number> {
  for (let number = 0; number < count; number++) yield number;
}

async function gather<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

const same = async (item: number) => item;

const turns = (count: number) =>
  Array.from({ length: count }).reduce<Promise<void>>(
    (before) => before.then(() => new Promise((resolve) => setImmediate(resolve))),
    Promise.resolve(),
  );

test('keeps the order and loses nothing, whatever takes how long', async () => {
  const delays = fc.array(fc.nat(5), { maxLength: 60 });
  await fc.assert(
    fc.asyncProperty(delays, fc.integer({ min: 1, max: 20 }), async (waits, items) => {
      const work = (item: number) => turns(waits[item] ?? 0).then(() => item);
      const out = inOrder(numbers(waits.length), work, { ...ROOMY, items }, never);
      expect(await gather(out)).toEqual(waits.map((_, at) => at));
    }),
    { numRuns: 50 },
  );
});

test('one slow item holds up nobody within the read-ahead', async () => {
  const started: number[] = [];
  let release = () => {};
  const slow = new Promise<void>((resolve) => (release = resolve));
  const work = async (item: number) => {
    started.push(item);
    if (item === 0) await slow;
    return item;
  };
  const out = gather(inOrder(numbers(30), work, ROOMY, never));
  await turns(10);
  expect(started).toHaveLength(30);
  release();
  expect(await out).toHaveLength(30);
});

test('reads no further while the next result is there to be taken', async () => {
  let started = 0;
  const work = async (item: number) => {
    started++;
    return item;
  };
  for await (const item of inOrder(numbers(100), work, ROOMY, never)) {
    await turns(3);
    expect(started).toBeLessThan(item + 5);
  }
  expect(started).toBe(100);
});

test('while much is read, others have their turn', async () => {
  let release = () => {};
  const slow = new Promise<void>((resolve) => (release = resolve));
  let started = 0;
  const work = async (item: number) => {
    started++;
    const start = performance.now();
    while (performance.now() - start < 1);
    await slow;
    return item;
  };
  const out = gather(inOrder(numbers(50), work, ROOMY, never));
  await turns(3);
  expect(started).toBeLessThan(50);
  release();
  expect(await out).toHaveLength(50);
});

test.each([
  ['so many items', { ...ROOMY, items: 7 }],
  ['so many undone', { ...ROOMY, undone: 7 }],
  ['so much weight', { ...ROOMY, weight: 70, weigh: () => 10 }],
])('reads no further ahead than %s', async (_, readAhead) => {
  let started = 0;
  const work = () => {
    started++;
    return new Promise<number>(() => {});
  };
  void inOrder(numbers(100), work, readAhead, never).next();
  await turns(10);
  expect(started).toBeLessThanOrEqual(8);
});

test('behind a slow item reading goes on, with never more than so many undone', async () => {
  let release = () => {};
  const slow = new Promise<void>((resolve) => (release = resolve));
  let [started, underWay, most] = [0, 0, 0];
  const work = async (item: number) => {
    started++;
    most = Math.max(most, ++underWay);
    await (item === 0 ? slow : turns(1));
    underWay--;
    return item;
  };
  const out = gather(inOrder(numbers(60), work, { ...ROOMY, undone: 5 }, never));
  await turns(200);
  expect({ started, most }).toEqual({ started: 60, most: 5 });
  release();
  expect(await out).toHaveLength(60);
});

test('an item heavier than all the read-ahead still passes', async () => {
  const readAhead = { ...ROOMY, weight: 1, weigh: () => 100 };
  expect(await gather(inOrder(numbers(3), async (item) => item, readAhead, never))).toEqual([
    0, 1, 2,
  ]);
});

test('after an item that fails nothing more is read, but what was begun comes out', async () => {
  const seen: number[] = [];
  let read = 0;
  async function* counted(): AsyncGenerator<number> {
    for await (const number of numbers(100)) {
      read++;
      yield number;
    }
  }
  const work = async (item: number) => {
    if (item === 3) throw new Error('fourth');
    await turns(item === 1 ? 5 : 0);
    return item;
  };
  const reading = (async () => {
    for await (const item of inOrder(counted(), work, { ...ROOMY, items: 6 }, never))
      seen.push(item);
  })();
  await expect(reading).rejects.toThrow('fourth');
  expect(seen.slice(0, 5)).toEqual([0, 1, 2, 4, 5]);
  expect(seen).toHaveLength(read - 1);
  expect(read).toBeLessThan(15);
});

test('yields all that was read before the source fails', async () => {
  async function* broken(): AsyncGenerator<number> {
    yield* numbers(2);
    throw new Error('line 3');
  }
  const seen: number[] = [];
  const reading = (async () => {
    for await (const item of inOrder(broken(), same, ROOMY, never)) seen.push(item);
  })();
  await expect(reading).rejects.toThrow('line 3');
  expect(seen).toEqual([0, 1]);
});

test('an abort ends the wait for a source that has nothing to give', async () => {
  async function* silent(): AsyncGenerator<number> {
    yield 0;
    await new Promise(() => {});
  }
  const controller = new AbortController();
  const out = inOrder(silent(), async (item) => item, ROOMY, controller.signal);
  expect((await out.next()).value).toBe(0);
  const next = out.next();
  controller.abort(new Error('stopped'));
  await expect(next).rejects.toThrow('stopped');
});

test('an abort in the middle of the input is never taken for its end', async () => {
  const controller = new AbortController();
  const work = async (item: number) => {
    if (item === 5) controller.abort(new Error('stopped'));
    return item;
  };
  const out = inOrder(numbers(100), work, { ...ROOMY, items: 3 }, controller.signal);
  await expect(gather(out)).rejects.toThrow('stopped');
});

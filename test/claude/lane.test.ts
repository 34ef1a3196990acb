import { expect, test } from 'vitest';
import { openLane } from '../../src/claude/lane.ts';

type Outcome = { kind: string };

function deferred() {
  let resolve: (outcome: Outcome) => void = () => {};
  let reject: (error: Error) => void = () => {};
  const promise = new Promise<Outcome>((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  return { promise, resolve, reject };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

function started() {
  const works = Array.from({ length: 4 }, deferred);
  const order: number[] = [];
  const lane = openLane();
  const results = works.map((work, at) =>
    lane(() => {
      order.push(at);
      return work.promise;
    }),
  );
  for (const result of results) result.catch(() => {});
  return { works, order };
}

test('lets one through until the first answer, then all', async () => {
  const { works, order } = started();
  await turn();
  expect(order).toEqual([0]);
  works[0]?.resolve({ kind: 'valid' });
  await turn();
  expect(order).toEqual([0, 1, 2, 3]);
});

test('an invalid answer has written the cache as well', async () => {
  const { works, order } = started();
  works[0]?.resolve({ kind: 'invalid' });
  await turn();
  expect(order).toEqual([0, 1, 2, 3]);
});

test('where the first fails, the next goes alone', async () => {
  const { works, order } = started();
  works[0]?.resolve({ kind: 'none' });
  await turn();
  expect(order).toEqual([0, 1]);
  works[1]?.reject(new Error('stopped'));
  await turn();
  expect(order).toEqual([0, 1, 2]);
});

import type { Obstacles } from '../../src/simulator/obstacles.ts';

/** One obstacle of several, each around those after it; their headers are added up. */
export function stack(obstacles: readonly Obstacles[]): Obstacles {
  const watches = obstacles.map(({ watch }) => watch);
  return {
    request: (call, answer) =>
      nest(
        obstacles.map(({ request }) => request),
        call,
        answer,
      ),
    message: (asked, answer) =>
      nest(
        obstacles.map(({ message }) => message),
        asked,
        answer,
      ),
    headers: (model) => Object.assign({}, ...obstacles.map(({ headers }) => headers?.(model))),
    watch: {
      arrived: (response) => watches.forEach((watch) => watch?.arrived?.(response)),
      answered: (status, model) => watches.forEach((watch) => watch?.answered?.(status, model)),
      billed: (model, tokens, as) => watches.forEach((watch) => watch?.billed?.(model, tokens, as)),
      settled: (ending) => watches.forEach((watch) => watch?.settled?.(ending)),
    },
  };
}

type Around<T, R> = (what: T, answer: () => R) => R;

function nest<T, R>(hooks: readonly (Around<T, R> | undefined)[], what: T, answer: () => R): R {
  let next = answer;
  for (const hook of hooks.toReversed()) {
    const inner = next;
    if (hook !== undefined) next = () => hook(what, inner);
  }
  return next();
}

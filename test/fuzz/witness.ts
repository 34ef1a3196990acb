import type { Obstacles } from '../../src/simulator/obstacles.ts';
import { WHOLE, type Reply } from '../../src/simulator/reply.ts';

export interface Witness {
  /** Those given, between two that see what gets past them. */
  around: (obstacles: readonly Obstacles[]) => Obstacles[];
  /** What was asked again though it had been answered well, live and in good order. */
  again: string[];
}

export function witness(): Witness {
  const answered = new Set<string>();
  const again: string[] = [];
  let written: unknown = null;
  const came = new Map<string, string>();

  const inner: Obstacles = {
    message(_asked, answer) {
      const found = answer();
      written = found?.message;
      return found;
    },
  };

  const outer: Obstacles = {
    message({ model, ticket, inBatch }, answer) {
      const key = `${model} ${ticket}`;
      if (answered.has(key)) again.push(key);
      written = null;
      const found = answer();
      const isGood = found?.reply === undefined && found?.message === written;
      if (isGood && !inBatch) came.set(key, JSON.stringify(written));
      return found;
    },
    request(_call, answer) {
      came.clear();
      const reply = answer();
      for (const [key, body] of came) if (isPlain(reply, body)) answered.add(key);
      return reply;
    },
  };

  return { around: (obstacles) => [outer, ...obstacles, inner], again };
}

function isPlain({ status, headers, body, delivery }: Reply, good: string): boolean {
  const isJson = Object.entries(headers).join() === 'content-type,application/json';
  return status === 200 && isJson && body === good && delivery === WHOLE;
}

import type { Writable } from 'node:stream';

/** Resolves when all that was given to a stream is written: with null, or with what kept it from it. */
export function flushed(stream: Writable): Promise<Error | null> {
  const isOver = stream.destroyed || stream.writableEnded || stream.writableLength === 0;
  if (isOver) return Promise.resolve(stream.errored);
  return new Promise((resolve) => stream.write('', (error) => resolve(error ?? null)));
}

import type { Readable, Writable } from 'node:stream';
import type { Clock } from '../ground/clock.ts';
import type { Environment } from '../ground/environment.ts';

/** What a command has of the world; `main.ts` makes it, and tests make their own. */
export interface Context {
  version: string;
  stdin: Readable & { isTTY?: boolean };
  stdout: Writable & { isTTY?: boolean };
  stderr: Writable & { isTTY?: boolean; columns?: number };
  environment: Environment;
  clock: Clock;
  /** Aborted by a signal or by what ends the run: nothing new goes out. */
  stop: AbortController;
  /** Aborted when even what is in the air must not be waited for. */
  leave: AbortController;
}

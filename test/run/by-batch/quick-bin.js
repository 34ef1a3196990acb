// The built program as bin/ has it, but that its time goes by faster: argv is base time and factor,
// then its own arguments.
import { setTimeout as delay } from 'node:timers/promises';
import { main } from '../../../dist/main.js';

const [base, factor] = process.argv.splice(2, 2).map(Number);

const clock = {
  now: () => base + (Date.now() - base) * factor,
  random: Math.random,
  async sleep(milliseconds, signal) {
    signal.throwIfAborted();
    try {
      await delay(milliseconds / factor, undefined, { signal });
    } catch (error) {
      signal.throwIfAborted();
      throw error;
    }
  },
};

process.exit(await main(process, clock));

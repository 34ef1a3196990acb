import { defineConfig } from 'vitest/config';
import { closingLine } from './test/closing-line.ts';

/** Ends a hang, and nothing else: a machine may be as busy as it likes. */
const HANG_MS = 300_000;

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: HANG_MS,
    hookTimeout: HANG_MS,
    teardownTimeout: HANG_MS,
    expect: { poll: { timeout: HANG_MS / 2, interval: 5 } },
    // Half of all time went into starting a process for each file and loading the program anew.
    isolate: false,
    // Left to itself vitest leaves a core idle, which of two is half.
    maxWorkers: '100%',
    reporters: ['default', closingLine()],
  },
});

import { defineConfig } from 'vitest/config';
import { closingLine } from './test/closing-line.ts';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // A shared machine may be slow; a test that hangs still ends.
    testTimeout: 30_000,
    // Left to itself vitest leaves a core idle, which of two is half.
    maxWorkers: '100%',
    reporters: ['default', closingLine()],
  },
});

import type { Reporter, TestModule } from 'vitest/node';

/** Ends a run with `N passed, N failed` alone on a line, for programs that read it. */
export function closingLine(): Reporter {
  return {
    onTestRunEnd(modules: readonly TestModule[], errors) {
      let passed = 0;
      let failed = errors.length;
      for (const module of modules) {
        failed += module.errors().length;
        for (const test of module.children.allTests()) {
          const { state } = test.result();
          if (state === 'passed') passed++;
          if (state === 'failed') failed++;
        }
      }
      process.on('exit', () => console.log(`${passed} passed, ${failed} failed`));
    },
  };
}

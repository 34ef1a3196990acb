import { expect, test } from 'vitest';
import { createPace } from '../../src/output/pace.ts';

test('knows no rate in the first second', () => {
  const pace = createPace(0);
  pace.add(500, { tickets: 100, bytes: 1_000 });
  expect(pace.rate()).toBeNull();
});

test('gives what a second brings', () => {
  const pace = createPace(1_000);
  pace.add(3_000, { tickets: 20, bytes: 500 });
  expect(pace.rate()).toEqual({ tickets: 10, bytes: 250 });
});

test('forgets a quick start', () => {
  const pace = createPace(0);
  pace.add(1_000, { tickets: 50_000, bytes: 0 });
  for (let second = 2; second <= 60; second += 1) {
    pace.add(second * 1_000, { tickets: 50_000 + second * 8, bytes: 0 });
  }
  expect(pace.rate()?.tickets).toBeCloseTo(8);
});

test('works with one sample a minute', () => {
  const pace = createPace(0);
  pace.add(60_000, { tickets: 6_000, bytes: 0 });
  pace.add(120_000, { tickets: 6_600, bytes: 0 });
  expect(pace.rate()?.tickets).toBe(10);
});

import { z } from 'zod';
import { failures } from '../ground/errors.ts';

/** In thousandths, since 0.7 + 0.05 is 0.75 and 0.75 + 0.05 is not 0.8. */
const STEP = 50;
const RANGE = /^([\d.]+)\.\.([\d.]+)$/;

export interface WithoutRange {
  /** The thresholds of the range, its end included; null if none was given. */
  steps: number[] | null;
  /** The other flags, and thresholds that are no range. */
  given: Record<string, unknown>;
}

/** Takes a `--threshold 0.70..0.90` out. @throws Failure for a range that is none. */
export function takeThresholdRange(given: Record<string, unknown>): WithoutRange {
  const values = z.array(z.string()).catch([]).parse(given['threshold']);
  const ranges = values.filter((value) => RANGE.test(value));
  const [range] = ranges;
  if (range === undefined) return { steps: null, given };
  if (ranges.length > 1) throw failures.usage('--threshold: there can be only one range.');
  const rest = values.filter((value) => value !== range);
  return { steps: stepsOf(range), given: { ...given, threshold: rest } };
}

function stepsOf(text: string): number[] {
  const [, from = '', to = ''] = RANGE.exec(text) ?? [];
  const [first, last] = [from, to].map((end) => Math.round(Number(end) * 1_000));
  if (first === undefined || last === undefined || !(first < last && last <= 1_000)) {
    throw failures.usage(`--threshold ${text}: must be a range within 0 and 1, such as 0.70..0.90`);
  }
  const steps: number[] = [];
  for (let step = first; step < last; step += STEP) steps.push(step / 1_000);
  return [...steps, last / 1_000];
}

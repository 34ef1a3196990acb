// What comes of one model's calls, in order → the failure of the run, where it is not the tickets'.
import type { Clock } from '../ground/clock.ts';
import { failures, type Failure } from '../ground/errors.ts';
import type { Reading } from './read-answer.ts';
import type { Problem } from './retry.ts';

/** So many refusals for one reason, or paid answers of no use, in a row: something is wrong with all. */
const EQUAL_REFUSALS = 20;
const INVALID_ANSWERS = 20;
/** So many words in a row that are not the API's: who says them is not the API, unless it ever was. */
const FOREIGN_REFUSALS = 3;
const FOREIGN_BETWEEN = 20;

/** Failures that lie further apart say nothing of the time between them. */
const GAP_MS = 120_000;

export interface Health {
  answered: (reading: Reading) => Failure | null;
  /** @param sentAt milliseconds since 1970 */
  failed: (problem: Problem, sentAt: number) => Failure | null;
}

export interface HealthOptions {
  /** As people are to see it. */
  host: string;
  maxWait: { seconds: number; text: string };
  clock: Clock;
}

export function watchHealth(model: string, { host, maxWait, clock }: HealthOptions): Health {
  let refusal = { why: '', times: 0 };
  let foreign = 0;
  let mostForeign = FOREIGN_REFUSALS;
  let useless: string[] = [];
  let failing: { since: number; until: number } | null = null;

  function answered(reading: Reading): Failure | null {
    refusal = { why: '', times: 0 };
    foreign = 0;
    mostForeign = FOREIGN_BETWEEN;
    failing = null;
    if (reading.kind === 'invalid') return uselessAgain(reading.why);
    useless = [];
    return null;
  }

  function uselessAgain(why: string): Failure | null {
    useless.push(why);
    if (useless.length < INVALID_ANSWERS) return null;
    return failures.uselessAgain(model, host, useless.length, mostFrequent(useless));
  }

  function failed(problem: Problem, sentAt: number): Failure | null {
    const { why, retryAfter } = problem;
    const failure =
      (problem.isPaid ? uselessAgain(why) : null) ??
      (problem.isForeign ? foreignAgain(why) : null) ??
      (problem.tells === 'refused' ? refusedAgain(why) : null);
    if (failure) return failure;
    if (retryAfter !== null && retryAfter > maxWait.seconds) {
      return failures.waitTooLong(retryAfter, maxWait.text);
    }
    return silence(why, sentAt, retryAfter);
  }

  function refusedAgain(why: string): Failure | null {
    refusal = { why, times: refusal.why === why ? refusal.times + 1 : 1 };
    return refusal.times < EQUAL_REFUSALS ? null : failures.refusedAgain(refusal.times, why);
  }

  function foreignAgain(why: string): Failure | null {
    foreign++;
    return foreign < mostForeign ? null : failures.notTheApi(host, why);
  }

  /** Since the first failure, not since the last success: a slow pipe may be silent for hours. */
  function silence(why: string, sentAt: number, retryAfter: number | null): Failure | null {
    const now = clock.now();
    const goesOn = failing !== null && sentAt - failing.until <= GAP_MS;
    failing = {
      since: failing && goesOn ? failing.since : now,
      until: now + (retryAfter ?? 0) * 1_000,
    };
    const seconds = (now - failing.since) / 1_000;
    return seconds > maxWait.seconds ? failures.noSuccess(maxWait.text, why, host) : null;
  }

  return { answered, failed };
}

function mostFrequent(texts: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1);
  const most = Math.max(...counts.values());
  return [...counts].find(([, count]) => count === most)?.[0] ?? '';
}

// What a server tells of its limits, or how it refuses → how fast calls may go out.
import type { Usage } from '../ticket.ts';
import type { LimitKind, RateLimit } from './rate-limits.ts';

export interface Pace {
  /** Milliseconds since 1970 from when on the next call may go. */
  nextAt: () => number;
  started: (at: number) => void;
  answered: (at: number, usage: Usage, limits: readonly RateLimit[]) => void;
  /** Refused for the rate. @param isNew whether it tells more than the refusal before it */
  limited: (at: number, isNew: boolean, limits: readonly RateLimit[]) => void;
  /** The limit that sets the pace; null where none is known of. */
  limit: () => LimitKind | 'unknown' | null;
}

/**
 * Where the headers say what remains of a limit, the pace is the limit's own, a little more while much
 * remains and a little less while little does: a bucket that holds a second's worth is steered as
 * well as one that holds a minute's.
 */
const REMAINING = 0.4;
const STEERING = 0.5;
/** With so few calls a second a single one takes so much that little remains at the best of times. */
const FEW = 2;
const REMAINING_OF_FEW = 0.25;

/** A server that says nothing: after a refusal its rate is that of the last three seconds' answers. */
const WINDOW_MS = 3_000;
/** With each answer it is raised by 0.2 %; once it is well over what was refused, the limit has risen, and by 2 %. */
const GAIN = 1.002;
const BEYOND = 1.1;
const GAIN_BEYOND = 1.02;

/** Of the means of tokens. */
const WEIGHT = 0.05;

/** A pace that was not kept may be made up for by so much. */
const CATCH_UP_MS = 50;

export function createPace(): Pace {
  /** Calls a second. */
  let rate = Number.POSITIVE_INFINITY;
  /** As it was after the last refusal. */
  let known = Number.POSITIVE_INFINITY;
  let limit: LimitKind | 'unknown' | null = null;
  /** When the last call was due. */
  let due = 0;
  let first: number | null = null;
  let answers: number[] = [];
  const mean = { input: 0, output: 0 };

  function nextAt(): number {
    return due + 1_000 / rate;
  }

  function started(at: number): void {
    first ??= at;
    due = Math.max(nextAt(), at - CATCH_UP_MS);
  }

  function answered(at: number, usage: Usage, limits: readonly RateLimit[]): void {
    answers.push(at);
    if (answers.length > 2 && at - (answers[0] ?? at) > 2 * WINDOW_MS) forget(at);
    mean.input += (usage.input - mean.input) * (mean.input === 0 ? 1 : WEIGHT);
    mean.output += (usage.output - mean.output) * (mean.output === 0 ? 1 : WEIGHT);
    if (limits.length > 0) follow(limits);
    else rate *= rate > known * BEYOND ? GAIN_BEYOND : GAIN;
  }

  function limited(at: number, isNew: boolean, limits: readonly RateLimit[]): void {
    if (limits.length > 0) {
      follow(limits);
    } else if (isNew) {
      forget(at);
      const seconds = Math.min(WINDOW_MS, Math.max(1_000, at - (first ?? at))) / 1_000;
      // While a lane opens, its first calls are too few to tell of the rate.
      const lately = answers.filter((answer) => at - answer <= 1_000).length;
      rate = Math.max(1, lately, answers.length / seconds);
      known = rate;
      limit = 'unknown';
    }
  }

  function forget(at: number): void {
    answers = answers.filter((answer) => at - answer <= WINDOW_MS);
  }

  function follow(limits: readonly RateLimit[]): void {
    const rates = limits.map(({ kind, perMinute, remaining }) => {
      const calls = perMinute / 60 / costOf(kind);
      const wanted = calls < FEW ? REMAINING_OF_FEW : REMAINING;
      return { kind, calls: calls * (1 + STEERING * (remaining - wanted)) };
    });
    const slowest = rates.reduce((one, other) => (other.calls < one.calls ? other : one));
    rate = slowest.calls;
    limit = slowest.kind;
  }

  /** What one call takes of a limit. */
  function costOf(kind: LimitKind): number {
    if (kind === 'requests') return 1;
    return Math.max(1, kind === 'input-tokens' ? mean.input : mean.output);
  }

  return { nextAt, started, answered, limited, limit: () => limit };
}

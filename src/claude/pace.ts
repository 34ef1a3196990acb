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
  /** The last refusals were not for the rate. */
  pardon: () => void;
  /** The limit that sets the pace; null where none is known of. */
  limit: () => LimitKind | 'unknown' | null;
}

/**
 * Where the headers tell a limit, the pace is the limit's own, which keeps level whatever a server calls
 * remaining. It is a little more while much remains, beside the most that was ever seen to: a bucket
 * that holds a second's worth is never near the minute's limit. It is a little less while little does,
 * but only for a while after a refusal.
 */
const REMAINING = 0.4;
const STEERING = 0.5;
const CAUTION_MS = 10_000;
/** Others may use the same limit: each new refusal takes so much off, and time brings it back. */
const TAKEN = 0.95;
const REGAINED_MS = 20_000;
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
  let lastLimited = Number.NEGATIVE_INFINITY;
  /** Of a told limit, as far as refusals leave it: 1 without any. */
  let trust = 1;
  const full = new Map<LimitKind, { perMinute: number; remaining: number }>();
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
    const told = possible(limits);
    if (told.length > 0) follow(at, told);
    else rate *= rate > known * BEYOND ? GAIN_BEYOND : GAIN;
  }

  function limited(at: number, isNew: boolean, limits: readonly RateLimit[]): void {
    const told = possible(limits);
    if (told.length > 0) {
      if (isNew) trust = trusted(at) * TAKEN;
      lastLimited = at;
      follow(at, told);
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

  function pardon(): void {
    lastLimited = Number.NEGATIVE_INFINITY;
    trust = 1;
    if (limit !== 'unknown') return;
    rate = Number.POSITIVE_INFINITY;
    known = rate;
    limit = null;
  }

  function forget(at: number): void {
    answers = answers.filter((answer) => at - answer <= WINDOW_MS);
  }

  /** One that a single call is more than a minute's worth of is none: the server has let such calls pass. */
  function possible(limits: readonly RateLimit[]): readonly RateLimit[] {
    return limits.filter(({ kind, perMinute }) => perMinute >= costOf(kind));
  }

  function follow(at: number, limits: readonly RateLimit[]): void {
    const rates = limits.map(({ kind, perMinute, remaining }) => {
      const calls = perMinute / 60 / costOf(kind);
      const wanted = calls < FEW ? REMAINING_OF_FEW : REMAINING;
      const beyond = remaining / fullOf(kind, perMinute, remaining) - wanted;
      const isCareful = at - lastLimited < CAUTION_MS;
      const steering = isCareful ? beyond : Math.max(0, beyond);
      return { kind, calls: calls * trusted(at) * (1 + STEERING * steering) };
    });
    const slowest = rates.reduce((one, other) => (other.calls < one.calls ? other : one));
    rate = slowest.calls;
    limit = slowest.kind;
  }

  /** The most that was seen to remain of a limit. */
  function fullOf(kind: LimitKind, perMinute: number, remaining: number): number {
    const before = full.get(kind);
    const most =
      before?.perMinute === perMinute ? Math.max(before.remaining, remaining) : remaining;
    full.set(kind, { perMinute, remaining: most });
    return most || 1;
  }

  function trusted(at: number): number {
    return Math.min(1, trust + Math.max(0, at - lastLimited) / REGAINED_MS);
  }

  /** What one call takes of a limit. */
  function costOf(kind: LimitKind): number {
    if (kind === 'requests') return 1;
    return Math.max(1, kind === 'input-tokens' ? mean.input : mean.output);
  }

  return { nextAt, started, answered, limited, pardon, limit: () => limit };
}

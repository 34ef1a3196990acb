// Calls to one model: how many at once, how fast, and when none. An account's limits are per model.
import type { Clock } from '../ground/clock.ts';
import type { Usage } from '../ticket.ts';
import { createPace } from './pace.ts';
import type { RateLimit } from './rate-limits.ts';
import { openTurns } from './turns.ts';
import { openWindow } from './window.ts';

/** What came of a call, as far as a lane must know. */
export type Outcome =
  /** `slow` where it took a good part of the time that a call has. */
  | { kind: 'answered'; usage: Usage; limits: readonly RateLimit[]; slow: boolean }
  /** 429. */
  | { kind: 'limited'; retryAfter: number | null; limits: readonly RateLimit[] }
  /**
   * The server could not, or there was none; `overload` if it said that it had too much to do, `late` if
   * it said nothing in time.
   */
  | { kind: 'failed'; overload: boolean; late: boolean; retryAfter: number | null }
  /** Refused for its own sake: it says nothing of the server. */
  | { kind: 'refused' };

export interface Pass {
  /** Gives the way free; only the first word counts. @returns whether a failure was the ticket's own, and not that of all calls */
  leave: (outcome: Outcome) => boolean;
}

/** What calls had to wait for. */
export type Bound =
  | 'concurrency'
  | 'requests'
  | 'input-tokens'
  | 'output-tokens'
  | 'unknown limit'
  | 'overload'
  | 'growth';

export interface Lane {
  /**
   * Resolves when a call may go; of those who wait, the lowest place first, but for one that was refused
   * for the rate: it lets others go before it.
   * @throws what `stop` is aborted with
   */
  enter: (place: number) => Promise<Pass>;
  /** Milliseconds in which somebody waited, by what for. */
  waited: () => ReadonlyMap<Bound, number>;
}

/** For people. */
export const BOUNDS: ReadonlyMap<Bound, string> = new Map([
  ['concurrency', '--concurrency'],
  ['requests', 'requests a minute'],
  ['input-tokens', 'input tokens a minute'],
  ['output-tokens', 'output tokens a minute'],
  ['unknown limit', "the server's rate"],
  ['overload', "the server's overload"],
  ['growth', 'its start'],
]);

export interface LaneOptions {
  /** Calls in the air at once, at most. */
  most: number;
  clock: Clock;
  stop: AbortSignal;
  /** Told of each pause of all calls, and of the first long wait between them: what for, and its seconds. */
  paused: (by: Bound, seconds: number) => void;
}

interface Waiting {
  place: number;
  pass: (pass: Pass) => void;
  refuse: (reason: unknown) => void;
}

/** A cache entry lives five minutes; after nearly as long without an answer, one call goes first. */
const CACHE_MS = 4.5 * 60_000;

/**
 * So many failures without an answer between them may be the tickets' own; more are the server's. An
 * overload says so itself; other failures can be those of a few bad tickets that are left at the end.
 */
const OVERLOADS = 3;
const FAILURES = 40;

/** Worth telling of. */
const LONG_MS = 10_000;

/** Without a `retry-after`: as for a ticket's own retries, doubled up to eight seconds. */
const PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 8_000;

export function openLane({ most, clock, stop, paused }: LaneOptions): Lane {
  const window = openWindow(most);
  const pace = createPace();
  const turns = openTurns();
  const waiting: Waiting[] = [];
  const waited = new Map<Bound, number>();
  let inAir = 0;
  let pausedUntil = 0;
  let pausedFor: Bound = 'unknown limit';
  let pauses = 0;
  let failures = 0;
  let lastAnswer = 0;
  let lastLimited = 0;
  let lastLate = 0;
  let isLongTold = false;
  let bound: { by: Bound; since: number } | null = null;
  let timer: { at: number } | null = null;
  stop.addEventListener('abort', () => {
    for (const { refuse } of waiting.splice(0)) refuse(stop.reason);
  });

  function enter(place: number): Promise<Pass> {
    return new Promise((pass, refuse) => {
      if (stop.aborted) {
        refuse(stop.reason);
        return;
      }
      let at = waiting.length;
      while (at > 0 && (waiting[at - 1]?.place ?? 0) > place) at--;
      waiting.splice(at, 0, { place, pass, refuse });
      serve();
    });
  }

  function serve(): void {
    const now = clock.now();
    if (inAir === 0 && lastAnswer > 0 && now - lastAnswer > CACHE_MS) window.restart();
    while (waiting.length > 0 && boundAt(now) === null) {
      pace.started(now);
      inAir++;
      const [next] = waiting.splice(turns.next(waiting), 1);
      next?.pass(passOf(next.place, now));
    }
    note(waiting.length > 0 ? boundAt(now) : null, now);
    if (waiting.length > 0 && inAir < window.size()) wakeAt(Math.max(pausedUntil, pace.nextAt()));
    const wait = pace.nextAt() - now;
    if (bound && wait > LONG_MS && now >= pausedUntil && !isLongTold) {
      isLongTold = true;
      paused(bound.by, wait / 1_000);
    }
  }

  function boundAt(now: number): Bound | null {
    if (now < pausedUntil) return pausedFor;
    if (inAir >= window.size()) return window.size() >= most ? 'concurrency' : 'growth';
    if (now >= pace.nextAt()) return null;
    const limit = pace.limit();
    return limit === null || limit === 'unknown' ? 'unknown limit' : limit;
  }

  function note(by: Bound | null, now: number): void {
    if (bound) waited.set(bound.by, (waited.get(bound.by) ?? 0) + now - bound.since);
    bound = by && { by, since: now };
  }

  function wakeAt(at: number): void {
    if (timer && timer.at <= at) return;
    const own = { at };
    timer = own;
    clock.sleep(Math.max(1, at - clock.now()), stop).then(
      () => {
        if (timer === own) timer = null;
        serve();
      },
      () => {},
    );
  }

  function passOf(place: number, sentAt: number): Pass {
    let isOwn: boolean | null = null;
    return {
      leave(outcome) {
        if (isOwn !== null) return isOwn;
        inAir--;
        isOwn = settle(outcome, place, sentAt, clock.now());
        serve();
        return isOwn;
      },
    };
  }

  function settle(outcome: Outcome, place: number, sentAt: number, now: number): boolean {
    switch (outcome.kind) {
      case 'answered':
        lastAnswer = now;
        pauses = 0;
        failures = 0;
        turns.answered(place);
        if (!outcome.slow) window.answered();
        pace.answered(now, outcome.usage, outcome.limits);
        return true;
      case 'limited': {
        const { forItself, first } = turns.refused(place);
        // What it was taken to tell of the rate was no news.
        if (forItself && first) pace.pardon();
        if (forItself) return true;
        // Calls that were in the air at the first refusal of a burst tell nothing new.
        const isNew = sentAt >= lastLimited;
        if (isNew) {
          lastLimited = now;
          window.limited();
          pauses++;
        }
        pace.limited(now, isNew, outcome.limits);
        pause(now, outcome.retryAfter, 'unknown limit');
        return false;
      }
      case 'failed': {
        // A burst of them counts once, as one of refusals does.
        if (!outcome.late) window.failed();
        else if (sentAt >= lastLate) window.limited();
        if (outcome.late && sentAt >= lastLate) lastLate = now;
        failures++;
        const isOwn = failures <= (outcome.overload ? OVERLOADS : FAILURES);
        if (!isOwn && window.size() === 1) {
          pauses++;
          pause(now, outcome.retryAfter, 'overload');
        }
        return isOwn;
      }
      case 'refused':
        return true;
    }
  }

  function pause(now: number, retryAfter: number | null, by: Bound): void {
    const own =
      Math.min(LONGEST_PAUSE_MS, PAUSE_MS * 2 ** (pauses - 1)) * (1 + 0.2 * clock.random());
    const until = now + (retryAfter === null ? own : retryAfter * 1_000);
    if (until <= pausedUntil) return;
    pausedUntil = until;
    pausedFor = by;
    paused(by, (until - now) / 1_000);
  }

  return { enter, waited: () => waited };
}

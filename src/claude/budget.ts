// The most a call can cost in, leave to send it out: neither this run nor a day spends more than its cap.
import { failures, type Failure } from '../ground/errors.ts';
import { lastDay, type Spent } from './last-day.ts';

/** Money set aside for one call. Only the first word on it counts. All costs are half nano-dollars. */
export interface Reservation {
  /** The call cost so much; the rest is free again. */
  settle: (cost: number) => void;
  /** Nobody will ever know what it cost: it stays booked at its most. */
  keep: () => void;
}

export interface Budget {
  /**
   * Sets `most` aside, as soon as there is room for it. Strictly by `place` among those who wait: else
   * cheap calls could keep a dear one waiting for ever.
   * @throws Failure once no call in the air can make room any more; what `stop` is aborted with
   */
  reserve: (place: number, most: number) => Promise<Reservation>;
  /** The same at once, whether or not there is room for it. */
  setAside: (most: number) => Reservation;
  /** Why there is no room for so much. */
  refusal: (most: number) => Failure;
  /** By this run, with the calls of unknown cost at their most. */
  spent: () => number;
  /** As much of it as is booked for calls of unknown cost. */
  unknown: () => number;
  /** What is neither spent nor set aside; null without a cap. */
  left: () => number | null;
}

export interface BudgetOptions {
  /** For this run, and for any 24 hours; null for no cap. */
  caps: { perRun: number | null; perDay: number | null };
  /** By earlier runs; what is older than 24 hours does not count. */
  spentBefore: readonly Spent[];
  /** Milliseconds since 1970. */
  now: () => number;
  /** Aborted: nobody waits any longer. */
  stop: AbortSignal;
}

interface Waiting {
  place: number;
  most: number;
  grant: (reservation: Reservation) => void;
  refuse: (reason: unknown) => void;
}

export function openBudget({ caps, spentBefore, now, stop }: BudgetOptions): Budget {
  const day = lastDay(spentBefore, now);
  const waiting: Waiting[] = [];
  const inAir = { calls: 0, most: 0 };
  let spent = 0;
  let unknown = 0;
  let exhausted: Failure | null = null;
  stop.addEventListener('abort', () => refuseAll(stop.reason), { once: true });

  function reserve(place: number, most: number): Promise<Reservation> {
    return new Promise((grant, refuse) => {
      const later = waiting.findIndex((other) => other.place > place);
      waiting.splice(later === -1 ? waiting.length : later, 0, { place, most, grant, refuse });
      if (stop.aborted) refuseAll(stop.reason);
      else serve();
    });
  }

  function serve(): void {
    for (let next = waiting[0]; next && !exhausted; next = waiting[0]) {
      if (next.most <= room()) {
        waiting.shift();
        next.grant(setAside(next.most));
      } else if (inAir.calls > 0) {
        return;
      } else {
        exhausted = failureOf(next.most);
      }
    }
    if (exhausted) refuseAll(exhausted);
  }

  function refuseAll(reason: unknown): void {
    for (const { refuse } of waiting.splice(0)) refuse(reason);
  }

  function setAside(most: number): Reservation {
    let open = true;
    inAir.calls += 1;
    inAir.most += most;

    function book(cost: number, unknownCost: number): void {
      if (!open) return;
      open = false;
      inAir.calls -= 1;
      inAir.most -= most;
      spent += cost;
      unknown += unknownCost;
      day.add(cost);
      serve();
    }
    return { settle: (cost) => book(cost, 0), keep: () => book(most, most) };
  }

  /** Infinite without a cap. */
  function room(): number {
    const { perRun, perDay } = caps;
    const ofRun = perRun === null ? Infinity : perRun - spent;
    const ofDay = perDay === null ? Infinity : perDay - day.sum();
    return Math.min(ofRun, ofDay) - inAir.most;
  }

  function failureOf(most: number): Failure {
    const { perRun, perDay } = caps;
    const missing = perDay === null ? 0 : day.sum() + most - perDay;
    // Where both caps are reached, another run would only meet the day's again.
    return perDay !== null && missing > 0
      ? failures.budgetSpent({
          perDay: true,
          cap: perDay,
          spent: day.sum(),
          unknown,
          most,
          goOnAt: day.freeAt(missing),
        })
      : failures.budgetSpent({
          perDay: false,
          cap: perRun ?? 0,
          spent,
          unknown,
          most,
          goOnAt: null,
        });
  }

  return {
    reserve,
    setAside,
    refusal: failureOf,
    spent: () => spent,
    unknown: () => unknown,
    left: () => (room() === Infinity ? null : Math.max(0, room())),
  };
}

// Which of those who wait goes next; and whether a refusal for the rate is only one ticket's.

/**
 * A ticket that was refused for the rate so often while hardly any other was is refused for itself: it
 * tells nothing of the rate any more. Before each try so many others are answered, if there are any.
 */
const PATIENCE = 2;
const HARDLY = 1 / 4;
const YIELDS = 3;

/** One that has not come through since. */
interface Refused {
  /** As far as they told of the rate. */
  times: number;
  forItself: boolean;
  /** Of all calls, when it was first refused. */
  answered: number;
  limited: number;
  /** So many must be answered before its next try. */
  turn: number;
}

/** Tickets are known by their place in the input. */
export interface Turns {
  /** Index of the lowest place that need not let others go first, else of the one that has let the most. */
  next: (waiting: readonly { place: number }[]) => number;
  answered: (place: number) => void;
  /** For the rate. `first` once, where it turns out to be for itself. */
  refused: (place: number) => { forItself: boolean; first: boolean };
}

export function openTurns(): Turns {
  const refusals = new Map<number, Refused>();
  const count = { answered: 0, limited: 0 };

  function next(waiting: readonly { place: number }[]): number {
    if (refusals.size === 0) return 0;
    const turns = waiting.map(({ place }) => refusals.get(place)?.turn ?? 0);
    const ready = turns.findIndex((turn) => turn <= count.answered);
    return ready === -1 ? turns.indexOf(Math.min(...turns)) : ready;
  }

  function answered(place: number): void {
    count.answered++;
    refusals.delete(place);
  }

  function refused(place: number): { forItself: boolean; first: boolean } {
    const own = refusals.get(place) ?? { ...count, times: 0, turn: 0, forItself: false };
    refusals.set(place, own);
    own.turn = count.answered + YIELDS;
    const answers = count.answered - own.answered;
    const limited = count.limited - own.limited - own.times;
    const first = !own.forItself;
    own.forItself = own.times >= PATIENCE && answers > 0 && limited <= answers * HARDLY;
    if (own.forItself) return { forItself: true, first };
    own.times++;
    count.limited++;
    return { forItself: false, first: false };
  }

  return { next, answered, refused };
}

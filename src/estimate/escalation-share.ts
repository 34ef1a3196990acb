// What was escalated so far in; what share of the tickets to come will be, as a range, out. Pure.

export interface Range {
  low: number;
  high: number;
}

/** A share of so few says nothing. */
const ENOUGH = 50;

/** Where nothing is known. */
const ASSUMED: Range = { low: 0.05, high: 0.3 };

/** Of a standard normal distribution, within 95 %. */
const Z = 1.96;

/** Tickets whose fast answer is known. */
export interface Counted {
  tickets: number;
  escalated: number;
}

export interface EscalationShare {
  /** What it is judged by: this input's tickets, the ledger's newest answers, or nothing. */
  from: 'input' | 'ledger' | 'assumed';
  tickets: number;
  /** Null where it is assumed. */
  share: number | null;
  range: Range;
}

/** @param coming how many tickets it is for */
export function escalationShare(input: Counted, ledger: Counted, coming: number): EscalationShare {
  const [from, counted] =
    input.tickets >= ENOUGH ? (['input', input] as const) : (['ledger', ledger] as const);
  const { tickets, escalated } = counted;
  if (tickets < ENOUGH) return { from: 'assumed', tickets, share: null, range: ASSUMED };
  const share = escalated / tickets;
  // What is coming is a draw itself: the fewer they are, the further they may be from the share.
  const size = coming === 0 ? tickets : 1 / (1 / tickets + 1 / coming);
  return { from, tickets, share, range: wilson(share, size) };
}

/** The score interval; https://en.wikipedia.org/wiki/Binomial_proportion_confidence_interval */
function wilson(share: number, size: number): Range {
  const spread = Z ** 2 / size;
  const middle = (share + spread / 2) / (1 + spread);
  const reach = (Z * Math.sqrt((share * (1 - share)) / size + spread / (4 * size))) / (1 + spread);
  return { low: Math.max(0, middle - reach), high: Math.min(1, middle + reach) };
}

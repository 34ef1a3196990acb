/** Exact quantiles of whole numbers. */
export interface Quantiles {
  add(value: number): void;
  /** Nearest rank: the smallest value that a share `q` of all stays within. Null of none. */
  quantile(q: number): number | null;
  count(): number;
}

/** Keeps a count per distinct value: memory grows with how many there are, not with how often. */
export function createQuantiles(): Quantiles {
  const counts = new Map<number, number>();
  let total = 0;

  function add(value: number): void {
    counts.set(value, (counts.get(value) ?? 0) + 1);
    total += 1;
  }

  function quantile(q: number): number | null {
    // 0.55 × 100 is 55.00000000000001, which would round up to the next rank.
    const rank = Math.max(1, Math.ceil(q * total - 1e-6));
    let seen = 0;
    for (const value of [...counts.keys()].toSorted((a, b) => a - b)) {
      seen += counts.get(value) ?? 0;
      if (seen >= rank) return value;
    }
    return null;
  }

  return { add, quantile, count: () => total };
}

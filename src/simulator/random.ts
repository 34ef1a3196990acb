/**
 * 0 to below 1, and the same for the same key and seed. Nothing is drawn from a running sequence: requests
 * come in another order every time, and a run must be repeatable all the same.
 */
export function draw(key: string, seed = 1): number {
  return hash(`${seed}\0${key}`) / 2 ** 53;
}

/** A copy in another order, the same one for the same key. */
export function shuffle<T>(items: readonly T[], key: string): T[] {
  return items
    .map((item, i) => ({ item, place: draw(`${key} ${i}`) }))
    .toSorted((a, b) => a.place - b.place)
    .map(({ item }) => item);
}

/** 53 bits of a text, spread evenly (Bryc's cyrb53). */
export function hash(text: string): number {
  let high = 0xdeadbeef;
  let low = 0x41c6ce57;
  for (let i = 0; i < text.length; i += 1) {
    const unit = text.charCodeAt(i);
    high = Math.imul(high ^ unit, 2654435761);
    low = Math.imul(low ^ unit, 1597334677);
  }
  high = Math.imul(high ^ (high >>> 16), 2246822507) ^ Math.imul(low ^ (low >>> 13), 3266489909);
  low = Math.imul(low ^ (low >>> 16), 2246822507) ^ Math.imul(high ^ (high >>> 13), 3266489909);
  return 4294967296 * (2097151 & low) + (high >>> 0);
}

/**
 * Entries by hash, in 16 bytes each (up to 32 just after it has grown): 64 bits of the hash, the next
 * entry of its bucket, the bucket. What an entry stands for its owner keeps in columns of its own.
 */
export interface HashIndex {
  /** @returns the number of the new entry: 0, 1, 2 and so on. Equal hashes make entries of their own. */
  add: (hash: string) => number;
  /** The newest entry with this hash; -1: there is none. */
  find: (hash: string) => number;
  /** All entries with this hash, the newest first. */
  findAll: (hash: string) => number[];
  /** The 64 bits of an entry's hash, as 16 hex digits. */
  hashOf: (entry: number) => string;
  size: () => number;
}

const NONE = -1;

/** @see HashIndex; a hash is at least 16 hex digits. */
export function createHashIndex(): HashIndex {
  const high = growing((length) => new Uint32Array(length));
  const low = growing((length) => new Uint32Array(length));
  /** One more than the number of an entry, so that 0 is none. */
  const next = growing((length) => new Uint32Array(length));
  let buckets = new Uint32Array(1024);
  let size = 0;

  function add(hash: string): number {
    if (size === buckets.length) rebuild();
    const entry = size++;
    high.set(entry, part(hash, 0));
    low.set(entry, part(hash, 8));
    link(entry);
    return entry;
  }

  function link(entry: number): void {
    const bucket = low.get(entry) % buckets.length;
    next.set(entry, buckets[bucket] ?? 0);
    buckets[bucket] = entry + 1;
  }

  function rebuild(): void {
    buckets = new Uint32Array(buckets.length * 2);
    for (let entry = 0; entry < size; entry++) link(entry);
  }

  function find(hash: string): number {
    const a = part(hash, 0);
    const b = part(hash, 8);
    return nextOf(a, b, buckets[b % buckets.length] ?? 0);
  }

  function findAll(hash: string): number[] {
    const a = part(hash, 0);
    const b = part(hash, 8);
    const found: number[] = [];
    let entry = nextOf(a, b, buckets[b % buckets.length] ?? 0);
    for (; entry !== NONE; entry = nextOf(a, b, next.get(entry))) found.push(entry);
    return found;
  }

  /** @param from one more than the number of an entry */
  function nextOf(a: number, b: number, from: number): number {
    let entry = from;
    while (entry > 0) {
      if (low.get(entry - 1) === b && high.get(entry - 1) === a) return entry - 1;
      entry = next.get(entry - 1);
    }
    return NONE;
  }

  function hashOf(entry: number): string {
    return [high, low].map((half) => half.get(entry).toString(16).padStart(8, '0')).join('');
  }

  return { add, find, findAll, hashOf, size: () => size };
}

interface Numbers {
  [at: number]: number;
  length: number;
  set: (values: ArrayLike<number>) => void;
}

/** A typed array that doubles when it is full. */
export function growing(make: (length: number) => Numbers) {
  let values = make(1024);
  return {
    get: (at: number): number => values[at] ?? 0,
    set(at: number, value: number): void {
      if (at >= values.length) {
        const larger = make(Math.max(at + 1, values.length * 2));
        larger.set(values);
        values = larger;
      }
      values[at] = value;
    },
  };
}

function part(hash: string, from: number): number {
  return Number.parseInt(hash.slice(from, from + 8), 16);
}

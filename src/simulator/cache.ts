/** A cache mark of a request: everything before it is one prefix. */
export interface Mark {
  /** The text of the prefix. */
  prefix: string;
  /** Of the whole prefix, not only of what follows the mark before. */
  tokens: number;
  ttl: Ttl;
}

export type Ttl = '5m' | '1h';

/** What the cache did for one request, in tokens. */
export interface CacheUse {
  read: number;
  write5m: number;
  write1h: number;
  /**
   * Makes the written prefixes readable, and gives the one that was read a new life. Called when
   * the response begins: a request that came in before writes, and pays, once more.
   */
  begin(): void;
}

export interface PromptCache {
  use(
    model: string,
    marks: readonly Mark[],
    smallestPrefix: number,
    inBatch?: UseInBatch,
  ): CacheUse;
}

export interface UseInBatch {
  /** When the request was due, in milliseconds: the whole batch may be worked off later. */
  at: number;
  /** Finds nothing whatever there is, and so writes it once more. */
  isMiss: boolean;
}

/** @param now Milliseconds. */
export function promptCache(now: () => number): PromptCache {
  const models = new Map<string, Map<string, Entry>>();

  function use(
    model: string,
    marks: readonly Mark[],
    smallestPrefix: number,
    inBatch?: UseInBatch,
  ): CacheUse {
    const time = (): number => inBatch?.at ?? now();
    const entries = models.get(model) ?? new Map<string, Entry>();
    models.set(model, entries);
    const eligible = marks.filter((mark) => mark.tokens >= smallestPrefix);
    const hit =
      inBatch?.isMiss === true
        ? -1
        : eligible.findLastIndex((mark) => isAlive(entries.get(mark.prefix), time()));
    const found = entries.get(eligible[hit]?.prefix ?? '');
    const missing = eligible.slice(hit + 1);

    const read = eligible[hit]?.tokens ?? 0;
    const written = { '5m': 0, '1h': 0 };
    let before = read;
    for (const mark of missing) {
      written[mark.ttl] += mark.tokens - before;
      before = mark.tokens;
    }

    function begin(): void {
      if (found !== undefined) found.expires = time() + found.life;
      for (const mark of missing) {
        const life = LIFE_MS[mark.ttl];
        entries.set(mark.prefix, { life, expires: time() + life });
      }
      if (entries.size > MOST_ENTRIES) dropExpired(entries, time());
    }

    return { read, write5m: written['5m'], write1h: written['1h'], begin };
  }

  return { use };
}

interface Entry {
  life: number;
  expires: number;
}

const LIFE_MS: Record<Ttl, number> = { '5m': 300_000, '1h': 3_600_000 };
const MOST_ENTRIES = 1000;

function isAlive(entry: Entry | undefined, now: number): boolean {
  return entry !== undefined && entry.expires > now;
}

function dropExpired(entries: Map<string, Entry>, now: number): void {
  for (const [key, entry] of entries) {
    if (entry.expires <= now) entries.delete(key);
  }
}

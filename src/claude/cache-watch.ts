import type { Usage } from '../ticket.ts';
import type { Model } from './models.ts';

/** So many answers without a trace of the cache show that it is not at work. */
const ANSWERS = 2;

/**
 * Looks at the usage of each answer of one model, and once returns a sentence for the user if the
 * prefix is evidently not being cached: no error of the API says so, and every call then pays for it.
 */
export function watchCache(name: string, model: Model): (usage: Usage) => string | null {
  let uncached = 0;
  let done = false;
  return function look({ input, cacheRead, cacheWrite }) {
    if (done) return null;
    done = cacheRead + cacheWrite > 0;
    if (done || ++uncached < ANSWERS) return null;
    done = true;
    const why =
      input < model.smallestCacheablePrefix
        ? `the whole request has ${input} tokens, and ${name} caches a prefix from ` +
          `${model.smallestCacheablePrefix} tokens on: more worked examples would make it cheaper`
        : 'the server reports neither cache writes nor reads (a proxy or another server may not cache)';
    return `The prompt is not being cached on ${name}, so every call pays for all of it: ${why}.`;
  };
}

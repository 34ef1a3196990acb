// The answers of one model, one by one → what a user should know of all of them, each thing once.
import type { Bill } from './cost.ts';
import type { Message } from './message.ts';
import { isInTable, type Model } from './models.ts';

/** So many answers without a trace of the cache show that it is not at work. */
const ANSWERS = 2;

/**
 * No error of the API says that a prefix is not cached, that another model answered, or that nobody
 * knows what was paid.
 */
export function watchAnswers(
  asked: string,
  model: Model,
): (message: Pick<Message, 'model' | 'usage'>, bill: Bill) => string[] {
  let uncached = 0;
  let isCached = false;
  const told = new Set<string>();

  function cacheText({ input, cacheRead, cacheWrite }: Bill['usage']): string | null {
    isCached ||= cacheRead + cacheWrite > 0;
    if (isCached || ++uncached < ANSWERS) return null;
    const why =
      isInTable(asked) && input < model.smallestCacheablePrefix
        ? `the whole request has ${input} tokens, and ${asked} caches a prefix from ` +
          `${model.smallestCacheablePrefix} tokens on: more worked examples would make it cheaper`
        : 'the server reports neither cache writes nor reads (a proxy or another server may not cache)';
    return `The prompt is not being cached on ${asked}, so every call pays for all of it: ${why}.`;
  }

  function once(kind: string, text: string | null): string[] {
    if (text === null || told.has(kind)) return [];
    told.add(kind);
    return [text];
  }

  return function look({ model: said, usage }, bill) {
    return [
      ...once(`version ${said}`, versionText(asked, said, bill)),
      ...(usage === null ? once('usage', untoldText(asked)) : once('cache', cacheText(usage))),
    ];
  };
}

function untoldText(asked: string): string {
  return (
    `The answers of ${asked} do not tell their usage (input_tokens and output_tokens), so no cap can ` +
    'hold exactly: each is booked at the most that it can have cost.'
  );
}

function versionText(asked: string, said: string | null, { by }: Bill): string | null {
  if (by.kind !== 'version') return null;
  const price =
    by.name === null
      ? 'Its price is not known, so each is booked at the most that it can have cost.'
      : `They are priced as those of ${by.name}.`;
  return `Asked for ${asked}, ${said} answers. ${price}`;
}

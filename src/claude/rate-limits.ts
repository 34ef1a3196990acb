// The headers of a response → what it tells of the account's limits.

const KINDS = ['requests', 'input-tokens', 'output-tokens'] as const;
export type LimitKind = (typeof KINDS)[number];

/** As a response reported it; limits are per model. */
export interface RateLimit {
  kind: LimitKind;
  perMinute: number;
  /** Share that may be used at once, 0 to 1. */
  remaining: number;
}

/** Empty for a server that does not tell, or tells what can't be: less than one a minute. */
export function rateLimitsOf(headers: Pick<Headers, 'get'>): RateLimit[] {
  return KINDS.flatMap((kind) => {
    const perMinute = numberIn(headers, `anthropic-ratelimit-${kind}-limit`);
    const left = numberIn(headers, `anthropic-ratelimit-${kind}-remaining`);
    if (perMinute === null || left === null || perMinute < 1) return [];
    return [{ kind, perMinute, remaining: Math.min(1, Math.max(0, left / perMinute)) }];
  });
}

function numberIn(headers: Pick<Headers, 'get'>, name: string): number | null {
  const text = headers.get(name);
  const value = text === null || text.trim() === '' ? Number.NaN : Number(text);
  return Number.isFinite(value) ? value : null;
}

/** What an account may use a minute, of each model. */
export interface AccountTier {
  name: string;
  requests: number;
  /** Tokens, without those that are read from the cache. */
  input: number;
  output: number;
}

/** Source: Anthropic's pages, checked 2026-11-22. The same for each model of the cascade. */
export const ACCOUNT_TIERS: readonly AccountTier[] = [
  { name: 'Start', requests: 1_000, input: 2_000_000, output: 400_000 },
  { name: 'Build', requests: 5_000, input: 5_000_000, output: 1_000_000 },
  { name: 'Scale', requests: 10_000, input: 10_000_000, output: 2_000_000 },
];

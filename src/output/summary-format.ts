import type { Bound } from '../claude/lane.ts';
import type { Escalation, Field, Triage } from '../ticket.ts';

/**
 * The summary as `--summary` writes it. Dollars are US dollars, shares and confidences run from 0
 * to 1, and a ratio whose denominator is 0 is null. A field may be added within a version; one that
 * changes its meaning or goes away makes a new version.
 */
export interface Summary {
  format: 'ticket-classify.summary';
  version: 1;
  /** True if answers come from the simulator: then labels and costs mean nothing. */
  simulated: boolean;
  /** ISO 8601, UTC. */
  started_at: string;
  finished_at: string;
  seconds: number;
  tickets_per_second: number | null;
  /** The exit code, and why it is that, in words. */
  exit: {
    code: number;
    reason: string;
    /** ISO 8601, UTC: when there is a point in going on, where that is known. */
    go_on_at: string | null;
  };
  /** Its identity, `name@hash`. */
  playbook: string;
  models: { fast: string; strong: string };
  /** Input files as given; `stdin` for standard input. */
  inputs: string[];
  output: string;
  /** Of the input, as picked by `--limit` or `--sample`; equal after a run that came to its end. */
  rows: { read: number; written: number };
  /** Rows that were read and decided; each is either classified or for human triage. */
  tickets: number;
  classified: number;
  /** Rows that were given another row's verdict (`--first-per-ticket`). */
  shared: number;
  triage: {
    tickets: number;
    /** Of all tickets. */
    share: number | null;
    by_reason: Record<Triage['reason'], number>;
  };
  /** Tickets the strong model was asked about. With two causes a ticket counts under both. */
  escalated: {
    tickets: number;
    /** Of all tickets. */
    share: number | null;
    by_cause: Record<Escalation['by'], number>;
    /** Fields of which the fast model was unsure. */
    by_field: Record<Field, number>;
    /** By ISO 639-1 code, for those escalated for their language. */
    by_language: Record<string, number>;
    /** By the name of the playbook's pattern. */
    by_pattern: Record<string, number>;
  };
  /** Tickets whose text was another when they were last decided. */
  changed: Changed;
  /**
   * By team: `tickets` ended with it, `escalated` is how many of these were; `unsure` are those the
   * fast model gave to it while unsure of some field.
   */
  teams: Record<string, { tickets: number; escalated: number; unsure: number }>;
  /** Of the answers that count; null where there is none. */
  confidence: Record<Field, Deciles | null>;
  by_model: Record<string, ModelSummary>;
  /** All models together. */
  total: Calls;
  cost: {
    /** What this run paid. */
    cost_usd: number;
    /** What the answers behind these rows cost, whenever they were paid. */
    rows_cost_usd: number;
    /** Of `rows_cost_usd`, without the rows that share another's verdict. */
    per_ticket_usd: number | null;
    per_1000_tickets_usd: number | null;
    /**
     * What `rows_cost_usd` would be had only the strong model been asked: the tokens of each
     * ticket's last paid answer at its live prices. Null where these are not known.
     */
    strong_only_estimate_usd: number | null;
    /** Of the estimate; below 0 where the two models cost more. */
    saved_share: number | null;
  };
  /** Most tickets first. */
  queues: { queue: string; tickets: number; sla_minutes: number }[];
}

export interface Changed {
  /** Classified anew. */
  reclassified: number;
  /** Of all changed ones, those that are in another queue now. */
  queue_changed: number;
  /** Those that kept their verdict (`--keep-first`). */
  kept: number;
  /** Those in another queue now, or with a pattern that did not match before: the first 100. */
  changes: { id: string; from: string; to: string; new_patterns: string[] }[];
}

export type Deciles = Record<
  'p10' | 'p20' | 'p30' | 'p40' | 'p50' | 'p60' | 'p70' | 'p80' | 'p90',
  number
>;

/** Calls of this run. Answers that were there already are in `reused` alone. */
export interface Calls {
  /** Requests sent, retries included. */
  calls: number;
  retries: number;
  /** Valid answers. */
  answered: number;
  /** Answers that were paid for but are not valid. */
  invalid: number;
  /** Tickets for which no answer came, for all the retries. */
  failed: number;
  reused: number;
  /** Calls that may have been paid for without our learning it, in no sum; what they cost at most. */
  unknown_cost_calls: number;
  unknown_cost_at_most_usd: number;
  /** Neither read from the cache nor written to it. */
  input_tokens: number;
  cache_read_tokens: number;
  cache_write_tokens: number;
  output_tokens: number;
  /** Tokens read from the cache, of all input tokens. */
  cached_share: number | null;
  cost_usd: number;
  /** Of `cost_usd`, what each kind of token cost. */
  input_cost_usd: number;
  cache_read_cost_usd: number;
  cache_write_cost_usd: number;
  output_cost_usd: number;
  /** Of `cost_usd`, what the invalid answers cost. */
  invalid_cost_usd: number;
}

export interface ModelSummary extends Calls {
  /** Of the requests that were answered, in milliseconds. */
  latency_p50_ms: number | null;
  latency_p95_ms: number | null;
  /**
   * How long calls were held back, by what: `concurrency` (the cap on calls), `requests`,
   * `input-tokens`, `output-tokens` (an account's limit a minute), `unknown limit` (one that no header
   * tells of), `overload`, `growth` (a lane opens by degrees). What is missing of the run's time was
   * the program's own, or the input's.
   */
  waited_seconds: Partial<Record<Bound, number>>;
}

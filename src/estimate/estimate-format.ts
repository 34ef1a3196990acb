import type { EscalationShare, Range } from './escalation-share.ts';

/**
 * The estimate as `--json` writes it; documented in docs/estimate.md. Dollars are US dollars, shares
 * run from 0 to 1. A field may be added within a version; one that changes its meaning or goes away
 * makes a new version.
 */
export interface Estimate {
  format: 'ticket-classify.estimate';
  version: 1;
  /** True if the ledger's answers are the simulator's: then the estimate means nothing. */
  simulated: boolean;
  /** Input files as given; `stdin` for standard input. */
  inputs: string[];
  /** Null where none is kept. */
  ledger: string | null;
  /** Its identity, `name@hash`. */
  playbook: string;
  models: { fast: string; strong: string };
  tickets: EstimatedTickets;
  escalation: EstimatedEscalation;
  calls: { fast: EstimatedCalls; strong: EstimatedCalls };
  cost: {
    live_usd: Range;
    /** If every request of a batch finds the prompt in the cache, which is best effort. */
    batch_usd: Range;
    /** Share of the live cost that this saves; null where nothing is to pay. */
    batch_saves: number | null;
    /** Had each text of the input been asked of the strong model alone, and nothing been known. */
    strong_alone_usd: number;
  };
  /** What would be sent by batch: the whole prompt is in every request. */
  batch: { batches: Range; upload_bytes: Range };
  /** The least time that each tier's limits allow, for the most calls. */
  /** Empty where a model's limits are not known: it is not Anthropic's. */
  account_tiers: TierTime[];
  /** By `--threshold 0.70..0.90`; else null. */
  thresholds: ThresholdRow[] | null;
}

/** Rows of the input, as picked by `--limit` or `--sample`: `all` is the sum of the nine after it. */
export interface EstimatedTickets {
  all: number;
  in_ledger: number;
  duplicates: number;
  /** Rows that get the verdict of the first row of their ticket (`--first-per-ticket`). */
  shared: number;
  empty: number;
  unreadable: number;
  /** Asked of the fast model, and of the strong one where that is unsure. */
  fast: number;
  /** Asked of the fast model, where the strong one's answer is known already. */
  fast_alone: number;
  /** Asked of the strong model, since the known answer of the fast one is not sure enough. */
  unsure: number;
  /** Asked of the strong model straight away. */
  straight: number;
  /** Of `straight`; with both causes a ticket counts under both. */
  straight_by: { language: number; pattern: number };
  /** Of those to be asked: answered under another playbook, so that the run stops and asks. */
  other_playbook: number;
}

/** What becomes of `tickets.fast`. */
export interface EstimatedEscalation extends Range {
  from: EscalationShare['from'];
  /** By how many it is judged. */
  judged_by: number;
  /** Null where it is assumed. */
  share: number | null;
}

export interface EstimatedCalls {
  model: string;
  calls: Range;
  /** Neither read from the cache nor written to it. */
  input_tokens: Range;
  cache_read_tokens: Range;
  cache_write_tokens: Range;
  output_tokens: Range;
  cost_usd: Range;
  /** What a call is taken to need beside the ticket's text, and what of it answers have told. */
  per_call: {
    prefix_tokens: number;
    overhead_tokens: number;
    output_tokens: number;
    known: { prefix: boolean; overhead: boolean; output: boolean };
  };
}

export interface TierTime {
  tier: string;
  seconds: number;
  /** What takes that long. */
  limit: 'requests' | 'input' | 'output';
  per_minute: number;
  model: string;
}

/** Of the input's texts whose fast answer is known. */
export interface ThresholdRow {
  threshold: number;
  texts: number;
  escalated: number;
  /** Null of no texts. */
  share: number | null;
  /** Of the calls for those of them that the strong model has not answered yet. */
  to_pay_usd: number;
  /** Of `escalated`, those to which both models gave a valid answer; and the same team. */
  both_known: number;
  same_team: number;
}

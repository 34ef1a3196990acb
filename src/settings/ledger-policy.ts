// Flags → which ledger, and which of its answers will do.
import type { Flags } from './flags.ts';

const DEFAULT_LEDGER = 'ticket-classify.ledger.jsonl';

/** Null: nothing is remembered. A stand-in's answers are, only where a file is named for them. */
export function ledgerPath({ ledger, simulate }: Flags): string | null {
  if (ledger === false || (ledger === true && simulate)) return null;
  return ledger === true ? DEFAULT_LEDGER : ledger;
}

/** For a command that only looks after a ledger. */
export function ledgerNamed({ ledger }: Record<string, unknown>): string {
  return typeof ledger === 'string' ? ledger : DEFAULT_LEDGER;
}

export interface Policy {
  /** Milliseconds since 1970: an older answer is asked for again. Null: any age will do. */
  newerThan: number | null;
  /** Milliseconds since 1970: an invalid answer from before is asked for again. Null: it stands. */
  retryInvalidBefore: number | null;
  /** Of a text that was answered under another playbook alone. */
  otherPlaybook: 'stop' | 'reask' | 'keep';
}

/** @param startedAt milliseconds since 1970: what was answered since then belongs to this run */
export function policyOf(flags: Flags, startedAt: number): Policy {
  const { reask, keepAnswers } = flags;
  return {
    newerThan: flags.fresh ? startedAt : (flags.newerThan ?? null),
    retryInvalidBefore: flags.retryTriage ? startedAt : (flags.retryTriageBefore ?? null),
    otherPlaybook: reask ? 'reask' : keepAnswers ? 'keep' : 'stop',
  };
}

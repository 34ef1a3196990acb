// Flags and an open ledger → a way to ask that remembers, and what is remembered of tickets.
import { failures, type Failure } from '../errors.ts';
import type { Asker } from '../keys.ts';
import type { Playbook } from '../playbook/playbook.ts';
import type { Flags } from '../settings/flags.ts';
import type { Ask } from '../ticket.ts';
import type { Ledger } from './ledger.ts';
import { memoryOf, type Memory } from './memory.ts';
import { remember, type Policy } from './remember.ts';

export const DEFAULT_LEDGER = 'ticket-classify.ledger.jsonl';

/** Null: nothing is remembered. A stand-in's answers are, only where a file is named for them. */
export function ledgerPath({ ledger, simulate }: Flags): string | null {
  if (ledger === false || (ledger === true && simulate)) return null;
  return ledger === true ? DEFAULT_LEDGER : ledger;
}

/** For a command that only looks after a ledger. */
export function ledgerNamed({ ledger }: Record<string, unknown>): string {
  return typeof ledger === 'string' ? ledger : DEFAULT_LEDGER;
}

export interface Attached {
  ask: Ask;
  memory: Memory;
}

export interface AttachOptions {
  ledger: Ledger;
  flags: Flags;
  playbook: Playbook;
  /** Of the server; see `Asker`. */
  host: string;
  /** Milliseconds since 1970. */
  startedAt: number;
  now: () => number;
  /** Called with what must end the whole run. */
  end: (failure: Failure) => void;
}

export function attach(ask: Ask, options: AttachOptions): Attached {
  const { ledger, flags, playbook, host, startedAt, now, end } = options;
  const policy = policyOf(flags, startedAt);
  const askerOf = askersFor(host, playbook);
  return {
    ask: remember(flags.batch ? ask : sparing(ask, options), {
      ledger,
      playbook,
      askerOf,
      policy,
      end,
    }),
    memory: memoryOf({ ledger, playbook, keepFirst: flags.keepFirst, now }),
  };
}

/** What a batch was asked, and paid for, is not asked live as well. */
function sparing(ask: Ask, { ledger, host, end }: AttachOptions): Ask {
  return async (model, ticket) => {
    const batch = ledger.batches.asking(host, ticket.textHash);
    if (!batch) return ask(model, ticket);
    const failure = failures.textInBatch(batch.id ?? 'of unknown fate', ledger.path ?? '');
    end(failure);
    throw failure;
  };
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

export function askersFor(host: string, { promptHash }: Playbook): (model: string) => Asker {
  return (model) => ({ host, model, promptHash });
}

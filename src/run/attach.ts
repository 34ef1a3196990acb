// Flags and an open ledger → a way to ask that remembers, and what is remembered of tickets.
import { failures, type Failure } from '../ground/errors.ts';
import type { Playbook } from '../playbook/playbook.ts';
import type { Flags } from '../settings/flags.ts';
import { askersFor } from '../ground/keys.ts';
import { policyOf } from '../settings/ledger-policy.ts';
import type { Ask } from '../ticket.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { memoryOf, type Memory } from '../ledger/memory.ts';
import { remember } from '../ledger/remember.ts';

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

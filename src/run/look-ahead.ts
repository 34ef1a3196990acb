// Tickets in, what a run would ask about them out; sends nothing.
import { forecast, type Forecast, type ForecastOptions } from '../estimate/forecast.ts';
import type { Asker } from '../ground/keys.ts';
import type { KnownAnswers } from '../ledger/known-answers.ts';
import type { Memory } from '../ledger/memory.ts';
import { policyOf } from '../settings/ledger-policy.ts';
import type { Settings } from '../settings/resolve.ts';
import type { Tickets } from './tickets.ts';

/** What of a desk is needed to know what it knows. */
export interface ReadingDesk {
  settings: Settings;
  startedAt: Date;
  ledger: KnownAnswers;
  askerOf: (model: string) => Asker;
  newMemory: () => Memory;
  /** Aborted: the rest is of no interest any more. */
  stop?: AbortController;
}

export function lookAhead(
  { settings, startedAt, ledger, askerOf, newMemory }: ReadingDesk,
  { rows, toTicket }: Tickets,
  onKnown?: ForecastOptions['onKnown'],
): Promise<Forecast> {
  const { playbook, flags } = settings;
  const memory = newMemory();
  return forecast(rows, {
    ledger,
    playbook,
    askerOf,
    policy: policyOf(flags, startedAt.getTime()),
    firstPerTicket: flags.firstPerTicket,
    toTicket,
    kept: (ticket) => memory.recall(ticket).kept,
    ...(onKnown && { onKnown }),
  });
}

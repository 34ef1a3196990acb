// `ask` of a run by batch: it sends nothing. What no batch has answered yet is thrown.
import { answerKey, type Asker } from '../ground/keys.ts';
import type { Batches, Unanswered } from '../ledger/open-batches.ts';
import type { Ask, Ticket } from '../ticket.ts';

/** So many batches may leave a question unanswered before it is given up. */
const TRIES = 3;

/** A question for the next batch. */
export class Unasked extends Error {
  readonly model: string;
  readonly ticket: Ticket;

  constructor(model: string, ticket: Ticket) {
    super(`${model} has not been asked about ${ticket.id}`);
    this.model = model;
    this.ticket = ticket;
  }
}

/** Throws `Unasked` for what may still be asked; what was given up has no answer. */
export function askBatches(batches: Batches, askerOf: (model: string) => Asker): Ask {
  return async (model, ticket) => {
    const failed = batches.unanswered(answerKey(askerOf(model), ticket.textHash));
    if (!failed || (failed.passing && failed.times < TRIES)) throw new Unasked(model, ticket);
    return {
      kind: 'none',
      model,
      key: null,
      why: reasonOf(failed),
      attempts: failed.times,
      unknown: 0,
      unknownCost: 0,
      requestId: null,
      simulated: false,
      reused: true,
      shared: false,
    };
  };
}

/** `batch: expired 3 times`. */
function reasonOf({ times, why, isSame }: Unanswered): string {
  if (times === 1) return `batch: ${why}`;
  return isSame
    ? `batch: ${why} ${times} times`
    : `batch: ${times} times without an answer, last ${why}`;
}

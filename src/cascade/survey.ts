// Rows in, how far each gets with what is known already out. Asks nobody.
import { createHashIndex } from '../ground/hash-index.ts';
import { textHash } from '../ground/keys.ts';
import type { Playbook } from '../playbook/playbook.ts';
import type { Decision, Find, Row, Ticket } from '../ticket.ts';
import { standingOf, type Standing } from './decide.ts';
import { decidesForAll } from './first-per-ticket.ts';

export interface SurveyOptions {
  toTicket: (row: Row) => Ticket;
  find: Find;
  /** The decision that is to stand though the ticket's text has changed; null: it is decided anew. */
  kept: (ticket: Ticket) => Decision | null;
  playbook: Playbook;
  firstPerTicket: boolean;
}

/** `first`: it gets the decision of the first row of its id; `kept`: the one that stands. */
export type Surveyed = { ticket: Ticket } & (
  { kind: 'first' | 'kept' } | ({ kind: 'looked up' } & Standing)
);

/** At most one question a ticket: what follows from its answer is told once that is known. */
export async function* survey(
  rows: AsyncIterable<Row>,
  { toTicket, find, kept, playbook, firstPerTicket }: SurveyOptions,
): AsyncGenerator<Surveyed> {
  const isFirst = firstPerTicket ? firstsOnly() : () => true;
  for await (const row of rows) {
    const ticket = toTicket(row);
    if (!isFirst(ticket)) yield { ticket, kind: 'first' };
    else if (kept(ticket)) yield { ticket, kind: 'kept' };
    else yield { ticket, kind: 'looked up', ...standingOf(ticket, find, playbook) };
  }
}

/** Tells the first row of each id that has a text; its answer is not waited for here. */
function firstsOnly(): (ticket: Ticket) => boolean {
  const met = createHashIndex();
  return (ticket) => {
    if (ticket.fault !== null) return true;
    const hash = textHash(ticket.id);
    if (met.find(hash) >= 0) return false;
    if (decidesForAll(ticket)) met.add(hash);
    return true;
  };
}

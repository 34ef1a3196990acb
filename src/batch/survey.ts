// Rows in, what must be asked next about them out: the cascade itself says so, ticket by ticket.
import { decide } from '../cascade/decide.ts';
import { createHashIndex } from '../ground/hash-index.ts';
import { textHash } from '../ground/keys.ts';
import type { Memory } from '../ledger/memory.ts';
import type { Playbook } from '../playbook/playbook.ts';
import type { Ask, Row, Ticket } from '../ticket.ts';
import { Unasked } from './ask-batches.ts';

export interface Question {
  model: string;
  ticket: Ticket;
}

export interface SurveyOptions {
  toTicket: (row: Row) => Ticket;
  /** Throws `Unasked` for what is not answered yet. */
  ask: Ask;
  memory: Memory;
  playbook: Playbook;
  firstPerTicket: boolean;
}

/** At most one question a ticket: what follows from its answer is asked in the next round. */
export async function* survey(
  rows: AsyncIterable<Row>,
  { toTicket, ask, memory, playbook, firstPerTicket }: SurveyOptions,
): AsyncGenerator<Question> {
  const isFirst = firstPerTicket ? firstsOnly() : () => true;
  memory.startOver();

  for await (const row of rows) {
    const ticket = toTicket(row);
    if (!isFirst(ticket)) continue;
    if (memory.recall(ticket).kept) continue;
    try {
      await decide(ticket, ask, playbook);
    } catch (error) {
      if (!(error instanceof Unasked)) throw error;
      yield { model: error.model, ticket: error.ticket };
    }
  }
}

/** Tells the first row of each id that has a text, as the pipeline does; its answer is not waited for here. */
function firstsOnly(): (ticket: Ticket) => boolean {
  const met = createHashIndex();
  return ({ id, fault, subject, body }) => {
    if (fault !== null) return true;
    const hash = textHash(id);
    if (met.find(hash) >= 0) return false;
    if (subject !== '' || body !== '') met.add(hash);
    return true;
  };
}

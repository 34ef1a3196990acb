// Rows in, what must be asked next about them out: the cascade itself says so, ticket by ticket.
import { decide } from '../cascade/decide.ts';
import { firstPerTicket } from '../cascade/first-per-ticket.ts';
import type { Memory } from '../ledger/memory.ts';
import type { Playbook } from '../playbook/playbook.ts';
import type { Ask, Row, Ticket, Verdict } from '../ticket.ts';
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
  { toTicket, ask, memory, playbook, firstPerTicket: isFirstOnly }: SurveyOptions,
): AsyncGenerator<Question> {
  const decideEach = isFirstOnly ? firstPerTicket(decideOne) : decideOne;
  memory.startOver();

  async function decideOne(ticket: Ticket): Promise<Verdict> {
    const { past, kept } = memory.recall(ticket);
    return { past, ...(kept ?? (await decide(ticket, ask, playbook))) };
  }

  for await (const row of rows) {
    try {
      await decideEach(toTicket(row));
    } catch (error) {
      if (!(error instanceof Unasked)) throw error;
      yield { model: error.model, ticket: error.ticket };
    }
  }
}

// The journey: Row → Ticket → Verdict → Routed, many at once, out in the order of the input.
import { decide } from './cascade/decide.ts';
import { firstPerTicket } from './cascade/first-per-ticket.ts';
import { inOrder, type ReadAhead } from './in-order.ts';
import type { Playbook } from './playbook/playbook.ts';
import { route } from './route.ts';
import type { Ask, Routed, Row, Ticket } from './ticket.ts';

const READ_AHEAD: ReadAhead<Row> = {
  items: 10_000,
  weight: 64 * 1024 * 1024,
  weigh: (row) => row.bytes,
};

export interface Stations {
  toTicket: (row: Row) => Ticket;
  ask: Ask;
  playbook: Playbook;
  /** Whether the first row of an id decides for all its rows. */
  firstPerTicket: boolean;
  /** Once aborted, nothing new is asked; what is in the air still comes out. */
  stop: AbortController;
}

export function classify(rows: AsyncIterable<Row>, stations: Stations): AsyncGenerator<Routed> {
  const { toTicket, ask, playbook, stop } = stations;
  const decideOne = (ticket: Ticket) => decide(ticket, ask, playbook);
  const decideEach = stations.firstPerTicket ? firstPerTicket(decideOne) : decideOne;

  async function walk(row: Row): Promise<Routed> {
    try {
      const ticket = toTicket(row);
      const verdict = await decideEach(ticket);
      return route(verdict, playbook.rules);
    } catch (error) {
      stop.abort(error);
      throw error;
    }
  }

  return inOrder(rows, walk, READ_AHEAD, stop.signal);
}

// The journey: Row → Ticket → Verdict → Routed, many at once, out in the order of the input.
import { decide } from './cascade/decide.ts';
import { firstPerTicket } from './cascade/first-per-ticket.ts';
import { inOrder, type ReadAhead } from './in-order.ts';
import type { Memory } from './ledger/memory.ts';
import { createHashIndex } from './ground/hash-index.ts';
import type { Playbook } from './playbook/playbook.ts';
import { route } from './route.ts';
import type { Answer, Ask, Routed, Row, Ticket, Verdict } from './ticket.ts';

const READ_AHEAD: ReadAhead<Row> = {
  items: 10_000,
  // Twice the most calls that can be in the air.
  undone: 2_000,
  weight: 64 * 1024 * 1024,
  weigh: (row) => row.bytes,
};

export interface Stations {
  toTicket: (row: Row) => Ticket;
  ask: Ask;
  /** What was decided about a ticket before. */
  memory: Memory;
  playbook: Playbook;
  /** Whether the first row of an id decides for all its rows. */
  firstPerTicket: boolean;
  /** Once aborted, nothing new is asked; what is in the air still comes out. */
  stop: AbortController;
}

export function classify(rows: AsyncIterable<Row>, stations: Stations): AsyncGenerator<Routed> {
  const { toTicket, ask, memory, playbook, stop } = stations;
  const decideEach = stations.firstPerTicket ? firstPerTicket(decideOne) : decideOne;

  async function decideOne(ticket: Ticket): Promise<Verdict> {
    const { past, kept } = memory.recall(ticket);
    const decision = kept ?? (await decide(ticket, ask, playbook));
    return { past, ...decision };
  }

  async function walk(row: Row): Promise<Routed> {
    try {
      const ticket = toTicket(row);
      const verdict = await decideEach(ticket);
      const routed = route(verdict, playbook.rules);
      memory.record(routed);
      return routed;
    } catch (error) {
      stop.abort(error);
      throw error;
    }
  }

  return markShared(inOrder(rows, walk, READ_AHEAD, stop.signal));
}

/**
 * Marks the answers that an earlier ticket already showed: their cost stands there, so that the sum
 * over all rows is what the tickets cost.
 */
async function* markShared(tickets: AsyncIterable<Routed>): AsyncGenerator<Routed> {
  const shown = createHashIndex();

  function marked(answer: Answer): Answer {
    if (answer.key === null) return answer;
    if (shown.find(answer.key) >= 0) return { ...answer, shared: true };
    shown.add(answer.key);
    return answer;
  }

  for await (const routed of tickets) {
    const asked = routed.asked.map(marked);
    yield asked.some(({ shared }) => shared) ? { ...routed, asked } : routed;
  }
}

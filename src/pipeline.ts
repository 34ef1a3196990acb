// The journey: Row → Ticket → Verdict → Routed; one ticket, and many at once in the order of the input.
import { decide, unaskedDecision } from './cascade/decide.ts';
import { firstPerTicket } from './cascade/first-per-ticket.ts';
import { Failure, ReaderGone } from './ground/errors.ts';
import { createHashIndex } from './ground/hash-index.ts';
import { inOrder, type ReadAhead } from './in-order.ts';
import type { Memory } from './ledger/memory.ts';
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

/** What decides about one ticket. */
export interface Deciding {
  ask: Ask;
  /** What was decided about a ticket before. */
  memory: Memory;
  playbook: Playbook;
  /** Once aborted, nothing new is asked; what is in the air still comes out. */
  stop: AbortController;
}

export interface Stations extends Deciding {
  toTicket: (row: Row) => Ticket;
  /** Whether the first row of an id decides for all its rows. */
  firstPerTicket: boolean;
}

type Judge = (ticket: Ticket) => Promise<Verdict>;

/** One ticket, to its queue. Rejects only with what ends the run: nothing in a ticket's text can. */
export async function classifyOne(
  ticket: Ticket,
  by: Deciding,
  judge: Judge = (each) => verdictOn(each, by),
): Promise<Routed> {
  const { playbook, memory, stop } = by;
  const verdict = await judge(ticket).catch((error: unknown) => {
    if (stop.signal.aborted || endsRun(error)) throw error;
    return forHuman(ticket, error);
  });
  const routed = route(verdict, playbook.rules);
  memory.record(routed);
  return routed;
}

export function classify(rows: AsyncIterable<Row>, stations: Stations): AsyncGenerator<Routed> {
  const { toTicket, memory, stop } = stations;
  const judgeRow: Judge = (ticket) => verdictOn(ticket, stations);
  const judge = stations.firstPerTicket ? firstPerTicket(judgeRow, memory.answerTo) : judgeRow;

  async function walk(row: Row): Promise<Routed> {
    try {
      return await classifyOne(toTicket(row), stations, judge);
    } catch (error) {
      stop.abort(error);
      throw error;
    }
  }

  return markShared(inOrder(rows, walk, READ_AHEAD, stop.signal));
}

async function verdictOn(ticket: Ticket, { ask, memory, playbook }: Deciding): Promise<Verdict> {
  const { past, kept } = memory.recall(ticket);
  const decision = kept ?? (await decide(ticket, ask, playbook));
  return { past, ...decision };
}

function endsRun(error: unknown): boolean {
  return error instanceof Failure || error instanceof ReaderGone;
}

/** What a station throws for a ticket is a fault of ours, and no reason to leave the others undone. */
function forHuman(ticket: Ticket, error: unknown): Verdict {
  const detail = `it could not be processed, which is a fault of ours: ${String(error)}`;
  return { ...unaskedDecision(ticket, { reason: 'unreadable', detail }), past: null };
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

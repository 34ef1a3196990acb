// The journey from an open input to its sinks, to its end or to what ends it early.
import { classify } from '../pipeline.ts';
import type { Ask, Row, Routed } from '../ticket.ts';
import { askOnce } from '../ledger/remember.ts';
import type { Desk } from './open-desk.ts';
import type { Tickets } from './tickets.ts';

/** What becomes of the tickets that come out, in the order of the input. */
export interface Sink {
  take: (routed: Routed) => Promise<void> | void;
  /** All have come out. */
  finish?: () => Promise<void>;
}

export interface Ran {
  rows: { read: number; written: number };
  /** What ended the run early; null if it came to its end. */
  ended: Error | null;
  /** Whether it came as far as to take rows up. */
  hasBegun: boolean;
}

/** @param ask of a run that knows all answers already */
export async function run(
  desk: Desk,
  tickets: Tickets,
  sinks: readonly Sink[],
  ask: Ask = desk.ask,
): Promise<Ran> {
  const { settings, stop } = desk;
  const rows = { read: 0, written: 0 };
  const stations = {
    toTicket: tickets.toTicket,
    ask: askOnce(ask),
    memory: desk.newMemory(),
    playbook: settings.playbook,
    firstPerTicket: settings.flags.firstPerTicket,
    stop,
  };
  try {
    for await (const routed of classify(
      counted(tickets.rows, () => rows.read++),
      stations,
    )) {
      for (const sink of sinks) await sink.take(routed);
      rows.written++;
    }
    refuseLoss(rows);
    for (const remark of tickets.remarks()) desk.note(remark);
    for (const sink of sinks) await sink.finish?.();
    // What was written last can fail when nothing else is left to say so.
    await desk.ledger.sync();
    return { rows, ended: null, hasBegun: true };
  } catch (error) {
    stop.abort(error);
    await desk.settled();
    const ended = error instanceof Error ? error : new Error(String(error));
    return { rows, ended, hasBegun: true };
  }
}

async function* counted(rows: AsyncIterable<Row>, onRow: () => void): AsyncGenerator<Row> {
  for await (const row of rows) {
    onRow();
    yield row;
  }
}

/** Each row that was read must come out. */
function refuseLoss({ read, written }: Ran['rows']): void {
  if (written !== read) throw new Error(`${read} rows were read, but ${written} written`);
}

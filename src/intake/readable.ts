// Tickets as they come in; the same out, unless the first are none that can be read.
import { failures, type Failure } from '../ground/errors.ts';
import { thousands } from '../ground/figures.ts';
import type { Row, Ticket } from '../ticket.ts';

/** So many in a row at the beginning are no accident. */
const FIRST = 200;
const REASONS = 3;

interface Tickets {
  rows: AsyncGenerator<Row>;
  toTicket: (row: Row) => Ticket;
}

/**
 * Holds rows back until there is one that can be read: what is wrong with a whole file is found out
 * before anything of it is paid for or written.
 * @returns rows that throw a Failure where the first 200, or all if there are fewer, are unreadable
 */
export function readable({ rows, toTicket }: Tickets): Tickets {
  // Made once: a ticket's place, and the id that it may be given, depend on those before it.
  const made = new Map<Row, Ticket>();

  async function* checked(): AsyncGenerator<Row> {
    for await (const row of rows) {
      const ticket = toTicket(row);
      made.set(row, ticket);
      if (ticket.fault === null) {
        yield* made.keys();
        yield* rows;
        return;
      }
      if (made.size === FIRST) throw unreadable([...made.values()], false);
    }
    if (made.size > 0) throw unreadable([...made.values()], true);
  }

  return {
    rows: checked(),
    toTicket(row) {
      const ticket = made.get(row) ?? toTicket(row);
      made.delete(row);
      return ticket;
    },
  };
}

/** @throws Failure if there is nothing but faults in the rows that columns are looked for in */
export function refuseUnreadableHead(head: readonly Row[], isWhole: boolean): void {
  if (head.length === 0 || head.some((row) => row.fault === null)) return;
  const faults = head.map((row) => ({ row, fault: row.fault }));
  throw unreadable(faults, isWhole);
}

function unreadable(faults: readonly Pick<Ticket, 'row' | 'fault'>[], areAll: boolean): Failure {
  const count = thousands(faults.length);
  const all = faults.length === 1 ? 'The only row' : `All ${count} rows`;
  const reasons = faults.slice(0, REASONS).map(({ row, fault }) => reasonText(row, fault ?? ''));
  return failures.inputUnreadable(areAll ? all : `The first ${count} rows`, reasons);
}

/** Some faults name their line themselves. */
function reasonText({ file, line }: Row, fault: string): string {
  return fault.startsWith(`line ${line} `)
    ? `${file}, ${fault}`
    : `${file}, line ${line}: ${fault}`;
}

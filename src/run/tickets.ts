// Inputs and the settings of a run → the rows that it is about, and what makes tickets of them.
import type { Readable } from 'node:stream';
import { openIntake, type Intake } from '../intake/open-intake.ts';
import { pickRows } from '../intake/pick-rows.ts';
import { readable } from '../intake/readable.ts';
import { ticketMaker } from '../intake/to-ticket.ts';
import type { KnownAnswers } from '../ledger/known-answers.ts';
import { isOurs, refuseLateClash } from '../output/earlier-output.ts';
import type { Settings } from '../settings/resolve.ts';
import type { Row, Ticket } from '../ticket.ts';
import { outputFormatOf } from './choose-output.ts';

export interface Tickets {
  rows: AsyncGenerator<Row>;
  toTicket: (row: Row) => Ticket;
  /** Once all rows are read: what was left out, and has not been told. */
  remarks: () => readonly string[];
}

/**
 * @param stop aborted while the first bytes are waited for: they are waited for no longer
 * @throws Failure for an input that can't be read, or has no column for what is needed
 */
export function openInputs(
  { flags }: Settings,
  files: readonly string[],
  stdin: Readable,
  stop?: AbortSignal,
): Promise<Intake> {
  const options = {
    files,
    format: flags.inputFormat ?? null,
    delimiter: flags.delimiter ?? null,
    columns: Object.fromEntries(flags.columns.map(({ field, column }) => [field, column])),
    subjectOnly: flags.subjectOnly,
    isDropped: flags.replace ? isOurs(flags.prefix) : null,
    encoding: flags.encoding ?? null,
    isForTable: ['csv', 'tsv'].includes(outputFormatOf(flags) ?? ''),
  };
  return openIntake(options, stdin, stop);
}

/** What of a desk is needed to make tickets. */
interface TicketDesk {
  settings: Settings;
  /** Knows the languages of texts that it has answers about. */
  ledger: Pick<KnownAnswers, 'languageOf'>;
  /** Tells the user something, once. */
  note?: (text: string) => void;
}

export function ticketsOf(
  { rows, found, shape, remarks }: Pick<Intake, 'rows' | 'found' | 'shape' | 'remarks'>,
  { settings, ledger, note = () => {} }: TicketDesk,
): Tickets {
  const { limit = null, sample = null, seed } = settings.flags;
  const columns = { columns: found.columns, header: shape.names };
  // Those so far are in the first lines.
  const told = remarks.length;
  const tickets = readable({
    rows: pickRows(rows, { limit, sample, seed }),
    toTicket: ticketMaker(settings, columns, { languageOf: ledger.languageOf, note }),
  });
  return { ...tickets, remarks: () => remarks.slice(told) };
}

/** The same for a run that writes: a row that has a column of ours ends it. */
export function ticketsToWrite(intake: Intake, desk: TicketDesk): Tickets {
  const tickets = ticketsOf(intake, desk);
  return { ...tickets, rows: refuseLateClash(tickets.rows, desk.settings.flags.prefix) };
}

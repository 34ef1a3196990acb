// An open intake and the settings of a run → the rows that it is about, and what makes tickets of them.
import type { Settings } from '../settings/resolve.ts';
import type { Row, Ticket } from '../ticket.ts';
import type { Intake } from '../intake/open-intake.ts';
import { pickRows } from '../intake/pick-rows.ts';
import { ticketMaker } from '../intake/to-ticket.ts';

export interface PickedTickets {
  rows: AsyncGenerator<Row>;
  toTicket: (row: Row) => Ticket;
}

/** @param languageOf what was told of a text before, by its hash; undefined of one that is new */
export function pickedTickets(
  { rows, found, shape }: Pick<Intake, 'rows' | 'found' | 'shape'>,
  settings: Settings,
  languageOf: (textHash: string) => string | null | undefined,
): PickedTickets {
  const { limit = null, sample = null, seed } = settings.flags;
  const columns = { columns: found.columns, header: shape.names };
  return {
    rows: pickRows(rows, { limit, sample, seed }),
    toTicket: ticketMaker(settings, columns, languageOf),
  };
}

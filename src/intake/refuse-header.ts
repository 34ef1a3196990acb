// The first line of a table → refused if it is no header: a ticket, or the title of a report.
import { failures } from '../ground/errors.ts';
import { shellWord } from '../ground/shell-word.ts';
import type { Row } from '../ticket.ts';
import { columnWeight } from './columns/column-names.ts';
import { columnTraits, isProse } from './columns/column-traits.ts';
import { proposeColumns } from './columns/propose-columns.ts';
import type { Input } from './open-input.ts';

/** Below a title, a header stands so near. */
const LOOKED_AT = 20;
/** The name of a column is no longer, but for the questions of a survey. */
const NAME_WORDS = 6;

/**
 * Names that are a sentence beside names that are a number, a date or an address: a ticket.
 * @throws Failure with the command that puts a header before it
 */
export function refuseTicketAsHeader({ name, shape, head }: Input): void {
  const { names, delimiter } = shape;
  const traits = names.map((cell) => columnTraits([cell]));
  const isData = traits.some(({ codes, dates, addresses }) => codes + dates + addresses > 0);
  if (!isData || !traits.some(isProse)) return;
  const columns = names.map((cell, at) => ({
    name: String(at),
    traits: columnTraits([cell, ...cellsOf(head).map((cells) => cells[at] ?? '')]),
  }));
  const proposed = Object.entries(proposeColumns(columns));
  const header = columns.map(({ name: column }, at) => {
    return proposed.find(([, found]) => found === column)?.[0] ?? `column_${at + 1}`;
  });
  throw failures.noHeader(name, shellWord(header.join(delimiter)));
}

/** @throws Failure if one of the next lines is more of a header than the first */
export function refuseTitleAsHeader({ name, shape, head }: Input): void {
  const rows = head.slice(0, LOOKED_AT);
  const header = rows.find((row) => row.kind === 'table' && isHeader(row.cells, shape.names));
  if (header) throw failures.headerBelow(name, header.line);
}

function isHeader(cells: readonly string[], names: readonly string[]): boolean {
  const filled = cells.filter((cell) => cell.trim() !== '');
  if (filled.length < 2 || filled.length <= names.filter((cell) => cell.trim() !== '').length / 2) {
    return false;
  }
  if (filled.some((cell) => cell.trim().split(/\s+/).length > NAME_WORDS)) return false;
  const has = (field: 'id' | 'subject' | 'body') =>
    filled.some((cell) => columnWeight(field, cell) > 0);
  return [has('id'), has('subject'), has('body')].filter(Boolean).length >= 2;
}

function cellsOf(rows: readonly Row[]): string[][] {
  return rows.flatMap((row) => (row.kind === 'table' ? [row.cells] : []));
}

import type { Row } from '../ticket.ts';
import { textAt } from './json/json-fields.ts';

/**
 * The text in a column of a row, or at a path of a JSON row: '' where there is none.
 * Null for what is no text: it is never sent as `[object Object]`.
 * @param header names of a table's cells; of names that repeat the first counts
 */
export function fieldText(row: Row, column: string, header: readonly string[]): string | null {
  return row.kind === 'table' ? (row.cells[header.indexOf(column)] ?? '') : textAt(row, column);
}

import type { Row } from '../ticket.ts';

/**
 * The text in a column of a row, or at a path of a JSON row: '' where there is none.
 * Null for what is no text: it is never sent as `[object Object]`.
 * @param header names of a table's cells; of names that repeat the first counts
 */
export function fieldText(row: Row, column: string, header: readonly string[]): string | null {
  if (row.kind === 'table') return row.cells[header.indexOf(column)] ?? '';
  const value = Object.hasOwn(row.value, column)
    ? row.value[column]
    : column
        .split('.')
        .reduce((part: unknown, key) => (isObject(part) ? part[key] : null), row.value);
  if (value === null || value === undefined) return '';
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return typeof value === 'string' ? value : null;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

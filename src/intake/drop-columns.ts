// Takes columns out of an input: of a table's header and rows, of a JSON row's text.
import { membersOf } from '../ground/json-text.ts';
import type { JsonRow, Row } from '../ticket.ts';

/** @param names of the columns as read @returns the names left, and rows without the others */
export function dropColumns(
  names: readonly string[],
  isDropped: (name: string) => boolean,
): { names: string[]; strip: (row: Row) => Row } {
  return {
    names: names.filter((name) => !isDropped(name)),
    strip: (row) =>
      row.kind === 'json'
        ? stripFields(row, isDropped)
        : { ...row, cells: row.cells.filter((_, at) => !isDropped(names[at] ?? '')) },
  };
}

/** The other fields stay to the letter, as 19-digit numbers must. */
function stripFields(row: JsonRow, isDropped: (name: string) => boolean): JsonRow {
  const names = Object.keys(row.value);
  const first = names.findIndex(isDropped);
  if (first < 0) return row;
  const value = Object.fromEntries(Object.entries(row.value).filter(([name]) => !isDropped(name)));
  const start = names.slice(first).every(isDropped)
    ? row.text.lastIndexOf(`${JSON.stringify(names[first])}:`)
    : -1;
  const own = `${row.text.slice(0, Math.max(0, start)).replace(/,?\s*$/, '')}}`;
  // Ours stand together at the end, unless somebody has been at it since.
  return {
    ...row,
    value,
    text: start > 0 && holds(own, value) ? own : withoutMembers(row, isDropped),
  };
}

function withoutMembers(row: JsonRow, isDropped: (name: string) => boolean): string {
  const kept = [...membersOf(row.text)].filter(([name]) => !isDropped(name));
  return `{${kept.map(([name, value]) => `${JSON.stringify(name)}:${value}`).join(',')}}`;
}

function holds(text: string, value: Record<string, unknown>): boolean {
  try {
    return JSON.stringify(JSON.parse(text)) === JSON.stringify(value);
  } catch {
    return false;
  }
}

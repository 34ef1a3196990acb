// Our columns in an input: refused before anything is paid for, or with `--replace` taken out.
import { failures } from '../errors.ts';
import type { JsonRow, Row } from '../ticket.ts';
import { columnNames } from './columns.ts';

/**
 * @throws Failure that names the columns and a prefix that avoids them, or `--replace` where the
 *   input is an earlier output of ours. Case does not distinguish.
 */
export function refuseClash(names: readonly string[], prefix: string): void {
  const clashes = clashesIn(names, prefix);
  if (clashes.length === 0) return;
  if (clashes.length === columnNames(prefix).length) throw failures.earlierOutput(prefix);
  throw failures.columnClash(clashes.join(', '), freePrefix(names), '');
}

/** In JSONL a later row can have a field that no row had before. */
export async function* refuseLateClash(
  rows: AsyncIterable<Row>,
  prefix: string,
): AsyncGenerator<Row> {
  const ours = ownNames(prefix);
  for await (const row of rows) {
    if (row.kind === 'json') {
      const clashes = Object.keys(row.value).filter((name) => ours.has(name.toLowerCase()));
      if (clashes.length > 0) {
        const place = ` (${row.file}, line ${row.line})`;
        throw failures.columnClash(clashes.join(', '), freePrefix(Object.keys(row.value)), place);
      }
    }
    yield row;
  }
}

/** The names without ours, and a function that takes our cells and fields out of a row. */
export function withoutOurs(
  names: readonly string[],
  prefix: string,
): { names: string[]; strip: (row: Row) => Row } {
  const ours = ownNames(prefix);
  const isOurs = (name: string) => ours.has(name.toLowerCase());
  return {
    names: names.filter((name) => !isOurs(name)),
    strip: (row) =>
      row.kind === 'json'
        ? stripFields(row, isOurs)
        : { ...row, cells: row.cells.filter((_, at) => !isOurs(names[at] ?? '')) },
  };
}

/** Ours stand together at the end, so that the row's own text before them can stay to the letter. */
function stripFields(row: JsonRow, isOurs: (name: string) => boolean): JsonRow {
  const names = Object.keys(row.value);
  const first = names.findIndex(isOurs);
  if (first < 0) return row;
  const value = Object.fromEntries(Object.entries(row.value).filter(([name]) => !isOurs(name)));
  const key = JSON.stringify(names[first]);
  const start = names.slice(first).every(isOurs) ? row.text.lastIndexOf(`${key}:`) : -1;
  const own = `${row.text.slice(0, Math.max(0, start)).replace(/,?\s*$/, '')}}`;
  return { ...row, value, text: start > 0 && sameNames(own, value) ? own : JSON.stringify(value) };
}

function sameNames(text: string, value: Record<string, unknown>): boolean {
  try {
    const parsed: unknown = JSON.parse(text);
    return JSON.stringify(parsed) === JSON.stringify(value);
  } catch {
    return false;
  }
}

function ownNames(prefix: string): Set<string> {
  return new Set(columnNames(prefix).map((name) => name.toLowerCase()));
}

function clashesIn(names: readonly string[], prefix: string): string[] {
  const ours = ownNames(prefix);
  return names.filter((name) => ours.has(name.toLowerCase()));
}

function freePrefix(names: readonly string[]): string {
  for (let times = 2; ; times++) {
    const prefix = `ai${times}_`;
    if (clashesIn(names, prefix).length === 0) return prefix;
  }
}

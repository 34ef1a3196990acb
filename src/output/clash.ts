// Refuses an input that already has a column of ours, before anything is paid for.
import { failures } from '../errors.ts';
import type { Row } from '../ticket.ts';
import { columnNames } from './columns.ts';

/** @throws Failure that names the columns and a prefix that avoids them. Case does not distinguish. */
export function refuseClash(names: readonly string[], prefix: string): void {
  const clashes = clashesIn(names, prefix);
  if (clashes.length > 0) throw failures.columnClash(clashes.join(', '), freePrefix(names), '');
}

/** In JSONL a later row can have a field that no row had before. */
export async function* refuseLateClash(
  rows: AsyncIterable<Row>,
  prefix: string,
): AsyncGenerator<Row> {
  const ours = new Set(columnNames(prefix).map((name) => name.toLowerCase()));
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

function clashesIn(names: readonly string[], prefix: string): string[] {
  const ours = new Set(columnNames(prefix).map((name) => name.toLowerCase()));
  return names.filter((name) => ours.has(name.toLowerCase()));
}

function freePrefix(names: readonly string[]): string {
  for (let times = 2; ; times++) {
    const prefix = `ai${times}_`;
    if (clashesIn(names, prefix).length === 0) return prefix;
  }
}

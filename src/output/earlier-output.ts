// Our columns in an input: recognised before anything is paid for.
import { failures } from '../ground/errors.ts';
import type { Row } from '../ticket.ts';
import { columnNames } from './columns.ts';

/**
 * @throws Failure that names the columns and a prefix that avoids them, or `--replace` where the
 *   input is an earlier output of ours. Case does not distinguish.
 */
export function refuseClash(names: readonly string[], prefix: string): void {
  const clashes = clashesIn(names, prefix);
  if (clashes.length === 0) return;
  if (isEarlierOutput(names, prefix)) throw failures.earlierOutput(prefix);
  throw failures.columnClash(clashes.join(', '), freePrefix(names), '');
}

/** Columns that no other program writes together. */
const MARKS = ['ticket_id', 'queue', 'status', 'playbook'];

/** `--replace` takes columns out, so it must be sure whose they are. @throws Failure if it is not */
export function refuseOthersColumns(dropped: readonly string[], prefix: string): void {
  if (!isEarlierOutput(dropped, prefix)) throw failures.notEarlierOutput(prefix);
}

function isEarlierOutput(names: readonly string[], prefix: string): boolean {
  const lower = new Set(names.map((name) => name.toLowerCase()));
  return MARKS.every((mark) => lower.has((prefix + mark).toLowerCase()));
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

/** Whether a column of the input is one of ours. */
export function isOurs(prefix: string): (name: string) => boolean {
  const ours = ownNames(prefix);
  return (name) => ours.has(name.toLowerCase());
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

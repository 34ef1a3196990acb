// Rows of JSON in; the same out, without what Singer and Airbyte say between the records.
import { plural } from '../ground/figures.ts';
import type { JsonRow } from '../ticket.ts';

/** What is no record, by its `type`, with a key that it has. */
const KEYS: Record<string, string> = {
  SCHEMA: 'schema',
  STATE: 'state value',
  LOG: 'log',
  TRACE: 'trace',
  CONTROL: 'control',
  CATALOG: 'catalog',
  SPEC: 'spec',
  CONNECTION_STATUS: 'connectionStatus',
  ACTIVATE_VERSION: 'version',
  BATCH: 'manifest',
};

/** @param remark told once, at the end, what was left out */
export async function* withoutSyncMessages(
  rows: AsyncIterable<JsonRow>,
  remark: (text: string) => void,
): AsyncGenerator<JsonRow> {
  const counts = new Map<string, number>();
  let file = '';
  for await (const row of rows) {
    const type = typeOf(row);
    file = row.file;
    if (type === null) yield row;
    else counts.set(type, (counts.get(type) ?? 0) + 1);
  }
  if (counts.size === 0) return;
  const total = [...counts.values()].reduce((sum, count) => sum + count, 0);
  const kinds = [...counts].map(([type, count]) => `${count} ${type}`).join(', ');
  remark(`${file}: ${plural(total, 'line')} of a sync (${kinds}) are no tickets and left out.`);
}

/** Null for a ticket. */
function typeOf({ value }: JsonRow): string | null {
  const { type } = value;
  if (typeof type !== 'string' || !Object.hasOwn(KEYS, type)) return null;
  const keys = KEYS[type]?.split(' ') ?? [];
  return keys.some((key) => Object.hasOwn(value, key)) ? type : null;
}

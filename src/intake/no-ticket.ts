// One object that is all of an input → refused if it is what an API says in place of tickets.
import { failures } from '../ground/errors.ts';
import { isObject } from '../ground/is-object.ts';
import { plainName } from './columns/column-names.ts';
import type { Columns } from './columns/find-columns.ts';
import { textAt } from './json/json-fields.ts';
import type { Input } from './open-input.ts';

/** What an API calls the notice beside a status, or the notice alone. */
const MESSAGES = new Set(['message', 'msg', 'detail', 'details']);
const STATUSES = new Set(['status', 'statuscode', 'httpstatus', 'code', 'errorcode']);
const ERRORS = new Set(['error', 'errors', 'documentationurl', 'retryafter']);
const SUCCESSES = new Set(['success', 'ok', 'succeeded', 'issuccess']);
const NOTICE =
  /\b(?:rate limit|too many requests|unauthori[sz]ed|forbidden|authenticat\w+|access denied|permission|invalid (?:api )?(?:key|token|credentials)|(?:token|session|key) (?:has )?expired|server error|unavailable|bad (?:gateway|request)|not found|quota)\b/i;
const NOTICE_WORDS = 15;

/** @throws Failure for a notice, and for a table that stands in one object, column by column */
export function refuseNoTicket({ name, head }: Input, columns: Columns): void {
  const [row] = head;
  const { id, subject, body } = columns;
  const column = body ?? subject;
  if (row?.kind !== 'json' || column === null) return;
  if (isByColumns(row.value)) {
    const what = 'one object with a list for each column, not one for each ticket.';
    throw failures.inputFormat(name, `holds ${what}`, BY_ROWS);
  }
  const isNamed = id !== null || subject !== null;
  if (!hasFailed(row.value) && (isNamed || !isNotice(column, textAt(row, column) ?? ''))) return;
  const what = `one object with a ${column}, which seems to be an API's notice and no ticket.`;
  throw failures.notATicket(name, what, column);
}

const BY_ROWS = "Write an object for each: with pandas, df.to_json(orient='records', lines=True)";

function isNotice(column: string, text: string): boolean {
  const name = plainName(column.split('.').at(-1) ?? '');
  if (MESSAGES.has(name)) return true;
  // No API calls it so.
  if (name.includes('body')) return false;
  return NOTICE.test(text) && text.trim().split(/\s+/).length <= NOTICE_WORDS;
}

function hasFailed(value: Record<string, unknown>): boolean {
  return Object.entries(value).some(([key, inner]) => {
    const name = plainName(key);
    if (SUCCESSES.has(name)) return inner === false;
    if (STATUSES.has(name)) return Number(inner) >= 400 && Number(inner) < 600;
    return ERRORS.has(name) && Boolean(inner) && (!Array.isArray(inner) || inner.length > 0);
  });
}

/** As `{"id":[1,2],"body":["a","b"]}`, or with a number before each cell. */
function isByColumns(value: Record<string, unknown>): boolean {
  const columns = Object.values(value);
  const lengths = new Set(columns.map(lengthOf));
  const [length = 0] = lengths;
  return columns.length > 1 && lengths.size === 1 && length > 1;
}

function lengthOf(column: unknown): number {
  if (Array.isArray(column)) return column.every((cell) => !isObject(cell)) ? column.length : 0;
  if (!isObject(column)) return 0;
  const keys = Object.keys(column);
  return keys.every((key, at) => key === String(at)) ? keys.length : 0;
}

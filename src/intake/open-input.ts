// One source → its rows, and what can be told of all of them by the first.
import { failures } from '../ground/errors.ts';
import { membersOf } from '../ground/json-text.ts';
import type { ColumnField, InputFormat, Row, Shape } from '../ticket.ts';
import { decode } from './decode.ts';
import { dropColumns } from './drop-columns.ts';
import { readHead } from './head.ts';
import { readJson } from './json/read-json.ts';
import { peek } from './peek.ts';
import { readTable } from './read-table.ts';
import { damageIn, refuseOtherEncoding } from './refuse-encoding.ts';
import { isEnough, sniff } from './sniff.ts';
import type { Source } from './source.ts';
import { withoutSyncMessages } from './sync-messages.ts';

export interface InputOptions {
  format: InputFormat | null;
  /** A label of the WHATWG encoding standard; null: UTF-8, or UTF-16 by its mark. */
  encoding: string | null;
  delimiter: string | null;
  columns: Partial<Record<ColumnField, string>>;
  /** Columns that are left out, as if they were not in the input; null: none. */
  isDropped: ((name: string) => boolean) | null;
  /** Whether rows become a table, whose columns must not depend on how fast they come. */
  isForTable: boolean;
}

export interface Input {
  name: string;
  /** In bytes of its rows, as far as can be told by now; null for a pipe. */
  size: () => number | null;
  shape: Shape;
  dropped: string[];
  head: Row[];
  /** Whether nothing comes after the head. */
  isWhole: boolean;
  /** Whether an object by itself is all there is. */
  isOneObject: boolean;
  rows: AsyncGenerator<Row>;
  /** For whoever does not read the rows to their end. */
  close: () => Promise<void>;
}

/** Rows that are looked at: for the columns of a table, and for the names of JSON fields. */
const HEAD_ROWS = { table: 100, json: 1000 } as const;

/** Other bytes than those of the encoding are told up to here; further on they are a row's fault. */
const JUDGED_BYTES = 64 * 1024;

/**
 * @param remark told what is odd about it, at once or when its rows have been read
 * @throws Failure if it can't be read
 */
export async function openInput(
  source: Source,
  options: InputOptions,
  remark: (text: string) => void,
): Promise<Input> {
  const { name } = source;
  const decoded = await decode(source, options.encoding);
  const { encoding } = decoded;
  const first: Buffer[] = [];
  const { head: bytes, chunks } = await readHead(decoded.chunks, isEnough);
  if (bytes.length === 0) throw failures.inputEmpty(name);
  const sniffed = sniff(name, bytes, options);
  const { shape } = sniffed;
  const damage = damageIn(encoding);
  if (sniffed.isMisnamed)
    remark(`${name} holds JSON, whatever its name says, and is read as such.`);
  const reading =
    shape.format === 'jsonl'
      ? await peekAtJson(name, keepFirst(chunks, first), options, { damage, remark })
      : await peekAtTable(name, keepFirst(chunks, first), { ...sniffed, ...shape, damage, remark });
  refuseOtherEncoding(name, Buffer.concat(first).subarray(0, JUDGED_BYTES), encoding);
  const size = () => (source.size === null ? null : source.size * decoded.ratio());
  const { names, ...looked } = reading;
  return without(options, { name, size, shape: { ...shape, names }, ...looked });
}

type Reading = Pick<Input, 'head' | 'isWhole' | 'isOneObject' | 'rows' | 'close'> & {
  names: string[];
};

function tells(row: Row): boolean {
  return row.fault === null;
}

async function peekAtJson(
  name: string,
  chunks: AsyncIterable<Buffer>,
  { columns, isForTable }: InputOptions,
  { damage, remark }: { damage: string; remark: (text: string) => void },
): Promise<Reading> {
  const json = readJson(name, chunks, { damage, isTicket: columns.body !== undefined });
  const looking = { count: HEAD_ROWS.json, isPatient: isForTable, tells };
  const rows = withoutSyncMessages(json.rows, remark);
  const { all, ...looked } = await peek<Row>(rows, looking);
  const { head, isWhole } = looked;
  // In the order of the text: parsed, keys such as "12" would come first.
  const texts = head.flatMap((row) => (row.kind === 'json' ? [row.text] : []));
  const names = [...new Set(texts.flatMap((text) => [...membersOf(text).keys()]))];
  const isOneObject = isWhole && head.length === 1 && json.isLines();
  return { ...looked, names, isOneObject, rows: all };
}

async function peekAtTable(
  name: string,
  chunks: AsyncIterable<Buffer>,
  options: Parameters<typeof readTable>[2],
): Promise<Reading> {
  const { header, rows } = await readTable(name, chunks, options);
  const looking = { count: HEAD_ROWS.table, isPatient: false, tells };
  const { all, ...looked } = await peek<Row>(rows, looking);
  return { ...looked, names: header, isOneObject: false, rows: all };
}

/** Of what is read, the first bytes are kept in `first`. */
async function* keepFirst(chunks: AsyncIterable<Buffer>, first: Buffer[]): AsyncGenerator<Buffer> {
  let kept = 0;
  for await (const chunk of chunks) {
    if (kept < JUDGED_BYTES) first.push(chunk);
    kept += chunk.length;
    yield chunk;
  }
}

function without({ isDropped }: InputOptions, input: Omit<Input, 'dropped'>): Input {
  if (!isDropped) return { ...input, dropped: [] };
  const { names, strip } = dropColumns(input.shape.names, isDropped);
  async function* stripped(): AsyncGenerator<Row> {
    for await (const row of input.rows) yield strip(row);
  }
  return {
    ...input,
    dropped: input.shape.names.filter(isDropped),
    shape: { ...input.shape, names },
    head: input.head.map(strip),
    rows: stripped(),
  };
}

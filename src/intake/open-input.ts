// One source → its rows, and what can be told of all of them by the first.
import { membersOf } from '../ground/json-text.ts';
import { failures } from '../ground/errors.ts';
import type { ColumnField, InputFormat, Row, Shape } from '../ticket.ts';
import { decode } from './decode.ts';
import { dropColumns } from './drop-columns.ts';
import { readHead } from './head.ts';
import { readJson } from './json/read-json.ts';
import { peek } from './peek.ts';
import { readTable } from './read-table.ts';
import { isEnough, sniff } from './sniff.ts';
import type { Source } from './source.ts';

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

/** @throws Failure if it can't be read */
export async function openInput(source: Source, options: InputOptions): Promise<Input> {
  const { name } = source;
  const decoded = await decode(source, options.encoding);
  const { head: bytes, chunks } = await readHead(decoded.chunks, isEnough);
  if (bytes.length === 0) throw failures.inputEmpty(name);
  const sniffed = sniff(name, bytes, options);
  const size = () => (source.size === null ? null : source.size * decoded.ratio());
  const looking = { isPatient: false, tells: (row: Row) => row.fault === null };
  if (sniffed.format === 'jsonl') {
    const json = readJson(name, chunks, options.columns.body !== undefined);
    const count = HEAD_ROWS.json;
    const isPatient = options.isForTable;
    const { all, ...looked } = await peek(json.rows, { ...looking, count, isPatient });
    // In the order of the text: parsed, keys such as "12" would come first.
    const { head } = looked;
    const names = [...new Set(head.flatMap((row) => [...membersOf(row.text).keys()]))];
    const isOneObject = looked.isWhole && head.length === 1 && json.isLines();
    const shape = { ...sniffed, names };
    return without(options, { name, size, shape, isOneObject, rows: all, ...looked });
  }
  const table = await readTable(name, chunks, sniffed.delimiter);
  const { all, ...looked } = await peek(table.rows, { ...looking, count: HEAD_ROWS.table });
  const shape = { ...sniffed, names: table.header };
  return without(options, { name, size, shape, isOneObject: false, rows: all, ...looked });
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

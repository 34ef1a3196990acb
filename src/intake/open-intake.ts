// Paths → one stream of rows and what they have in common.
import type { Readable } from 'node:stream';
import { failures } from '../ground/errors.ts';
import { membersOf } from '../ground/json-text.ts';
import type { ColumnField, InputFormat, Row, Shape } from '../ticket.ts';
import { findColumns, type Found } from './columns/find-columns.ts';
import { decode } from './decode.ts';
import { dropColumns } from './drop-columns.ts';
import { readHead } from './head.ts';
import { isObjectAt, pathsOf } from './json/json-fields.ts';
import { readJson } from './json/read-json.ts';
import { peek } from './peek.ts';
import { readTable } from './read-table.ts';
import { isEnough, sniff } from './sniff.ts';
import { openSource, type Source } from './source.ts';
import { fieldText } from './to-ticket.ts';

export interface IntakeOptions {
  /** Paths; `-` is stdin. */
  files: readonly string[];
  format: InputFormat | null;
  /** A label of the WHATWG encoding standard; null: UTF-8, or UTF-16 by its mark. */
  encoding: string | null;
  delimiter: string | null;
  columns: Partial<Record<ColumnField, string>>;
  subjectOnly: boolean;
  /** Columns that are left out, as if they were not in the input; null: none. */
  isDropped: ((name: string) => boolean) | null;
}

export interface Intake {
  shape: Shape;
  found: Found;
  /** Columns that `isDropped` took out. */
  dropped: string[];
  /** Whether ids repeat in the first rows, as where each message is a row. */
  idsRepeat: boolean;
  /** All inputs together in bytes of their rows, as far as can be told by now; null for a pipe. */
  size: () => number | null;
  rows: AsyncGenerator<Row>;
}

interface Opened {
  name: string;
  size: () => number | null;
  shape: Shape;
  dropped: string[];
  head: Row[];
  rows: AsyncGenerator<Row>;
}

/** Rows that are looked at: for the columns of a table, and for the names of JSON fields. */
const HEAD_ROWS = { table: 100, json: 1000 } as const;

/** @throws Failure if an input can't be read, has no text column, or another shape than the first. */
export async function openIntake(options: IntakeOptions, stdin: Readable): Promise<Intake> {
  const inputs: Opened[] = [];
  for (const path of options.files) {
    const input = await openInput(await openSource(path, stdin), options);
    const [first] = inputs;
    if (first) refuseOtherShape(first, input);
    inputs.push(input);
  }
  const [first] = inputs;
  if (!first) throw failures.usage('No input was named.');
  const { head, shape } = first;
  const sample = (name: string) => head.map((row) => sampleText(row, name, shape.names));
  const found = isEmptyJson(first)
    ? NOTHING
    : findColumns(namesOf(first), sample, options.columns, options.subjectOnly);
  const ids =
    found.columns.id === null
      ? []
      : sample(found.columns.id).filter((id) => id !== '' && id !== null);
  return {
    shape,
    found,
    dropped: first.dropped,
    idsRepeat: new Set(ids).size < ids.length,
    size: () => sum(inputs.map((input) => input.size())),
    rows: rowsOf(inputs),
  };
}

/** Null for what is no text, and for an object that stands for one: its parts have names as well. */
function sampleText(row: Row, column: string, header: readonly string[]): string | null {
  const isObject = row.kind === 'json' && isObjectAt(row, column);
  return isObject ? null : fieldText(row, column, header);
}

async function* rowsOf(inputs: readonly Opened[]): AsyncGenerator<Row> {
  for (const { rows } of inputs) yield* rows;
}

async function openInput(source: Source, options: IntakeOptions): Promise<Opened> {
  const { name } = source;
  const decoded = await decode(source, options.encoding);
  const { head: bytes, chunks } = await readHead(decoded.chunks, isEnough);
  if (bytes.length === 0) throw failures.inputEmpty(name);
  const sniffed = sniff(name, bytes, options);
  const size = () => (source.size === null ? null : source.size * decoded.ratio());
  if (sniffed.format === 'jsonl') {
    const { head, all } = await peek(
      readJson(name, chunks, options.columns.body !== undefined),
      HEAD_ROWS.json,
    );
    // In the order of the text: parsed, keys such as "12" would come first.
    const names = new Set(head.flatMap((row) => [...membersOf(row.text).keys()]));
    return without(options, {
      name,
      size,
      shape: { ...sniffed, names: [...names] },
      head,
      rows: all,
    });
  }
  const table = await readTable(name, chunks, sniffed.delimiter);
  const { head, all } = await peek(table.rows, HEAD_ROWS.table);
  return without(options, {
    name,
    size,
    shape: { ...sniffed, names: table.header },
    head,
    rows: all,
  });
}

function without({ isDropped }: IntakeOptions, input: Omit<Opened, 'dropped'>): Opened {
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

const NOTHING: Found = {
  columns: { id: null, subject: null, body: null, account_tier: null },
  alternatives: [],
};

/** `[]`, or nothing but blank lines: as good as a table with a header and no rows. */
function isEmptyJson({ shape, head }: Opened): boolean {
  return shape.format === 'jsonl' && head.length === 0;
}

/** What `--columns` can name: of JSON the paths into nested objects too. */
function namesOf({ shape, head }: Opened): string[] {
  if (shape.format !== 'jsonl') return shape.names;
  return pathsOf(head.flatMap((row) => (row.kind === 'json' ? [row.value] : [])));
}

function sum(sizes: readonly (number | null)[]): number | null {
  return sizes.reduce((all, size) => (all === null || size === null ? null : all + size), 0);
}

function refuseOtherShape(first: Opened, other: Opened): void {
  const [a, b] = [first.shape, other.shape];
  const differ = (difference: string) => failures.shapesDiffer(first.name, other.name, difference);
  if ((a.format === 'jsonl') !== (b.format === 'jsonl')) {
    throw differ(`one is ${a.format}, the other ${b.format}`);
  }
  if (a.format === 'jsonl') return;
  const missing = a.names.filter((name) => !b.names.includes(name));
  const added = b.names.filter((name) => !a.names.includes(name));
  if (missing.length > 0) throw differ(`it lacks the columns ${missing.join(', ')}`);
  if (added.length > 0) throw differ(`it has the columns ${added.join(', ')} as well`);
  const at = a.names.findIndex((name, index) => b.names[index] !== name);
  if (at >= 0 || a.names.length !== b.names.length) {
    throw differ(`column ${at + 1} is ${b.names[at] ?? 'missing'} instead of ${a.names[at]}`);
  }
}

// Paths → one stream of rows and what they have in common.
import type { Readable } from 'node:stream';
import { failures } from '../errors.ts';
import type { Row } from '../ticket.ts';
import { findColumns, type ColumnField, type Columns } from './columns.ts';
import { peek } from './peek.ts';
import { readLines } from './read-lines.ts';
import { readTable } from './read-table.ts';
import { isEnough, sniff, type InputFormat, type Sniffed } from './sniff.ts';
import { openSource, type Source } from './source.ts';

export interface IntakeOptions {
  /** Paths; `-` is stdin. */
  files: readonly string[];
  format: InputFormat | null;
  delimiter: string | null;
  columns: Partial<Record<ColumnField, string>>;
  subjectOnly: boolean;
  /** The first so many rows; null: all. */
  limit: number | null;
}

/** What all inputs of a run share. */
export interface Shape extends Sniffed {
  /** Column names in order, repeated ones too; of JSON the keys of the first rows. */
  names: string[];
}

export interface Intake {
  shape: Shape;
  columns: Columns;
  /** All inputs together, in bytes; null if one of them does not tell. */
  size: number | null;
  rows: AsyncGenerator<Row>;
}

interface Opened {
  name: string;
  size: number | null;
  shape: Shape;
  rows: AsyncGenerator<Row>;
}

/** Rows that are looked at for the names of JSON fields. */
const HEAD_ROWS = 100;

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
  const sizes = inputs.map((input) => input.size);
  return {
    shape: first.shape,
    columns: findColumns(first.shape.names, options.columns, options.subjectOnly),
    size: sizes.reduce((sum, size) => (sum === null || size === null ? null : sum + size), 0),
    rows: rowsOf(inputs, options.limit ?? Infinity),
  };
}

async function* rowsOf(inputs: readonly Opened[], limit: number): AsyncGenerator<Row> {
  let left = limit;
  for (const { rows } of inputs) {
    if (left <= 0) return;
    for await (const row of rows) {
      yield row;
      if (--left <= 0) break;
    }
  }
}

async function openInput(source: Source, options: IntakeOptions): Promise<Opened> {
  const { name, size } = source;
  const { head, chunks } = await readHead(source);
  if (head.length === 0) throw failures.inputEmpty(name);
  const sniffed = sniff(name, head, options);
  if (sniffed.format !== 'jsonl') {
    const { header, rows } = await readTable(name, chunks, sniffed.delimiter);
    return { name, size, shape: { ...sniffed, names: header }, rows };
  }
  const { head: first, all } = await peek(readLines(name, chunks), HEAD_ROWS);
  const names = new Set(first.flatMap((row) => Object.keys(row.value)));
  return { name, size, shape: { ...sniffed, names: [...names] }, rows: all };
}

async function readHead(source: Source): Promise<{ head: Buffer; chunks: AsyncGenerator<Buffer> }> {
  const iterator = source.chunks[Symbol.asyncIterator]();
  let head: Buffer = Buffer.alloc(0);
  while (!isEnough(head)) {
    const { value, done } = await iterator.next();
    if (done) break;
    head = Buffer.concat([head, value]);
  }
  return { head, chunks: replay() };

  async function* replay(): AsyncGenerator<Buffer> {
    try {
      if (head.length > 0) yield head;
      for (let next = await iterator.next(); !next.done; next = await iterator.next()) {
        yield next.value;
      }
    } finally {
      await iterator.return?.();
    }
  }
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

// Routed → the text of its row: the input's columns as they came in, ours after them.
import { stringify } from 'csv-stringify/sync';
import { membersOf } from '../ground/json-text.ts';
import type { Routed, Row, Shape } from '../ticket.ts';
import { cellsOf, columnNames, type Cell } from './columns.ts';

export type OutputFormat = 'csv' | 'tsv' | 'jsonl';

export interface RowText {
  /** Before the first row. */
  header: string;
  /** Ends with a line end. */
  row: (routed: Routed) => string;
}

export interface RowTextOptions {
  format: OutputFormat;
  shape: Shape;
  /** Before the names of our columns. */
  prefix: string;
  /** The playbook's identity, which is on every row. */
  playbook: string;
  /** A CSV that Excel opens unharmed. */
  excel: boolean;
}

/** Holds, in a table made from JSON, what does not stand in the columns of the first rows. */
const OTHER_FIELDS = 'other_fields';

export function rowText(options: RowTextOptions): RowText {
  return options.format === 'jsonl' ? jsonText(options) : tableText(options);
}

function tableText({ format, shape, prefix, playbook, excel }: RowTextOptions): RowText {
  const inputCells = excel ? (cells: string[]) => cells.map(excelCell) : (cells: string[]) => cells;
  const ownCell = excel ? (cell: Cell) => excelCell(tableCell(cell)) : tableCell;
  const fromTable = shape.format !== 'jsonl';
  const own = new Set(shape.names);
  const names = fromTable ? shape.names : [...shape.names, freeName(OTHER_FIELDS, own)];
  const delimiter = delimiterFor(format, shape);
  const line = lineWriter(delimiter, shape.lineEnd);
  const write = (input: string[], ours: readonly Cell[], surplus: string[]) =>
    line([...inputCells(input), ...ours.map(ownCell), ...inputCells(surplus)]);
  const header = write(names, columnNames(prefix), []);
  return {
    header: excel || (shape.bom && fromTable) ? `\uFEFF${header}` : header,
    row(routed) {
      const cells = tableCells(routed.ticket.row, own, shape.names);
      const surplus = cells.slice(names.length);
      return write(cells.slice(0, names.length), cellsOf(routed, playbook), surplus);
    },
  };
}

/** Cells → a line. Only a cell that needs quotes goes through the library, which takes 2 µs to begin. */
function lineWriter(delimiter: string, lineEnd: string): (cells: string[]) => string {
  const options = {
    delimiter,
    record_delimiter: lineEnd,
    eof: false,
    // Left to itself it quotes a cell for its own line end only, and a bare LF would end a CRLF row.
    quote_record_delimiter: true,
  };
  const isPlain = (cell: string) => !/["\r\n]/.test(cell) && !cell.includes(delimiter);
  const written = (cell: string) => (isPlain(cell) ? cell : stringify([[cell]], options));
  return (cells) => cells.map(written).join(delimiter) + lineEnd;
}

/** An input with semicolons stays one; a table made from JSON has commas. */
function delimiterFor(format: OutputFormat, shape: Shape): string {
  if (format === 'tsv') return '\t';
  return shape.format === 'csv' ? shape.delimiter : ',';
}

function tableCells(row: Row, known: ReadonlySet<string>, names: readonly string[]): string[] {
  if (row.kind === 'table') return row.cells;
  if (row.fault !== null) return [...names.map(() => ''), row.text];
  const members = membersOf(row.text);
  const others = [...members].filter(([name]) => !known.has(name));
  const rest = others.map(([name, value]) => `${JSON.stringify(name)}:${value}`).join(',');
  const cells = names.map((name) => valueText(row.value[name], members.get(name) ?? ''));
  return [...cells, rest && `{${rest}}`];
}

function valueText(value: unknown, written: string): string {
  if (value === undefined || value === null) return '';
  return typeof value === 'string' ? value : written;
}

function tableCell(cell: Cell): string {
  if (cell === null) return '';
  if (typeof cell === 'object') return cell.digits;
  return typeof cell === 'string' ? withoutFormula(cell) : String(cell);
}

/**
 * A spreadsheet takes a cell that begins so for a formula (OWASP, CSV injection). The library's own
 * option would also change the input's cells.
 */
function withoutFormula(text: string): string {
  return /^[=+\-@\t\r\n＝＋－＠]/.test(text) ? `'${text}` : text;
}

/**
 * Excel rounds a number after its 15th digit and drops leading zeros; as the text formula ="007" it
 * keeps both. A formula of digits alone can do no harm.
 */
function excelCell(text: string): string {
  if (/^(?:\d{16,}|0\d+|\d+E\d+)$/i.test(text)) return `="${text}"`;
  const isHarmless = /^-(?:\d[\d.,]*%?)?$/.test(text) || /^="[\dE]+"$/i.test(text);
  return isHarmless ? text : withoutFormula(text);
}

function jsonText({ shape, prefix, playbook }: RowTextOptions): RowText {
  const ours = columnNames(prefix).map((name) => JSON.stringify(name));
  const names = uniqueNames(shape.names);
  return {
    header: '',
    row(routed) {
      const added = cellsOf(routed, playbook).map((cell, at) => `${ours[at]}:${jsonCell(cell)}`);
      return `${withFields(inputText(routed.ticket.row, names), added.join(','))}\n`;
    },
  };
}

function jsonCell(cell: Cell): string {
  return typeof cell === 'object' && cell !== null ? cell.digits : JSON.stringify(cell);
}

/** A JSON row is not parsed and written again: that would spoil 19-digit ids. */
function inputText(row: Row, names: readonly string[]): string {
  if (row.kind === 'json')
    return row.fault === null ? row.text : JSON.stringify({ line: row.text });
  const cells = names.map((name, at) => [name, row.cells[at] ?? '']);
  const surplus = row.cells.slice(names.length);
  if (surplus.length > 0)
    cells.push([freeName('surplus_cells', new Set(names)), surplus.join('\n')]);
  // By hand, since an object would put a name such as "12" first.
  const members = cells.map(([name, cell]) => `${JSON.stringify(name)}:${JSON.stringify(cell)}`);
  return `{${members.join(',')}}`;
}

/** Adds fields before the closing brace of an object's text. */
function withFields(object: string, fields: string): string {
  const brace = object.lastIndexOf('}');
  const isEmpty = object.slice(0, brace).trim() === '{';
  return `${object.slice(0, brace)}${isEmpty ? '' : ','}${fields}${object.slice(brace).trimEnd()}`;
}

/** `Comment`, `Comment` → `Comment`, `Comment_2`. */
function uniqueNames(names: readonly string[]): string[] {
  const taken = new Set<string>();
  for (const name of names) taken.add(freeName(name, taken));
  return [...taken];
}

function freeName(name: string, taken: ReadonlySet<string>): string {
  let free = name;
  for (let times = 2; taken.has(free); times++) free = `${name}_${times}`;
  return free;
}

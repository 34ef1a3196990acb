// Bytes of CSV or TSV → its header and its rows.
import { isUtf8 } from 'node:buffer';
import { CsvError, parse, type Parser } from 'csv-parse';
import { failures } from '../ground/errors.ts';
import { plural } from '../ground/figures.ts';
import type { TableRow } from '../ticket.ts';

/** A record over this size is a quote that never closes. */
const MAX_RECORD_BYTES = 64 * 1024 * 1024;

const QUOTING_HINT =
  'A quote opens there and does not end as CSV has it (quotes inside a cell are doubled). ' +
  'Mend that line, or export again; rows before it are written.';

const SIZE_HINT =
  'A quote opens there and never closes (quotes inside a cell are doubled). ' +
  'Mend that line, or export again; rows before it are written.';

const LF = 0x0a;
const CR = 0x0d;

/** Stands in no text, so that nothing is parted. */
const NO_DELIMITER = '\u001f\u001e\u001f';

const CUT_OFF = 'the file ends in the middle of this row';

export interface TableOptions {
  delimiter: string;
  /** Whether a row is one cell, whatever signs are in it. */
  isOneColumn: boolean;
  /** The fault of a row that is not UTF-8. */
  damage: string;
  /** Told what is left out. */
  remark: (text: string) => void;
}

interface RawRecord {
  cells: string[];
  fault: string | null;
  line: number;
  bytes: number;
  /** Whether blank lines stand before it. */
  isApart: boolean;
  /** Whether the input ends here without a line end. */
  isOpen: boolean;
}

export interface Table {
  header: string[];
  rows: AsyncGenerator<TableRow>;
}

/** @throws Failure, also later while rows are read, with the line where the faulty record began. */
export async function readTable(
  file: string,
  chunks: AsyncIterable<Buffer>,
  options: TableOptions,
): Promise<Table> {
  const records = readRecords(file, chunks, options);
  let first = await records.next();
  // What Excel writes to tell itself the delimiter.
  if (!first.done && /^sep=.?$/i.test(first.value.cells.join(''))) first = await records.next();
  const header = first.done ? [] : first.value.cells;
  if (header.every((name) => name.trim() === '')) throw failures.inputBlank(file);
  return { header, rows: withoutFooter(file, records, header, options.remark) };
}

/** A row of fewer words is no footer by itself. */
const FOOTER_WORDS = 3;
const MOST_FOOTER_ROWS = 20;
const FOOTER = /^(?:copyright|confidential information|generated (?:by|on)\b)/i;

/**
 * Below the rows of a report, and parted from them by a blank line, its name and a copyright may stand:
 * lines of one cell, down to the end.
 */
async function* withoutFooter(
  file: string,
  records: AsyncIterable<RawRecord>,
  header: readonly string[],
  remark: (text: string) => void,
): AsyncGenerator<TableRow> {
  let held: TableRow[] = [];
  for await (const record of records) {
    const isAlone = header.length > 1 && record.cells.every((cell, at) => at === 0 || cell === '');
    const isBelow = held.length > 0 || record.isApart || FOOTER.test(record.cells[0] ?? '');
    const row = rowOf(file, record, header);
    if (isAlone && isBelow && held.length < MOST_FOOTER_ROWS) held.push(row);
    else {
      yield* held;
      held = [];
      yield row;
    }
  }
  const [first] = held;
  const words = held.map(({ cells: [cell = ''] }) => cell.trim().split(/\s+/).length);
  if (!first || Math.max(...words) < FOOTER_WORDS) yield* held;
  else {
    const lines = plural(held.length, 'line');
    remark(`${file}: ${lines} at its end, from line ${first.line} on, are a footer and left out.`);
  }
}

function rowOf(
  file: string,
  { cells, line, bytes, fault, isOpen }: RawRecord,
  header: readonly string[],
): TableRow {
  while (cells.length > header.length && cells.at(-1) === '') cells.pop();
  const isCutOff = isOpen && cells.length < header.length;
  const wrong = fault ?? (isCutOff ? CUT_OFF : wrongLength(cells, header.length));
  while (cells.length < header.length) cells.push('');
  return { kind: 'table', file, line, bytes, cells, fault: wrong };
}

/**
 * A short row is padded, and one with more cells marked. But where a quote is out of place as well, or
 * the row spans lines, it may be a part of a row, or two that lost a quote between them.
 */
function wrongLength(cells: readonly string[], length: number): string | null {
  const more = cells.length - length;
  if (more === 0) return null;
  const lines = 1 + cells.reduce((sum, cell) => sum + lineBreaks(cell), 0);
  const isQuoteMissing =
    lines > 1 || cells.some((cell) => cell.startsWith('"') || cell.split('"').length % 2 === 0);
  if (isQuoteMissing) {
    const where = lines > 1 ? `it spans ${lines} lines and has` : 'it has';
    return `${where} ${cells.length} cells instead of ${length}: a quote may be missing`;
  }
  return more > 0 ? `${more} more cell${more > 1 ? 's' : ''} than the header` : null;
}

/**
 * The parser is written to chunk by chunk and hands each record over in `on_record`. Read as a stream
 * it would drop the records that its reader has not yet taken as soon as it meets a fault.
 */
async function* readRecords(
  file: string,
  chunks: AsyncIterable<Buffer>,
  { delimiter, isOneColumn, damage }: TableOptions,
): AsyncGenerator<RawRecord> {
  let ready: RawRecord[] = [];
  let line = 1;
  let bytes = 0;
  let blankLines = 0;
  let malformed = false;
  const recent = recentBytes();
  const parser = parse({
    delimiter: isOneColumn ? NO_DELIMITER : delimiter,
    bom: true,
    // Any mix of line ends: left to itself, the parser takes the first line's for all.
    record_delimiter: ['\r\n', '\n', '\r'],
    relax_column_count: true,
    // For a quote inside an unquoted cell (`5" pipe`). It also lets pass a quoted cell that does not
    // end cleanly, and such a one can swallow the lines of whole tickets: see isSwallowed.
    relax_quotes: true,
    skip_empty_lines: true,
    max_record_size: MAX_RECORD_BYTES,
    on_record(cells: string[], info) {
      const isApart = info.empty_lines > blankLines;
      line += info.empty_lines - blankLines;
      blankLines = info.empty_lines;
      const raw = () => recent.between(bytes, info.bytes);
      malformed ||= isSwallowed(cells.filter(mayBeSwallowed), raw);
      if (malformed) return null;
      // The parser puts U+FFFD in the place of what it can't decode, and says nothing.
      const isDamaged = cells.some((cell) => cell.includes('\uFFFD')) && !isUtf8(raw());
      const fault = isDamaged ? damage : null;
      ready.push({ cells, line, bytes: info.bytes - bytes, fault, isApart, isOpen: false });
      line += 1 + cells.reduce((sum, cell) => sum + lineBreaks(cell), 0);
      bytes = info.bytes;
      return null;
    },
  });
  // Faults come back through `written`.
  parser.on('error', () => {}).resume();

  let lastByte: number | undefined;
  for await (const chunk of chunks) {
    lastByte = chunk.at(-1) ?? lastByte;
    recent.add(chunk);
    const error = await written(parser, chunk);
    recent.forget(bytes);
    yield* ready;
    ready = [];
    stopAtFault(error);
  }
  const lastError = await written(parser, null);
  const last = ready.at(-1);
  if (last) last.isOpen = lastByte !== LF && lastByte !== CR;
  yield* ready;
  stopAtFault(lastError);

  function stopAtFault(error: Error | null): void {
    if (malformed || (error instanceof CsvError && error.code.includes('QUOTE'))) {
      throw failures.inputMalformed(file, line, 'malformed quoting.', QUOTING_HINT);
    }
    if (error instanceof CsvError && error.code === 'CSV_MAX_RECORD_SIZE') {
      throw failures.inputMalformed(file, line, 'a record of more than 64 MB.', SIZE_HINT);
    }
    if (error) throw error;
  }
}

function written(parser: Parser, chunk: Buffer | null): Promise<Error | null> {
  return new Promise((resolve) => {
    const done = (error?: Error | null) => resolve(error ?? null);
    if (chunk === null) parser.end(done);
    else parser.write(chunk, done);
  });
}

/** Over several lines, or with a quote still open at the end of the line. */
function mayBeSwallowed(cell: string): boolean {
  if (!cell.startsWith('"')) return false;
  return lineBreaks(cell) > 0 || cell.split('"').length % 2 === 0;
}

/** Whether one of the cells, which begin with a quote, does not stand in the record in its clean form. */
function isSwallowed(cells: readonly string[], raw: () => Buffer): boolean {
  if (cells.length === 0) return false;
  const record = raw().toString('utf8');
  return cells.some((cell) => !record.includes(`"${cell.replaceAll('"', '""')}"`));
}

/** The chunks of the record that is being parsed, found again by their place in the input. */
function recentBytes() {
  let chunks: Buffer[] = [];
  let start = 0;
  return {
    add(chunk: Buffer) {
      chunks.push(chunk);
    },
    /** Mostly of one chunk, which is not copied. */
    between(from: number, to: number): Buffer {
      const parts: Buffer[] = [];
      let place = start;
      for (const chunk of chunks) {
        const part = chunk.subarray(Math.max(0, from - place), Math.max(0, to - place));
        if (part.length > 0) parts.push(part);
        place += chunk.length;
      }
      return parts.length === 1 && parts[0] ? parts[0] : Buffer.concat(parts);
    },
    forget(place: number) {
      const kept = chunks.findIndex((chunk) => {
        if (start + chunk.length > place) return true;
        start += chunk.length;
        return false;
      });
      chunks = kept < 0 ? [] : chunks.slice(kept);
    },
  };
}

function lineBreaks(cell: string): number {
  if (!cell.includes('\n') && !cell.includes('\r')) return 0;
  return cell.match(/\r\n|\n|\r/g)?.length ?? 0;
}

// Bytes of CSV or TSV → its header and its rows.
import { isUtf8 } from 'node:buffer';
import { CsvError, parse, type Parser } from 'csv-parse';
import { failures } from '../ground/errors.ts';
import type { TableRow } from '../ticket.ts';
import { NOT_UTF8 } from './sniff.ts';

/** A record over this size is a quote that never closes, not a ticket. */
const MAX_RECORD_BYTES = 2 * 1024 * 1024;

const QUOTING_HINT =
  'A quote opens there and does not end as CSV has it (quotes inside a cell are doubled). ' +
  'Mend that line, or export again; rows before it are written.';

const SIZE_HINT =
  'Most often a quote opens there and never closes (quotes inside a cell are doubled). ' +
  'Mend that line, or export again; rows before it are written.';

const LF = 0x0a;
const CR = 0x0d;

const CUT_OFF = 'the file ends in the middle of this row';

interface RawRecord {
  cells: string[];
  fault: string | null;
  line: number;
  bytes: number;
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
  delimiter: string,
): Promise<Table> {
  const records = readRecords(file, chunks, delimiter);
  let first = await records.next();
  // What Excel writes to tell itself the delimiter.
  if (!first.done && first.value.cells[0] === 'sep=') first = await records.next();
  const header = first.done ? [] : first.value.cells;
  return { header, rows: rowsOf(file, records, header) };
}

async function* rowsOf(
  file: string,
  records: AsyncGenerator<RawRecord>,
  header: string[],
): AsyncGenerator<TableRow> {
  for await (const { cells, line, bytes, fault, isOpen } of records) {
    while (cells.length > header.length && cells.at(-1) === '') cells.pop();
    const isCutOff = isOpen && cells.length < header.length;
    const wrong = fault ?? (isCutOff ? CUT_OFF : wrongLength(cells, header.length));
    while (cells.length < header.length) cells.push('');
    yield { kind: 'table', file, line, bytes, cells, fault: wrong };
  }
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
  delimiter: string,
): AsyncGenerator<RawRecord> {
  let ready: RawRecord[] = [];
  let line = 1;
  let bytes = 0;
  let blankLines = 0;
  let malformed = false;
  const recent = recentBytes();
  const parser = parse({
    delimiter,
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
      line += info.empty_lines - blankLines;
      blankLines = info.empty_lines;
      malformed ||= cells.some(
        (cell) => mayBeSwallowed(cell) && isSwallowed(cell, recent.from(bytes).toString('utf8')),
      );
      if (malformed) return null;
      const size = info.bytes - bytes;
      // The parser puts U+FFFD in the place of what it can't decode, and says nothing.
      const damaged =
        cells.some((cell) => cell.includes('\uFFFD')) &&
        !isUtf8(recent.from(bytes).subarray(0, size));
      const fault = damaged ? NOT_UTF8 : null;
      ready.push({ cells, line, bytes: size, fault, isOpen: false });
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
      throw failures.inputMalformed(file, line, 'a record of more than 2 MB.', SIZE_HINT);
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

/** Whether a cell that begins with a quote does not stand in the input in its clean form. */
function isSwallowed(cell: string, input: string): boolean {
  return !input.includes(`"${cell.replaceAll('"', '""')}"`);
}

/** The chunks of the record that is being parsed, found again by their place in the input. */
function recentBytes() {
  let chunks: Buffer[] = [];
  let start = 0;
  return {
    add(chunk: Buffer) {
      chunks.push(chunk);
    },
    from(place: number): Buffer {
      return Buffer.concat(chunks).subarray(place - start);
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

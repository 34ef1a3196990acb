// Bytes of JSON in any of its forms → its rows, each with its text to the letter.
import { failures } from '../../ground/errors.ts';
import { ARRAY_START, isBlank, NEWLINE, OBJECT_START, type Scan } from '../../ground/json-text.ts';
import type { JsonRow } from '../../ticket.ts';
import {
  addChunk,
  isBom,
  openJsonInput,
  readRecord,
  takeRow,
  takeTo,
  type JsonInput,
} from './json-input.ts';
import {
  listRows,
  MAX_RECORD_BYTES,
  pageRows,
  scanValue,
  tooLong,
  type Rows,
} from './json-list.ts';
import { pageState } from './json-page.ts';

/**
 * Lines, values over several lines or several on one, arrays, pages of an API. The first good value
 * decides which: among lines an array is a fault, and a list of `items` is the ticket's own.
 * @throws Failure, after the rows before it, with the line on which the faulty record begins
 */
export async function* readJson(
  file: string,
  chunks: AsyncIterable<Buffer>,
): AsyncGenerator<JsonRow> {
  const input = openJsonInput(file);
  const rows = rowsOf(input);
  for await (const chunk of chunks) {
    addChunk(input, chunk);
    for (const row of ready(rows)) yield row;
  }
  input.ended = true;
  for (const row of ready(rows)) yield row;
}

interface Reading {
  kind: 'unknown' | 'lines' | 'pages' | 'array';
  /** Up to here, from the start of the file, a value over several lines turned out not to be JSON. */
  brokenTo: number;
  /** In which column the last value began if it is broken: what is indented deeper is a part of it. */
  column: number;
}

function* ready(rows: Rows): Generator<JsonRow> {
  for (let next = rows.next(); !next.done && next.value; next = rows.next()) yield next.value;
}

function* rowsOf(input: JsonInput): Rows {
  const reading: Reading = { kind: 'unknown', brokenTo: 0, column: Infinity };
  for (;;) {
    if (reading.kind === 'lines' && reading.column === Infinity) yield* goodLines(input);
    const lead = yield* skipBlanks(input);
    if (lead === null) return;
    const first = input.bytes[input.at + lead];
    if (first === OBJECT_START && lead <= reading.column) yield* valueRows(input, reading, lead);
    else if (first === ARRAY_START && mayBeArray(reading)) {
      reading.kind = 'array';
      takeTo(input, input.at + lead);
      yield* listRows(input);
    } else if (reading.kind === 'array') throw afterArray(input);
    else yield* faultyLine(input);
  }
}

/** The fast path: lines that hold an object each, as far as they have come. */
function* goodLines(input: JsonInput): Rows {
  while (input.bytes[input.at] === OBJECT_START && input.lineEnd < input.bytes.length) {
    const length = input.lineEnd - input.at;
    // The lone brace before a value over several lines: JSON.parse in vain costs as much as the value.
    if (length <= 2 || length > MAX_RECORD_BYTES) return;
    const record = readRecord(input, input.lineEnd, 'line');
    if (record.fault !== null) return;
    yield takeRow(input, record, input.lineEnd + 1);
  }
}

/** The object that begins after `lead` blanks, and those that follow it on its last line. */
function* valueRows(input: JsonInput, reading: Reading, lead: number): Rows {
  for (let blanks = lead; ; blanks = 0) {
    const scan = yield* scanValue(input, blanks, mostOf(input, reading, blanks));
    const start = input.at + blanks;
    const page =
      reading.kind === 'lines' ? 'none' : pageState(input.bytes, start, start + scan.length);
    if (page === 'page' || (page === 'empty' && reading.kind === 'pages')) {
      reading.kind = 'pages';
      takeTo(input, start);
      return yield* pageRows(input);
    }
    if (scan.state === 'open' && scan.length === MAX_RECORD_BYTES) throw tooLong(input);
    const next = scan.state === 'closed' ? yield* nextPlace(input, blanks + scan.length) : null;
    if (next === null) {
      noteBroken(input, reading, blanks, scan);
      return yield* faultyLine(input);
    }
    const isLast = next.byte !== OBJECT_START;
    const end = input.at + (isLast ? next.place : blanks + scan.length);
    const record = readRecord(input, end, input.lineEnd < end ? 'record' : 'line');
    if (record.fault === null) {
      reading.column = Infinity;
      if (reading.kind !== 'pages' && page === 'none') reading.kind = 'lines';
    }
    yield takeRow(input, record, input.at + next.place + (next.byte === NEWLINE ? 1 : 0));
    if (isLast) return;
  }
}

/** Lines that were part of a broken value are looked at one by one: else they are read again and again. */
function mostOf(input: JsonInput, reading: Reading, blanks: number): number {
  const isKnown = input.before + input.lineEnd < reading.brokenTo;
  return isKnown ? input.lineEnd - input.at - blanks : MAX_RECORD_BYTES;
}

function noteBroken(input: JsonInput, reading: Reading, blanks: number, scan: Scan): void {
  const place = input.at + blanks + scan.length - 1;
  if (input.lineEnd < place) reading.brokenTo = Math.max(reading.brokenTo, input.before + place);
  reading.column = Math.min(reading.column, blanks);
}

/** One row for the rest of the line, whatever it holds. */
function* faultyLine(input: JsonInput): Rows {
  for (;;) {
    if (input.lineEnd - input.at > MAX_RECORD_BYTES) throw tooLong(input);
    if (input.lineEnd < input.bytes.length || input.ended) break;
    yield null;
  }
  const { text, fault } = readRecord(input, input.lineEnd, 'line');
  const record = {
    text,
    value: {},
    fault: fault ?? 'the line is part of a record that is not JSON',
  };
  yield takeRow(input, record, Math.min(input.lineEnd + 1, input.bytes.length));
}

/** Takes blank lines. @returns the blanks before what stands next; null at the end of the input */
function* skipBlanks(input: JsonInput): Rows<number | null> {
  for (;;) {
    let place = input.at;
    while (isBlank(input.bytes[place])) place++;
    while (input.lineEnd < place) takeTo(input, input.lineEnd + 1);
    if (isBom(input, place)) takeTo(input, place + 3);
    else if (place + 3 <= input.bytes.length || input.ended) {
      return place < input.bytes.length ? place - input.at : null;
    } else {
      if (place - input.at > MAX_RECORD_BYTES) takeTo(input, place);
      yield null;
    }
  }
}

interface Place {
  /** From what is not yet taken on. */
  place: number;
  byte: number | undefined;
}

/** Where, after a value, the line ends or the next object begins; null if something else follows. */
function* nextPlace(input: JsonInput, length: number): Rows<Place | null> {
  for (let place = length; ;) {
    let byte = input.bytes[input.at + place];
    while (isBlank(byte) && byte !== NEWLINE) byte = input.bytes[input.at + ++place];
    if (byte === undefined && !input.ended) yield null;
    else if (byte === undefined || byte === NEWLINE || byte === OBJECT_START)
      return { place, byte };
    else return null;
  }
}

function mayBeArray({ kind, column }: Reading): boolean {
  return (kind === 'unknown' || kind === 'array') && column === Infinity;
}

function afterArray({ file, line }: JsonInput) {
  return failures.inputMalformed(
    file,
    line,
    'something follows the end of the array.',
    'Take it out, or export again; rows before it are written.',
  );
}

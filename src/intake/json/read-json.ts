// Bytes of JSON in any of its forms → its rows, each with its text to the letter.
import { failures } from '../../ground/errors.ts';
import {
  ARRAY_START,
  COMMA,
  isBlank,
  NEWLINE,
  OBJECT_START,
  QUOTE,
  type Scan,
} from '../../ground/json-text.ts';
import type { JsonRow } from '../../ticket.ts';
import {
  addChunk,
  openJsonInput,
  readRecord,
  RECORD_SEPARATOR,
  signLength,
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
import { pageOf, type Page } from './json-page.ts';

/** Of a larger object its beginning tells whether it is a page. */
const JUDGED_BYTES = 2 * 1024 * 1024;
/** So many pages without a ticket may come before the first with one. */
const MOST_HELD = 1000;

const AMONG_PAGES = 'an object without a list, among pages of an API: a notice, not a ticket';

export interface JsonOptions {
  /** Whether an object that may be either is a ticket, and not a page. */
  isTicket: boolean;
  /** The fault of a record that is not UTF-8. */
  damage: string;
}

export interface JsonRows {
  rows: AsyncGenerator<JsonRow>;
  /** Whether what came by now is objects one after another, and no list. */
  isLines: () => boolean;
}

/**
 * Lines, values over several lines or several on one, arrays, pages of an API. The first good value
 * decides which: among lines an array is a fault, and a list of `items` is the ticket's own.
 * @returns rows, which throw a Failure with the line on which the faulty record begins
 */
export function readJson(
  file: string,
  chunks: AsyncIterable<Buffer>,
  { isTicket, damage }: JsonOptions,
): JsonRows {
  const start = { held: [], brokenTo: 0, column: Infinity };
  const reading: Reading = { kind: 'unknown', isTicket, ...start };
  const input = openJsonInput(file, damage);
  return { rows: rowsIn(input, chunks, reading), isLines: () => reading.kind === 'lines' };
}

async function* rowsIn(
  input: JsonInput,
  chunks: AsyncIterable<Buffer>,
  reading: Reading,
): AsyncGenerator<JsonRow> {
  const rows = rowsOf(input, reading);
  for await (const chunk of chunks) {
    addChunk(input, chunk);
    for (const row of ready(rows)) yield row;
  }
  input.ended = true;
  for (const row of ready(rows)) yield row;
}

interface Reading {
  kind: 'unknown' | 'lines' | 'pages' | 'array';
  isTicket: boolean;
  /** Objects with an empty list, until it is known whether they are tickets; dropped if nothing follows. */
  held: JsonRow[];
  /** Up to here, from the start of the file, a value over several lines turned out not to be JSON. */
  brokenTo: number;
  /** In which column the last value began if it is broken: what is indented deeper is a part of it. */
  column: number;
}

function* ready(rows: Rows): Generator<JsonRow> {
  for (let next = rows.next(); !next.done && next.value; next = rows.next()) yield next.value;
}

function* rowsOf(input: JsonInput, reading: Reading): Rows {
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
    else yield* otherLine(input, reading);
  }
}

/** The fast path: lines that hold an object each, as far as they have come. */
function* goodLines(input: JsonInput): Rows {
  while (input.bytes[input.at] === OBJECT_START && input.lineEnd < input.bytes.length) {
    const length = input.lineEnd - input.at;
    // The lone brace before a value over several lines: JSON.parse in vain costs as much as the value.
    if (length <= 2 || length > MAX_RECORD_BYTES) return;
    const record = readRecord(input, input.lineEnd);
    if (record.fault !== null) return;
    yield takeRow(input, record, input.lineEnd + 1);
  }
}

/** The object that begins after `lead` blanks, and those that follow it on its last line. */
function* valueRows(input: JsonInput, reading: Reading, lead: number): Rows {
  for (let blanks = lead; ; blanks = 0) {
    const { scan, page } = yield* judged(input, reading, blanks);
    if (isPage(page, reading)) {
      reading.kind = 'pages';
      reading.held = [];
      takeTo(input, input.at + blanks);
      return yield* pageRows(input, page.lists, scan.state === 'closed');
    }
    refuseOther(input, page, reading);
    if (scan.state === 'open' && scan.length === MAX_RECORD_BYTES) throw tooLong(input);
    const next = scan.state === 'closed' ? yield* nextPlace(input, blanks + scan.length) : null;
    if (next === null) {
      noteBroken(input, reading, blanks, scan);
      return yield* otherLine(input, reading);
    }
    const isLast = next.byte !== OBJECT_START;
    const end = input.at + (isLast ? next.end : blanks + scan.length);
    const record = readRecord(input, end, input.lineEnd < end ? 'record' : undefined);
    const isHeld = page.kind === 'empty' && reading.kind === 'unknown' && mayHold(page, reading);
    if (record.fault === null) {
      reading.column = Infinity;
      if (reading.kind === 'pages' && page.kind === 'bare') record.fault = AMONG_PAGES;
      else if (reading.kind !== 'pages' && !isHeld) reading.kind = 'lines';
    }
    const row = takeRow(input, record, input.at + next.place + (next.byte === NEWLINE ? 1 : 0));
    if (isHeld) reading.held.push(row);
    else yield* withHeld(reading, row);
    if (isLast) return;
  }
}

function* judged(
  input: JsonInput,
  reading: Reading,
  blanks: number,
): Rows<{ scan: Scan; page: Page }> {
  const most = mostOf(input, reading, blanks);
  const judge = (to: number): Page => {
    if (reading.kind === 'lines') return TICKET;
    return pageOf(input.bytes, input.at + blanks, input.at + blanks + to);
  };
  const scan = yield* scanValue(input, blanks, Math.min(most, JUDGED_BYTES));
  let page = judge(scan.length);
  if (scan.state === 'open' && scan.length === JUDGED_BYTES && page.kind !== 'page') {
    const whole = yield* scanValue(input, blanks, most, scan);
    if (whole.state === 'closed') page = judge(whole.length);
  }
  return { scan, page };
}

const TICKET: Page = { kind: 'ticket', lists: [], hasText: false };

function isPage({ kind }: Page, reading: Reading): boolean {
  if (reading.kind === 'pages') return ['page', 'empty', 'unclear'].includes(kind);
  return kind === 'page';
}

/** One with a text could be a ticket, and two of them are. */
function mayHold({ hasText }: Page, { held }: Reading): boolean {
  return held.length < (hasText ? 1 : MOST_HELD);
}

function* withHeld(reading: Reading, row: JsonRow): Rows {
  yield* reading.held;
  reading.held = [];
  yield row;
}

function refuseOther({ file, line }: JsonInput, { kind, lists }: Page, reading: Reading): void {
  if (kind === 'failed') {
    const why = 'the API answered with an error, and with no tickets.';
    throw failures.inputMalformed(file, line, why, 'Export again; rows before it are written.');
  }
  if (kind !== 'unclear' || reading.isTicket) return;
  const names = (lists[0] ?? []).map((key) => `[${JSON.stringify(key)}]`).join('');
  throw failures.inputMalformed(
    file,
    line,
    `an object with a text of its own and a list of others (${(lists[0] ?? []).join('.')}).`,
    `If the list is what is meant: jq -c '.${names}[]' <file> | ticket-classify - ` +
      '(if the object is a ticket, name its text: --columns body=…)',
  );
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
function* otherLine(input: JsonInput, reading: Reading): Rows {
  for (;;) {
    if (input.lineEnd - input.at > MAX_RECORD_BYTES) throw tooLong(input);
    if (input.lineEnd < input.bytes.length || input.ended) break;
    yield null;
  }
  const isEncoded = reading.column === Infinity && input.bytes[input.at] === QUOTE;
  const record = readRecord(input, input.lineEnd);
  if (record.fault === null && isEncoded) reading.kind = 'lines';
  else if (record.fault === null) {
    record.value = {};
    record.fault = `line ${input.line} is part of a record that is not JSON`;
  }
  const row = takeRow(input, record, Math.min(input.lineEnd + 1, input.bytes.length));
  yield* withHeld(reading, row);
}

/** Takes blank lines. @returns the blanks before what stands next; null at the end of the input */
function* skipBlanks(input: JsonInput): Rows<number | null> {
  for (;;) {
    let place = input.at;
    while (isBlank(input.bytes[place])) place++;
    while (input.lineEnd < place) takeTo(input, input.lineEnd + 1);
    const sign = signLength(input, place);
    if (sign > 0) takeTo(input, place + sign);
    else if (place + 3 <= input.bytes.length || input.ended) {
      return place < input.bytes.length ? place - input.at : null;
    } else {
      if (place - input.at > MAX_RECORD_BYTES) takeTo(input, place);
      yield null;
    }
  }
}

interface Place {
  /** Where the value ends, with the blanks behind it, from what is not yet taken on. */
  end: number;
  /** Behind a comma that follows it as well. */
  place: number;
  byte: number | undefined;
}

/** Where, after a value, the line ends or the next object begins; null if something else follows. */
function* nextPlace(input: JsonInput, length: number): Rows<Place | null> {
  let end: number | null = null;
  for (let place = length; ;) {
    let byte = input.bytes[input.at + place];
    while (isBlank(byte) && byte !== NEWLINE) byte = input.bytes[input.at + ++place];
    if (byte === COMMA && end === null) end = place++;
    else if (byte === undefined && !input.ended) yield null;
    else if (byte === undefined || ENDS.has(byte)) return { end: end ?? place, place, byte };
    else return null;
  }
}

const ENDS = new Set([NEWLINE, OBJECT_START, RECORD_SEPARATOR]);

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

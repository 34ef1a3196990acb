// The bytes of an array, or of a page of an API, → a row for each element of the list.
import { failures, type Failure } from '../../ground/errors.ts';
import {
  ARRAY_END,
  ARRAY_START,
  COLON,
  COMMA,
  isBlank,
  keyOf,
  newScan,
  OBJECT_END,
  OBJECT_START,
  QUOTE,
  scanOn,
  type Scan,
} from '../../ground/json-text.ts';
import type { JsonRow } from '../../ticket.ts';
import { readRecord, takeRow, takeTo, type JsonInput } from './json-input.ts';
import { isOfTicket } from './json-page.ts';

/** A record over this size is a brace that never closes. */
export const MAX_RECORD_BYTES = 64 * 1024 * 1024;

/** Null: what has come is used up, go on with more. */
export type Rows<T = void> = Generator<JsonRow | null, T>;

const EXPORT_HINT = 'Mend it there, or export again; rows before it are written.';

/** From `[` to `]`. Only one element is in memory at a time. */
export function* listRows(input: JsonInput): Rows {
  takeTo(input, input.at + 1);
  if ((yield* nextByte(input)) === ARRAY_END) return takeTo(input, input.at + 1);
  for (;;) {
    const scan = yield* scanValue(input);
    if (scan.state !== 'closed') throw notClosed(input, scan);
    const end = input.at + scan.length;
    yield takeRow(input, readRecord(input, end, 'element'), end);
    if (yield* isLast(input, ARRAY_END)) return;
  }
}

/**
 * From `{` to `}`: the elements of its lists; the other members are dropped.
 * @param lists the keys that lead to each of them
 * @param isKnown whether the object was judged whole
 */
export function* pageRows(
  input: JsonInput,
  lists: readonly (readonly string[])[],
  isKnown: boolean,
): Rows {
  takeTo(input, input.at + 1);
  yield* nextByte(input);
  for (;;) {
    const name = yield* scanValue(input);
    const end = input.at + name.length;
    if (name.state !== 'closed' || input.bytes[input.at] !== QUOTE) throw notClosed(input, name);
    const key = keyOf(input.bytes, input.at, end);
    if (!isKnown && isOfTicket(key)) throw notAPage(input, key);
    takeTo(input, end);
    if ((yield* nextByte(input)) !== COLON) throw malformed(input);
    takeTo(input, input.at + 1);
    const first = yield* nextByte(input);
    const inside = lists.filter((path) => path[0] === key).map((path) => path.slice(1));
    if (first === ARRAY_START && inside.some((path) => path.length === 0)) yield* listRows(input);
    else if (first === OBJECT_START && inside.length > 0) yield* pageRows(input, inside, isKnown);
    else yield* dropValue(input);
    if (yield* isLast(input, OBJECT_END)) return;
  }
}

/**
 * Reads on until the value is closed or broken, the input ends, or the bound is reached.
 * @param lead the blanks before it
 * @param most how many of its bytes are looked at
 * @param scan what is known of it
 */
export function* scanValue(
  input: JsonInput,
  lead = 0,
  most: number = MAX_RECORD_BYTES,
  scan: Scan = newScan(),
): Rows<Scan> {
  for (;;) {
    const start = input.at + lead;
    const state = scanOn(scan, input.bytes, start, Math.min(input.bytes.length, start + most));
    if (state !== 'open' || input.ended || scan.length === most) return scan;
    yield null;
  }
}

/** Takes blanks; undefined at the end of the input. */
function* nextByte(input: JsonInput): Rows<number | undefined> {
  for (;;) {
    let place = input.at;
    while (isBlank(input.bytes[place])) place++;
    takeTo(input, place);
    if (place < input.bytes.length || input.ended) return input.bytes[place];
    yield null;
  }
}

export function tooLong(input: JsonInput): Failure {
  return failures.inputMalformed(
    input.file,
    input.line,
    'a record of more than 64 MB.',
    'A brace opens there and does not close: mend that line, or export again. If the ' +
      "tickets are a list inside of it, take them out: jq -c '.name_of_the_list[]' <file> | " +
      'ticket-classify -. Rows before it are written.',
  );
}

/** Takes the comma or the closing bracket after a value, and the blanks around it. */
function* isLast(input: JsonInput, closing: number): Rows<boolean> {
  const byte = yield* nextByte(input);
  if (byte !== closing && byte !== COMMA) throw malformed(input);
  takeTo(input, input.at + 1);
  if (byte === COMMA) yield* nextByte(input);
  return byte === closing;
}

function* dropValue(input: JsonInput): Rows {
  const scan = newScan();
  while (scanOn(scan, input.bytes, input.at, input.bytes.length) === 'open') {
    if (input.ended) throw malformed(input);
    takeTo(input, input.bytes.length);
    scan.length = 0;
    yield null;
  }
  if (scan.state === 'broken') throw malformed(input);
  takeTo(input, input.at + scan.length);
}

function notClosed(input: JsonInput, scan: Scan): Failure {
  if (scan.length >= MAX_RECORD_BYTES) return tooLong(input);
  return scan.state === 'open' ? cutOff(input) : malformed(input);
}

function malformed(input: JsonInput): Failure {
  if (input.ended && input.at === input.bytes.length) return cutOff(input);
  const why = 'what stands there, in a list of tickets, is not JSON.';
  return failures.inputMalformed(input.file, input.line, why, EXPORT_HINT);
}

function cutOff(input: JsonInput): Failure {
  const why = 'the file ends there, in the middle of a list of tickets.';
  return failures.inputMalformed(input.file, input.line, why, EXPORT_HINT);
}

function notAPage(input: JsonInput, key: string): Failure {
  return failures.inputMalformed(
    input.file,
    input.line,
    `an object of more than 2 MB, or a damaged one, has a list of tickets and a ${key} of its own.`,
    "Take the tickets out of it: jq -c '.name_of_the_list[]' <file> | ticket-classify -",
  );
}

// Bytes of JSON, cut anywhere → where a value ends, and where the parts of it stand.

export const NEWLINE = 0x0a;

/** `broken`: no byte that may follow can make it JSON. */
export type ScanState = 'open' | 'closed' | 'broken';

export interface Scan {
  state: ScanState;
  /** Bytes of the value that were looked at; once it is closed, its length. */
  length: number;
  /** What may come next. */
  expects: number;
  /** Of the objects and arrays that are open, outermost first: whether it is an object. */
  nesting: boolean[];
}

export const QUOTE = 0x22;
export const COMMA = 0x2c;
export const COLON = 0x3a;
export const ARRAY_START = 0x5b;
export const ARRAY_END = 0x5d;
export const OBJECT_START = 0x7b;
export const OBJECT_END = 0x7d;
const BACKSLASH = 0x5c;

const VALUE = 0;
const VALUE_OR_END = 1;
const KEY = 2;
const KEY_OR_END = 3;
const AFTER_KEY = 4;
const AFTER_VALUE = 5;
const IN_KEY = 6;
const IN_STRING = 7;
const IN_SCALAR = 8;
const ESCAPE_IN_KEY = 9;
const ESCAPE_IN_STRING = 10;

export function newScan(): Scan {
  return { state: 'open', length: 0, expects: VALUE, nesting: [] };
}

/**
 * Goes on with the value that begins at `start`, up to `to` at most. Checked is how strings, brackets,
 * commas and colons stand; what a number, a word or an escape may look like is left to JSON.parse. A
 * line end within a string breaks the value: else one lost quote would swallow all that follows.
 */
export function scanOn(scan: Scan, bytes: Buffer, start: number, to: number): ScanState {
  const { nesting } = scan;
  let { state, expects } = scan;
  let at = start + scan.length;
  while (at < to && state === 'open') {
    const byte = bytes[at++];
    switch (expects) {
      case IN_KEY:
      case IN_STRING: {
        let inside = byte;
        while (inside !== QUOTE && inside !== BACKSLASH && inside !== NEWLINE && at < to) {
          inside = bytes[at++];
        }
        if (inside === BACKSLASH) expects = expects === IN_KEY ? ESCAPE_IN_KEY : ESCAPE_IN_STRING;
        else if (inside === NEWLINE) state = 'broken';
        else if (inside === QUOTE) expects = expects === IN_KEY ? AFTER_KEY : AFTER_VALUE;
        break;
      }
      case ESCAPE_IN_KEY:
      case ESCAPE_IN_STRING:
        if (byte === NEWLINE) state = 'broken';
        expects = expects === ESCAPE_IN_KEY ? IN_KEY : IN_STRING;
        break;
      case VALUE:
      case VALUE_OR_END:
        if (isBlank(byte)) break;
        if (byte === QUOTE) expects = IN_STRING;
        else if (byte === OBJECT_START || byte === ARRAY_START) {
          nesting.push(byte === OBJECT_START);
          expects = byte === OBJECT_START ? KEY_OR_END : VALUE_OR_END;
        } else if (byte === ARRAY_END && expects === VALUE_OR_END) {
          nesting.pop();
          expects = AFTER_VALUE;
        } else if (endsScalar(byte)) state = 'broken';
        else expects = IN_SCALAR;
        break;
      case KEY:
      case KEY_OR_END:
        if (isBlank(byte)) break;
        if (byte === QUOTE) expects = IN_KEY;
        else if (byte === OBJECT_END && expects === KEY_OR_END) {
          nesting.pop();
          expects = AFTER_VALUE;
        } else state = 'broken';
        break;
      case AFTER_KEY:
        if (byte === COLON) expects = VALUE;
        else if (!isBlank(byte)) state = 'broken';
        break;
      case IN_SCALAR:
        if (!endsScalar(byte)) break;
        expects = AFTER_VALUE;
        at--;
        break;
      default: {
        if (isBlank(byte)) break;
        const inObject = nesting.at(-1);
        if (byte === COMMA) expects = inObject ? KEY : VALUE;
        else if (byte === (inObject ? OBJECT_END : ARRAY_END)) nesting.pop();
        else state = 'broken';
      }
    }
    if (expects === AFTER_VALUE && nesting.length === 0) state = 'closed';
  }
  scan.length = at - start;
  scan.expects = expects;
  scan.state = state;
  return state;
}

export function isBlank(byte: number | undefined): boolean {
  return byte === 0x20 || byte === NEWLINE || byte === 0x0d || byte === 0x09;
}

function endsScalar(byte: number | undefined): boolean {
  return (
    isBlank(byte) ||
    byte === COMMA ||
    byte === COLON ||
    byte === QUOTE ||
    byte === ARRAY_START ||
    byte === ARRAY_END ||
    byte === OBJECT_START ||
    byte === OBJECT_END
  );
}

export interface JsonPart {
  /** Of an object's member; an element of an array has its number instead. */
  key: string | number;
  /** Where its value begins, and where it ends or, if it is cut off, the end of the bytes. */
  from: number;
  to: number;
}

/** Ends where the value does, where it breaks, or at `to`: the last value may be cut off. */
export function* partsOf(bytes: Buffer, from: number, to: number): Generator<JsonPart> {
  const isObject = bytes[from] === OBJECT_START;
  if (!isObject && bytes[from] !== ARRAY_START) return;
  let at = skipBlanks(bytes, from + 1, to);
  if (bytes[at] === ARRAY_END) return;
  for (let number = 0; at < to; number++) {
    let key: string | number = number;
    if (isObject) {
      const end = valueEnd(bytes, at, to);
      if (bytes[at] !== QUOTE || end === null) return;
      key = keyOf(bytes, at, end);
      at = skipBlanks(bytes, end, to);
      if (bytes[at] !== COLON) return;
      at = skipBlanks(bytes, at + 1, to);
    }
    if (at >= to) return;
    const end = valueEnd(bytes, at, to);
    yield { key, from: at, to: end ?? to };
    if (end === null) return;
    at = skipBlanks(bytes, end, to);
    if (bytes[at] !== COMMA) return;
    at = skipBlanks(bytes, at + 1, to);
  }
}

/** The values of an object's keys as they stand in its text: parsed, a 19-digit id would be rounded. */
export function membersOf(text: string): Map<string, string> {
  const bytes = Buffer.from(text);
  const members = new Map<string, string>();
  for (const { key, from, to } of partsOf(bytes, Math.max(0, bytes.indexOf('{')), bytes.length)) {
    members.set(String(key), bytes.toString('utf8', from, to));
  }
  return members;
}

/** A key with an escape that JSON does not know keeps it: it is no key that we look for. */
export function keyOf(bytes: Buffer, from: number, to: number): string {
  const text = bytes.toString('utf8', from, to);
  if (!text.includes('\\')) return text.slice(1, -1);
  try {
    return String(JSON.parse(text));
  } catch {
    return text;
  }
}

function skipBlanks(bytes: Buffer, from: number, to: number): number {
  let at = from;
  while (at < to && isBlank(bytes[at])) at++;
  return at;
}

function valueEnd(bytes: Buffer, from: number, to: number): number | null {
  const scan = newScan();
  return scanOn(scan, bytes, from, to) === 'closed' ? from + scan.length : null;
}

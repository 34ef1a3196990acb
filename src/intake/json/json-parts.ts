// Bytes of a JSON object or array → its members or elements, and where the value of each stands.
import {
  ARRAY_START,
  COLON,
  COMMA,
  isBlank,
  newScan,
  OBJECT_START,
  QUOTE,
  scanOn,
} from './json-scan.ts';

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

// Bytes of one JSON record → its row.
import { isUtf8 } from 'node:buffer';
import { isObject } from '../../ground/is-object.ts';
import type { JsonRow } from '../../ticket.ts';
import { countRow, takeTo, type JsonInput } from './json-input.ts';
import { NOT_UTF8 } from '../sniff.ts';

export type JsonRecord = Pick<JsonRow, 'text' | 'value' | 'fault'>;

const RETURN = 0x0d;

/**
 * What stands next in the input, up to the place `end`.
 * @param what it is, in words for the user: `line`
 */
export function readRecord(input: JsonInput, end: number, what: string): JsonRecord {
  const { at, bytes } = input;
  const to = bytes[end - 1] === RETURN ? end - 1 : end;
  const text = bytes.toString('utf8', at, to);
  if (text.includes('\uFFFD') && !isUtf8(bytes.subarray(at, to))) {
    return { text, value: {}, fault: NOT_UTF8 };
  }
  try {
    const value: unknown = JSON.parse(text);
    if (isObject(value)) return { text: onOneLine(text), value, fault: null };
    return { text, value: {}, fault: `the ${what} is not a JSON object` };
  } catch {
    return { text, value: {}, fault: `the ${what} is not JSON` };
  }
}

/** @param next where what follows the record begins */
export function takeRow(input: JsonInput, record: JsonRecord, next: number): JsonRow {
  const { file, line } = input;
  takeTo(input, next);
  return { kind: 'json', file, line, bytes: countRow(input), ...record };
}

/** In JSON a raw line end stands only between tokens, never within a string. */
function onOneLine(text: string): string {
  return text.includes('\n') || text.includes('\r') ? text.replace(/[\r\n]/g, '') : text;
}

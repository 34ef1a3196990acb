// Chunks of a JSON file → those bytes that are not yet taken, and rows of those that are.
import { isUtf8 } from 'node:buffer';
import { isObject } from '../../ground/is-object.ts';
import { NEWLINE } from '../../ground/json-text.ts';
import type { JsonRow } from '../../ticket.ts';
import { NOT_UTF8 } from '../sniff.ts';

const RETURN = 0x0d;
const BOM = [0xef, 0xbb, 0xbf];

export type JsonRecord = Pick<JsonRow, 'text' | 'value' | 'fault'>;

export interface JsonInput {
  readonly file: string;
  bytes: Buffer;
  /** Where in `bytes` that begins which is not yet taken. A new chunk moves it to 0. */
  at: number;
  /** Where the first line end from `at` on stands; the end of `bytes` if there is none. */
  lineEnd: number;
  /** True if nothing comes after `bytes`. */
  ended: boolean;
  /** 1-based, of `at`. */
  line: number;
  /** Bytes taken before `bytes[0]`. */
  before: number;
  /** Bytes up to the end of the last row. */
  counted: number;
}

export function openJsonInput(file: string): JsonInput {
  const bytes = Buffer.alloc(0);
  return { file, bytes, at: 0, lineEnd: 0, ended: false, line: 1, before: 0, counted: 0 };
}

export function addChunk(input: JsonInput, chunk: Buffer): void {
  const { at, bytes } = input;
  const searched = input.lineEnd - at;
  input.bytes = at === bytes.length ? chunk : Buffer.concat([bytes.subarray(at), chunk]);
  input.before += at;
  input.at = 0;
  input.lineEnd = findLineEnd(input, searched);
}

/** Takes the bytes up to the place `to`, and counts the line ends that are among them. */
export function takeTo(input: JsonInput, to: number): void {
  while (input.lineEnd < to) {
    input.line++;
    input.lineEnd = findLineEnd(input, input.lineEnd + 1);
  }
  input.at = to;
}

/** A byte order mark stands at the very start, or where files were strung together. */
export function isBom(input: JsonInput, place: number): boolean {
  return BOM.every((byte, at) => input.bytes[place + at] === byte);
}

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

/** The bytes since the last row: blanks and brackets between two rows count with the second. */
function countRow(input: JsonInput): number {
  const end = input.before + input.at;
  const bytes = end - input.counted;
  input.counted = end;
  return bytes;
}

function findLineEnd(input: JsonInput, from: number): number {
  const place = input.bytes.indexOf(NEWLINE, from);
  return place < 0 ? input.bytes.length : place;
}

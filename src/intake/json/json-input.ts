// Chunks of a JSON file → those bytes that are not yet taken, and rows of those that are.
import { NEWLINE } from '../../ground/json-text.ts';
import type { JsonRow } from '../../ticket.ts';
import { jsonRecord, type JsonRecord } from './json-record.ts';

export const RECORD_SEPARATOR = 0x1e;
const RETURN = 0x0d;
const BOM = [0xef, 0xbb, 0xbf];

export interface JsonInput {
  readonly file: string;
  /** The fault of a record that is not UTF-8. */
  readonly damage: string;
  bytes: Buffer;
  /** Where `bytes` stand if there is room behind them. */
  store: Buffer;
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

export function openJsonInput(file: string, damage: string): JsonInput {
  const bytes = Buffer.alloc(0);
  return {
    file,
    damage,
    bytes,
    store: bytes,
    at: 0,
    lineEnd: 0,
    ended: false,
    line: 1,
    before: 0,
    counted: 0,
  };
}

export function addChunk(input: JsonInput, chunk: Buffer): void {
  const { at, bytes } = input;
  const searched = input.lineEnd - at;
  input.bytes = at === bytes.length ? chunk : joined(input, bytes.subarray(at), chunk);
  input.before += at;
  input.at = 0;
  input.lineEnd = findLineEnd(input, searched);
}

/** Room is doubled: a record of many chunks is copied but once or twice. */
function joined(input: JsonInput, rest: Buffer, chunk: Buffer): Buffer {
  const length = rest.length + chunk.length;
  const isInStore =
    rest.buffer === input.store.buffer && rest.byteOffset === input.store.byteOffset;
  if (!isInStore || input.store.length < length) {
    input.store = Buffer.allocUnsafeSlow(2 * length);
    rest.copy(input.store);
  }
  chunk.copy(input.store, rest.length);
  return input.store.subarray(0, length);
}

/** Takes the bytes up to the place `to`, and counts the line ends that are among them. */
export function takeTo(input: JsonInput, to: number): void {
  while (input.lineEnd < to) {
    input.line++;
    input.lineEnd = findLineEnd(input, input.lineEnd + 1);
  }
  input.at = to;
}

/**
 * How many bytes stand there that are none of a value: a byte order mark at the very start or where
 * files were strung together, the sign that `jq --seq` sets before each value.
 */
export function signLength({ bytes }: JsonInput, place: number): number {
  if (bytes[place] === RECORD_SEPARATOR) return 1;
  return BOM.every((byte, at) => bytes[place + at] === byte) ? BOM.length : 0;
}

/**
 * What stands next in the input, up to the place `end`.
 * @param what it is, where it is not a line of its own: `record`, `element`
 */
export function readRecord(input: JsonInput, end: number, what?: string): JsonRecord {
  const { at, bytes, line } = input;
  const to = bytes[end - 1] === RETURN ? end - 1 : end;
  const name = what === undefined ? `line ${line}` : `the ${what} in line ${line}`;
  return jsonRecord(bytes.subarray(at, to), name, input.damage);
}

/** @param next where what follows the record begins */
export function takeRow(input: JsonInput, record: JsonRecord, next: number): JsonRow {
  const { file, line } = input;
  takeTo(input, next);
  return { kind: 'json', file, line, bytes: countRow(input), ...record };
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

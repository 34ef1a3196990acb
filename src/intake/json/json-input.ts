// Chunks of a JSON file → those bytes that are not yet taken, with their line and their size.

export const NEWLINE = 0x0a;
const BOM = [0xef, 0xbb, 0xbf];

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

/** The bytes since the last row: blanks and brackets between two rows count with the second. */
export function countRow(input: JsonInput): number {
  const end = input.before + input.at;
  const bytes = end - input.counted;
  input.counted = end;
  return bytes;
}

function findLineEnd(input: JsonInput, from: number): number {
  const place = input.bytes.indexOf(NEWLINE, from);
  return place < 0 ? input.bytes.length : place;
}

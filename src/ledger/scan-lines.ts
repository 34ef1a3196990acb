import { createReadStream } from 'node:fs';

const LINE_END = 10;
/** Large enough that handing them over costs nothing, small enough that a signal is heard in between. */
const CHUNK_BYTES = 1 << 20;

export interface Scanned {
  /** Of the file, in bytes. */
  size: number;
  /** What stands after the last line end; empty if the file ends with one. */
  rest: string;
}

/**
 * Calls `visit` with each line (without its end), the offset in bytes at which it begins, and that
 * at which the next one does.
 */
export async function scanLines(
  path: string,
  visit: (line: string, offset: number, next: number) => void,
): Promise<Scanned> {
  let rest: Buffer[] = [];
  let restLength = 0;
  let size = 0;
  for await (const read of createReadStream(path, { highWaterMark: CHUNK_BYTES })) {
    const chunk = Buffer.isBuffer(read) ? read : Buffer.from(read);
    let start = 0;
    for (let end = chunk.indexOf(LINE_END); end >= 0; end = chunk.indexOf(LINE_END, start)) {
      const own = chunk.subarray(start, end);
      const whole = restLength > 0 ? Buffer.concat([...rest, own]) : own;
      visit(whole.toString(), size + start - restLength, size + end + 1);
      rest = [];
      restLength = 0;
      start = end + 1;
    }
    rest.push(chunk.subarray(start));
    restLength += chunk.length - start;
    size += chunk.length;
  }
  return { size, rest: Buffer.concat(rest).toString() };
}

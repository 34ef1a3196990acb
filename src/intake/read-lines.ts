// Bytes of JSONL → its rows, each with its text to the letter.
import { isUtf8 } from 'node:buffer';
import type { JsonRow } from '../ticket.ts';
import { NOT_UTF8 } from './sniff.ts';

const NEWLINE = 0x0a;

/** Blank lines are skipped; a line that is no JSON object becomes a row with a fault. */
export async function* readLines(
  file: string,
  chunks: AsyncIterable<Buffer>,
): AsyncGenerator<JsonRow> {
  let line = 0;
  for await (const bytes of linesOf(chunks)) {
    line++;
    const text = bytes.toString('utf8').replace(/\r$/, '');
    const whole = line === 1 && text.startsWith('\uFEFF') ? text.slice(1) : text;
    const row = { kind: 'json', file, line, bytes: bytes.length + 1, text: whole } as const;
    if (whole.trim() !== '') yield { ...row, ...valueOf(whole, bytes) };
  }
}

async function* linesOf(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let parts: Buffer[] = [];
  for await (const chunk of chunks) {
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
      yield Buffer.concat([...parts, chunk.subarray(start, end)]);
      parts = [];
      start = end + 1;
    }
    if (start < chunk.length) parts.push(chunk.subarray(start));
  }
  if (parts.length > 0) yield Buffer.concat(parts);
}

function valueOf(text: string, bytes: Buffer): Pick<JsonRow, 'value' | 'fault'> {
  if (text.includes('\uFFFD') && !isUtf8(bytes)) return { value: {}, fault: NOT_UTF8 };
  try {
    const value: unknown = JSON.parse(text);
    if (isObject(value)) return { value, fault: null };
    return { value: {}, fault: 'the line is not a JSON object' };
  } catch {
    return { value: {}, fault: 'the line is not JSON' };
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

// Bytes of JSONL → its rows, each with its text to the letter.
import { StringDecoder } from 'node:string_decoder';
import type { JsonRow } from '../ticket.ts';

/** Blank lines are skipped; a line that is no JSON object becomes a row with a fault. */
export async function* readLines(
  file: string,
  chunks: AsyncIterable<Buffer>,
): AsyncGenerator<JsonRow> {
  let line = 0;
  for await (const text of linesOf(chunks)) {
    line++;
    if (text.trim() !== '') yield rowOf(file, line, text);
  }
}

async function* linesOf(chunks: AsyncIterable<Buffer>): AsyncGenerator<string> {
  const decoder = new StringDecoder('utf8');
  let parts: string[] = [];
  let first = true;
  for await (const chunk of chunks) {
    let text = decoder.write(chunk);
    if (first && text !== '') {
      first = false;
      if (text.startsWith('\uFEFF')) text = text.slice(1);
    }
    const lines = text.split('\n');
    const rest = lines.pop() ?? '';
    for (const end of lines) {
      yield withoutReturn([...parts, end].join(''));
      parts = [];
    }
    parts.push(rest);
  }
  parts.push(decoder.end());
  const last = parts.join('');
  if (last !== '') yield withoutReturn(last);
}

function withoutReturn(text: string): string {
  return text.endsWith('\r') ? text.slice(0, -1) : text;
}

function rowOf(file: string, line: number, text: string): JsonRow {
  const row = { kind: 'json', file, line, bytes: Buffer.byteLength(text) + 1, text } as const;
  try {
    const value: unknown = JSON.parse(text);
    if (isObject(value)) return { ...row, value, fault: null };
    return { ...row, value: {}, fault: 'the line is not a JSON object' };
  } catch {
    return { ...row, value: {}, fault: 'the line is not JSON' };
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

// The first bytes of an input → its format, delimiter, byte order mark and line end.
import { failures } from '../ground/errors.ts';
import type { InputFormat, Shape } from '../ticket.ts';
import { refuseHtml } from './other-formats.ts';

export type Sniffed = Omit<Shape, 'names'>;

/** The sniffed part ends with the first line, at most here. */
const SNIFF_BYTES = 64 * 1024;

/** The fault of a row with bytes that are no text. */
export const NOT_UTF8 =
  'it holds bytes that are not UTF-8 (if the file comes from Excel: --encoding windows-1252)';

const DELIMITERS = [',', ';', '\t', '|'];
const BOM = Buffer.from([0xef, 0xbb, 0xbf]);

/**
 * @param head the first line or more, or all there is
 * @throws Failure if this is no text of tickets
 */
export function sniff(
  name: string,
  head: Buffer,
  given: { format: InputFormat | null; delimiter: string | null },
): Sniffed {
  const bom = head.subarray(0, 3).equals(BOM);
  const bytes = bom ? head.subarray(3) : head;
  refuseOtherEncodings(name, bytes);
  const text = bytes.toString('utf8');
  refuseHtml(name, text);
  const format = given.format ?? formatByName(name) ?? formatByText(text);
  return {
    format,
    delimiter: given.delimiter ?? (format === 'tsv' ? '\t' : delimiterOf(text)),
    bom,
    lineEnd: lineEndOf(text),
  };
}

/** Whether `head` holds enough to sniff at. */
export function isEnough(head: Buffer): boolean {
  // A carriage return at the very end may be half of a line end.
  return head.length >= SNIFF_BYTES || /\n|\r[^]/.test(head.toString('latin1'));
}

function refuseOtherEncodings(name: string, bytes: Buffer): void {
  if (isUtf8SoFar(bytes)) return;
  throw failures.otherEncoding(name);
}

/** The last character may be cut at the end of what was read so far. */
function isUtf8SoFar(bytes: Buffer): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: true });
    return true;
  } catch {
    return false;
  }
}

/** JSON in whatever form is one format: lines, arrays, pages of an API. */
function formatByName(name: string): InputFormat | null {
  const extension = /\.([a-z]+)(?:\.gz)?$/i.exec(name)?.[1]?.toLowerCase() ?? '';
  if (extension === 'csv') return 'csv';
  if (['tsv', 'tab'].includes(extension)) return 'tsv';
  return ['jsonl', 'ndjson', 'json'].includes(extension) ? 'jsonl' : null;
}

function formatByText(text: string): InputFormat {
  return /^\s*[{[]/.test(text) ? 'jsonl' : 'csv';
}

/** Lines that are looked at for the delimiter. */
const SNIFF_LINES = 20;

/** The sign, outside quotes, of which most lines have as many as the header; the most frequent of these. */
function delimiterOf(text: string): string {
  const told = /^sep=([^\r\n])[\r\n]/i.exec(text)?.[1];
  if (told !== undefined) return told;
  const lines = text
    .replace(/"[^"]*"/g, '')
    .split(/[\r\n]+/)
    .slice(0, SNIFF_LINES + 1);
  // The last one may be cut where the sniffed part ends.
  const whole = lines.length > 1 ? lines.slice(0, -1) : lines;
  const scores = DELIMITERS.map((sign) => {
    const counts = whole.map((line) => line.split(sign).length - 1);
    const inHeader = counts[0] ?? 0;
    const alike = counts.filter((count) => count === inHeader).length / counts.length;
    return inHeader === 0 ? 0 : 1000 * alike + inHeader;
  });
  return DELIMITERS[scores.indexOf(Math.max(...scores))] ?? ',';
}

function lineEndOf(text: string): Sniffed['lineEnd'] {
  const end = /\r\n|\n|\r/.exec(text)?.[0];
  return end === '\r\n' || end === '\r' ? end : '\n';
}

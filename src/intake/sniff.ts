// The first bytes of an input → its format, delimiter, byte order mark and line end.
import type { InputFormat, Shape } from '../ticket.ts';
import { refuseHtml } from './other-formats.ts';

/** The sniffed part ends with the first line, at most here. */
const SNIFF_BYTES = 64 * 1024;

const DELIMITERS = [',', ';', '\t', '|'];
const BOM = Buffer.from([0xef, 0xbb, 0xbf]);

/** What the reader of a table must know as well. */
export interface Sniffed {
  shape: Omit<Shape, 'names'>;
  /** A table of one column, in which no sign is a delimiter. */
  isOneColumn: boolean;
  /** JSON in a file with the name of a table. */
  isMisnamed: boolean;
}

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
  const text = (bom ? head.subarray(3) : head).toString('utf8');
  refuseHtml(name, text);
  const named = given.format ?? formatByName(name) ?? formatByText(text);
  const isMisnamed = given.format === null && named !== 'jsonl' && isJson(text);
  const format = isMisnamed ? 'jsonl' : named;
  const told = given.delimiter ?? (format === 'tsv' ? '\t' : null);
  const delimiter = delimiterOf(text, told === null ? DELIMITERS : [told]);
  return {
    shape: { format, delimiter: delimiter ?? told ?? ',', bom, lineEnd: lineEndOf(text) },
    isOneColumn: delimiter === null,
    isMisnamed,
  };
}

/** Whether `head` holds enough to sniff at. */
export function isEnough(head: Buffer): boolean {
  // A carriage return at the very end may be half of a line end.
  return head.length >= SNIFF_BYTES || /\n|\r[^]/.test(head.toString('latin1'));
}

/** JSON in whatever form is one format: lines, arrays, pages of an API. */
function formatByName(name: string): InputFormat | null {
  const extension = /\.([a-z]+)(?:\.gz)?$/i.exec(name)?.[1]?.toLowerCase() ?? '';
  if (extension === 'csv') return 'csv';
  if (['tsv', 'tab'].includes(extension)) return 'tsv';
  return ['jsonl', 'ndjson', 'json'].includes(extension) ? 'jsonl' : null;
}

function formatByText(text: string): InputFormat {
  // A quote and a brace: an object that was encoded twice.
  return /^[\s\u001e]*(?:[{[]|"\{\\")/.test(text) ? 'jsonl' : 'csv';
}

/** No header of a table begins so. */
function isJson(text: string): boolean {
  return /^\s*(?:\[\s*)?\{\s*"[^"]*"\s*:/.test(text);
}

/** Lines that are looked at for the delimiter. */
const SNIFF_LINES = 20;
/** From so many lines on, the same number of a sign in most of them is no accident. */
const ENOUGH_LINES = 3;

/**
 * The sign, outside quotes, of which most lines have as many as the header; the most frequent of these.
 * Null where the header has none.
 */
function delimiterOf(text: string, signs: readonly string[]): string | null {
  const told = /^\s*"?sep=([^\r\n])"?[\r\n]/i.exec(text)?.[1];
  if (told !== undefined && signs.length > 1) return told;
  const lines = text
    .replace(/"[^"]*"/g, '""')
    .split(/[\r\n]+/)
    .filter((line) => line.trim() !== '')
    .slice(0, SNIFF_LINES + 1);
  // The last one may be cut where the sniffed part ends.
  const whole = lines.length > 1 ? lines.slice(0, -1) : lines;
  const scores = signs.map((sign) => {
    const [inHeader = 0, ...counts] = whole.map((line) => line.split(sign).length - 1);
    if (inHeader === 0) return isOfMost(counts) ? 1 : 0;
    const alike = counts.filter((count) => count === inHeader).length + 1;
    return 1000 * (alike / whole.length) + inHeader;
  });
  const best = Math.max(...scores);
  return best > 0 ? (signs[scores.indexOf(best)] ?? null) : null;
}

/** Whether a sign parts the lines below a title. */
function isOfMost(counts: readonly number[]): boolean {
  if (counts.length < ENOUGH_LINES) return false;
  return counts.some((usual) => {
    const alike = counts.filter((count) => count === usual).length;
    return usual > 0 && alike >= (2 / 3) * counts.length;
  });
}

function lineEndOf(text: string): Shape['lineEnd'] {
  const end = /\r\n|\n|\r/.exec(text)?.[0];
  return end === '\r\n' || end === '\r' ? end : '\n';
}

// First bytes that no text of tickets has, each answered with one sentence.
import { failures } from '../ground/errors.ts';

const FORMATS: [mark: string, what: string, hint: string][] = [
  [
    'PK\u0003\u0004',
    'is an Excel workbook (.xlsx) or a zip archive, not text.',
    'Save the sheet as "CSV UTF-8", or unpack the archive.',
  ],
  [
    '\u00d0\u00cf\u0011\u00e0',
    'is an old Excel workbook (.xls), not text.',
    'Save the sheet as "CSV UTF-8".',
  ],
  ['PAR1', 'is a Parquet file.', 'Write it out as CSV or JSONL first, for example with DuckDB.'],
  ['%PDF', 'is a PDF.', 'Export the tickets as CSV or JSON.'],
  ['7z\u00bc\u00af', 'is a 7-Zip archive.', 'Unpack it first.'],
  [
    '(\u00b5/\u00fd',
    'is compressed with zstd.',
    'Unpack it on the way in: zstd -dc <file> | ticket-classify -',
  ],
  [
    'BZh',
    'is compressed with bzip2.',
    'Unpack it on the way in: bzip2 -dc <file> | ticket-classify -',
  ],
  ['{\\rt', 'is a rich text document.', 'Export the tickets as CSV or JSON.'],
];

/** @throws Failure. @param encoding as given by the user, who then knows what it is */
export function refuseOtherFormats(name: string, head: Buffer, encoding: string | null): void {
  const start = head.toString('latin1');
  for (const [mark, what, hint] of FORMATS) {
    if (start.startsWith(mark)) throw failures.inputFormat(name, what, hint);
  }
  if (isUtf32(head)) {
    const hint = 'Turn it into UTF-8: iconv -f UTF-32 -t UTF-8 <file> | ticket-classify -';
    throw failures.inputFormat(name, 'is UTF-32, which hardly any program writes.', hint);
  }
  const everyOther = head.length >= 4 && (head[1] === 0 || head[0] === 0) && head[2] !== head[3];
  if (encoding === null && everyOther && (head[0] === 0) !== (head[1] === 0)) {
    const label = head[1] === 0 ? 'utf-16le' : 'utf-16be';
    const what = 'seems to be UTF-16 without a byte order mark.';
    throw failures.inputFormat(name, what, `If it is, say so: --encoding ${label}`);
  }
}

/** By its mark, or by the first character, with three NULs before or behind it. */
function isUtf32(head: Buffer): boolean {
  const [a, b, c, d] = head;
  if (a === 0 && b === 0) return (c === 0xfe && d === 0xff) || (c === 0 && d !== 0);
  return c === 0 && d === 0 && ((a === 0xff && b === 0xfe) || b === 0);
}

/** A login page, saved where the export should be. */
export function refuseHtml(name: string, text: string): void {
  if (!/^\s*<(!doctype html|html|head)\b/i.test(text.slice(0, 1000))) return;
  throw failures.inputFormat(
    name,
    'is an HTML page, perhaps that of a login, not an export.',
    'Open the link of the export in a browser where you are logged in, and save the file itself.',
  );
}

// The beginning of an input → refused if it is not in the encoding that it was read in.
import { isUtf8 } from 'node:buffer';
import { failures, type Failure } from '../ground/errors.ts';
import { guessEncodings } from './guess-encoding.ts';

const NEWLINE = 0x0a;
const LANGUAGE = new Intl.DisplayNames('en', { type: 'language' });

/** The fault of a row with bytes that are no text. @param encoding as given; null: UTF-8 */
export function damageIn(encoding: string | null): string {
  return `it holds bytes that are not ${encoding ?? 'UTF-8'}`;
}

/**
 * @param bytes as decoded; cut anywhere
 * @param encoding as given; null: UTF-8
 * @throws Failure that says what it seems to be
 */
export function refuseOtherEncoding(name: string, bytes: Buffer, encoding: string | null): void {
  if (isUtf8SoFar(bytes)) return;
  const lines = linesOf(bytes);
  const damaged = lines.filter((line) => !isUtf8(line));
  const first = lines.findIndex((line) => !isUtf8(line)) + 1;
  if (encoding !== null) throw failures.notInEncoding(name, encoding, first);
  const others = lines.filter((line) => isUtf8(line) && !line.every((byte) => byte < 0x80));
  if (others.length >= damaged.length) throw failures.damagedUtf8(name, first);
  throw otherEncoding(name, bytes);
}

function otherEncoding(name: string, bytes: Buffer): Failure {
  const guesses = guessEncodings(bytes);
  const [best] = guesses;
  if (!best) return failures.encodingUnknown(name);
  if (!best.isSure)
    return failures.perhapsEncoding(
      name,
      guesses.map(({ label }) => label),
    );
  return failures.otherEncoding(name, best.label, LANGUAGE.of(best.language) ?? best.language);
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

function linesOf(bytes: Buffer): Buffer[] {
  const lines: Buffer[] = [];
  for (let at = 0; at < bytes.length;) {
    const end = bytes.indexOf(NEWLINE, at);
    const next = end < 0 ? bytes.length : end + 1;
    lines.push(bytes.subarray(at, next));
    at = next;
  }
  return lines;
}

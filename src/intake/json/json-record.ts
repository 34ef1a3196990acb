// Bytes of one JSON record → its text and its value, or what is wrong with it.
import { isUtf8 } from 'node:buffer';
import { isObject } from '../../ground/is-object.ts';
import type { JsonRow } from '../../ticket.ts';

export type JsonRecord = Pick<JsonRow, 'text' | 'value' | 'fault'>;

/**
 * What Python and others write for JSON is read as such: `NaN`, `None`, `True`, a comma at the end, an
 * object that was encoded once more. All else is kept to the letter.
 * @param what it is, in words for the user: `line 3`
 * @param damage the fault of one that is not UTF-8
 */
export function jsonRecord(bytes: Buffer, what: string, damage: string): JsonRecord {
  const text = bytes.toString('utf8');
  if (text.includes('\uFFFD') && !isUtf8(bytes)) return { text, value: {}, fault: damage };
  const faulty = (why: string) => ({ text, value: {}, fault: `${what} is ${why}` });
  let read = parse(text);
  if ('error' in read) {
    const mended = withoutPython(text);
    if (mended !== text) read = parse(mended);
    if ('error' in read) return faulty(`not JSON${reasonOf(text, read.error)}`);
  }
  const { value } = read;
  if (isObject(value)) return { text: onOneLine(read.text), value, fault: null };
  if (typeof value === 'string' && /^\s*\{/.test(value)) {
    const inner = parse(value);
    if ('value' in inner && isObject(inner.value)) {
      return { text: onOneLine(value), value: inner.value, fault: null };
    }
  }
  return faulty(`${kindOf(value)}, not an object`);
}

/** JSON as Python's reader takes it too, and undefined for what is no JSON at all. */
export function jsonValue(text: string): unknown {
  const read = parse(text);
  if ('value' in read) return read.value;
  const again = parse(withoutPython(text));
  return 'value' in again ? again.value : undefined;
}

function parse(text: string): { text: string; value: unknown } | { error: string } {
  try {
    return { text, value: JSON.parse(text) };
  } catch (error) {
    return { error: String(error) };
  }
}

const PYTHON = /(?<![\w.])-?(?:NaN|Infinity|None|True|False)(?!\w)/g;

function withoutPython(text: string): string {
  const whole = text.replace(/,\s*$/, '');
  if (whole.search(PYTHON) < 0) return whole;
  const parts: string[] = [];
  for (let at = 0; at < whole.length;) {
    const quote = whole.indexOf('"', at);
    const end = quote < 0 ? whole.length : quote;
    parts.push(whole.slice(at, end).replace(PYTHON, jsonWord));
    at = quote < 0 ? end : stringEnd(whole, quote);
    parts.push(whole.slice(end, at));
  }
  return parts.join('');
}

function jsonWord(word: string): string {
  return word === 'True' || word === 'False' ? word.toLowerCase() : 'null';
}

/** Behind the closing quote; the end of the text where there is none. */
function stringEnd(text: string, quote: number): number {
  for (let at = quote + 1; ;) {
    const end = text.indexOf('"', at);
    if (end < 0) return text.length;
    let backslashes = 0;
    while (text[end - 1 - backslashes] === '\\') backslashes++;
    if (backslashes % 2 === 0) return end + 1;
    at = end + 1;
  }
}

/** Without a word of the text, which is a customer's. */
function reasonOf(text: string, error: string): string {
  if (/^\s*[{[]\s*'/.test(text)) return ': it is what Python prints; json.dumps() writes JSON';
  if (/^\s*\{\s*[\w$]/.test(text)) return ': its keys are not in quotes';
  if (!/^\s*[{["]/.test(text)) return '';
  if (error.includes('Bad control character')) {
    return ': a tab, a line end or the like stands in a string, where JSON has \\t or \\n';
  }
  if (error.includes('Bad escaped character')) {
    return ': a backslash stands before what JSON does not escape';
  }
  if (/Unterminated string|Unexpected end/.test(error)) return ': it ends in the middle';
  return '';
}

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  return value === null ? 'null' : `a ${typeof value}`;
}

/** In JSON a raw line end stands only between tokens, never within a string. */
function onOneLine(text: string): string {
  return text.includes('\n') || text.includes('\r') ? text.replace(/[\r\n]/g, '') : text;
}

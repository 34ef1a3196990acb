// The cells of a column in the first rows → what they look like, and how well that suits a field.
import type { ColumnField } from '../../ticket.ts';

export interface Traits {
  /** Cells looked at; 0 where nothing but the name is known. */
  cells: number;
  /** Cells that hold an object, and no text. */
  objects: number;
  /** Cells that hold text. All that follows is said of these. */
  filled: number;
  /** Share of different texts; 0 if there is one text in all of them. */
  distinct: number;
  /** Medians, in characters and in words. */
  length: number;
  words: number;
  /** Shares of the filled cells that are or hold such a thing. */
  codes: number;
  keys: number;
  phones: number;
  dates: number;
  addresses: number;
  lines: number;
  html: number;
}

/** So many characters tell what kind of text it is; bodies of 200,000 exist. */
const LOOKED_AT = 2000;

const CODE = /^(?:(?=[!-~]*\d)[!-~]{1,64}|true|false|null)$/i;
const KEY = /^[A-Z][A-Z\d_]+-\d+$/;
/** Digits alone are none: ids of 13 digits and ids with leading zeros exist. */
const PHONE =
  /^(?:\+\d[\d\s().-]{6,}|\(\d+\)[\d\s-]{5,}|0\d+[\s/-][\d\s/-]{4,}|\d{3}[-.\s]\d{3}[-.\s]\d{4})$/;
const DATE =
  /^(?:\d{4}[-./]\d{1,2}[-./]\d{1,2}|\d{1,2}[-./](?:\d{1,2}|\p{L}{3})[-./](?:\d{2}|\d{4}))(?:[T\s,].{0,20})?$/u;
const ADDRESS = /^(?:[^\s@]+@[^\s@]+\.[^\s@]+|\w+:\/\/\S+)$/;
const TAG = /<\/?(?:p|br|div|span|a|b|strong|html|body|table|td|ul|li|h\d|img)\b[^>]*>/i;
const WORD = /(?<!\S)[\p{P}\p{S}]*\p{L}[\p{L}\p{M}'’-]*[\p{P}\p{S}]*(?!\S)/gu;
const UNSPACED = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}]/gu;

/** @param cells null for an object */
export function columnTraits(cells: readonly (string | null)[]): Traits {
  const full = cells.map((cell) => cell?.trim() ?? '').filter((cell) => cell !== '');
  const texts = full.map((text) => text.slice(0, LOOKED_AT));
  const different = new Set(full).size;
  return {
    cells: cells.length,
    objects: cells.filter((cell) => cell === null).length,
    filled: full.length,
    distinct: different === 1 && full.length > 1 ? 0 : different / Math.max(1, full.length),
    length: median(full.map((text) => text.length)),
    words: median(texts.map(wordCount)),
    codes: share(texts, CODE),
    keys: share(texts, KEY),
    phones: share(texts, PHONE),
    dates: share(texts, DATE),
    addresses: share(texts, ADDRESS),
    lines: share(texts, /\n/),
    html: share(texts, TAG),
  };
}

function share(texts: readonly string[], pattern: RegExp): number {
  return texts.filter((text) => pattern.test(text)).length / Math.max(1, texts.length);
}

/** Words of a language: names of files, dates and numbers don't count. */
function wordCount(text: string): number {
  const bare = text.replace(/<[^>]*>/g, ' ');
  const unspaced = bare.match(UNSPACED)?.length ?? 0;
  return (bare.match(WORD)?.length ?? 0) + Math.floor(unspaced / 2);
}

function median(numbers: number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

/** Added to a name's weight, these put a column behind all that suit. */
export const CONTRADICTED = -10;
const EMPTY = -100;

/** Fewer filled cells than this contradict nothing. */
const ENOUGH = 3;
/** From so many on, few different texts are labels. */
const MANY = 10;
const PER_MISSING = 0.4;

const CONTRADICTS: Record<ColumnField, (traits: Traits) => boolean> = {
  id: (traits) => traits.words >= 3 || traits.length > 64 || isOtherKind(traits),
  subject: (traits) =>
    traits.length > 200 ||
    traits.lines >= 0.3 ||
    traits.codes >= 0.8 ||
    isLabel(traits) ||
    isOtherKind(traits),
  body: (traits) => traits.codes >= 0.8 || isLabel(traits) || isOtherKind(traits),
  account_tier: (traits) =>
    traits.words > 4 ||
    traits.length > 40 ||
    (traits.filled >= MANY && traits.distinct > 0.5) ||
    isOtherKind(traits),
};

const BONUS: Record<ColumnField, (traits: Traits) => number> = {
  // Not unique is no contradiction: in a table of comments a ticket's id repeats.
  id: (traits) => 0.3 * traits.keys - 0.25 * (1 - traits.distinct),
  subject: (traits) => 0.05 * Math.min(traits.words, 4),
  // Ten times the length is worth a sixth: more than a slightly better name, less than a sure one.
  body: (traits) => Math.min(0.5, Math.log10(traits.length) / 6) - 0.1 * traits.html,
  account_tier: () => 0,
};

/** @returns -Infinity for a column of objects, which is never taken */
export function columnFit(field: ColumnField, traits: Traits): number {
  if (traits.cells === 0) return 0;
  if (traits.filled === 0) return traits.objects > 0 ? -Infinity : EMPTY;
  if (traits.filled >= ENOUGH && CONTRADICTS[field](traits)) return CONTRADICTED;
  return BONUS[field](traits) - PER_MISSING * (1 - traits.filled / traits.cells);
}

/** Text as people write it, whatever the column is called. */
export function isProse(traits: Traits): boolean {
  const repeats = traits.filled >= ENOUGH && traits.distinct <= 0.2;
  return traits.words >= 5 && traits.length >= 30 && !repeats;
}

function isLabel(traits: Traits): boolean {
  return traits.filled >= MANY && traits.distinct <= 0.2 && traits.words <= 3;
}

function isOtherKind(traits: Traits): boolean {
  return traits.phones >= 0.5 || traits.dates >= 0.5 || traits.addresses >= 0.5;
}

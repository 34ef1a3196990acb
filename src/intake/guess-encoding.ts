// Bytes that are not UTF-8 → the encodings that make a language of them, likeliest first.
import { eld } from 'eld/extrasmall';

export interface EncodingGuess {
  /** Of the WHATWG encoding standard, as `--encoding` takes it. */
  label: string;
  /** ISO 639-1 code of what it makes of the bytes. */
  language: string;
  /** Whether there is enough text, and nothing else that it could as well be. */
  isSure: boolean;
}

/** What programs and systems write. Of two that make the same of the bytes the first counts. */
const SINGLE_BYTE = `windows-1252 windows-1250 windows-1251 windows-1253 windows-1254 windows-1255
  windows-1256 windows-1257 windows-874 iso-8859-2 iso-8859-5 iso-8859-6 iso-8859-7 koi8-r ibm866 macintosh`.split(
  /\s+/,
);
/** With the language that is written so. */
const MULTI_BYTE = {
  shift_jis: 'ja',
  'euc-jp': 'ja',
  gb18030: 'zh',
  big5: 'zh',
  'euc-kr': 'ko',
};

/** Of the words that are not ASCII; more would tell no more. */
const LOOKED_AT = 3000;
/** So many characters beyond ASCII make a guess sure. */
const ENOUGH = 20;
/** Where no language is known by so few words. */
const LEAST = 0.1;
/** A score that is better by less says nothing. */
const TIE = 0.01;
const MARGIN = 0.04;
const PAIRED = 0.3;
const GUESSES = 3;

const EAST_ASIAN =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\u3000-\u303f\uff01-\uff5e]/gu;
const PLAUSIBLE = /[\p{L}\p{M}‘’‚“”„–—…«»‹›€£§°·•№¿¡²³½ºª´\u00a0]/gu;
/** What a false reading makes of words: letters of two scripts, capitals within, vowel signs on nothing. */
const ODD = [
  /(?<=\p{Ll})\p{Lu}/gu,
  /(?<=[A-Za-z])(?=[^\p{Script=Latin}\P{L}])\p{L}|(?=[^\p{Script=Latin}\P{L}])\p{L}(?=[A-Za-z])/gu,
  /(?<![\u0e31\u0e34-\u0e3a\u0e47-\u0e4e\u0e01-\u0e2e])[\u0e31\u0e34-\u0e3a\u0e47-\u0e4e]/gu,
];

interface Reading {
  label: string;
  text: string;
  language: string;
  score: number;
  /** Characters beyond ASCII. */
  count: number;
}

/** @param bytes the beginning of a file, cut anywhere */
export function guessEncodings(bytes: Buffer): EncodingGuess[] {
  const sample = wordsBeyondAscii(bytes);
  const readings = [
    ...SINGLE_BYTE.map((label) => [label, null] as const),
    ...Object.entries(MULTI_BYTE),
  ]
    .map(([label, only]) => readingAs(label, sample, only))
    .filter((reading) => reading !== null);
  const highest = Math.max(...readings.map(({ score }) => score));
  const best = readings.find(({ score }) => score > highest - TIE);
  if (!best || best.score <= 0) return [];
  const others = readings
    .filter(({ text, score }) => text !== best.text && score > 0)
    .toSorted((a, b) => b.score - a.score);
  const next = others[0]?.score ?? 0;
  const isSure = best.count >= ENOUGH && best.score - next >= MARGIN;
  const close = others.filter(({ score }) => best.score - score < MARGIN);
  const guesses = [best, ...(isSure ? [] : close)].slice(0, GUESSES);
  return guesses.map(({ label, language }) => ({ label, language, isSure }));
}

/** @param only the one language that it makes sense in; null: any */
function readingAs(label: string, bytes: Buffer, only: string | null): Reading | null {
  let text: string;
  try {
    // As of a stream: the last character may be cut.
    text = new TextDecoder(label, { fatal: true }).decode(bytes, { stream: true });
  } catch {
    return null;
  }
  const detected = eld.detect(text);
  const { language } = detected;
  if (only !== null && language !== only) return null;
  const count = countOf(text, /[^\0-\x7f]/gu);
  const likeness = Math.max(LEAST, ...Object.values(detected.getScores()));
  const share = (only === null ? plausible(text) : countOf(text, EAST_ASIAN)) / count;
  // Bytes that come in pairs, of a language of pairs, are so by no accident.
  const lift = only !== null && share > 0.9 ? PAIRED : 0;
  return { label, text, language, count, score: likeness * Math.max(0, share) ** 2 + lift };
}

function plausible(text: string): number {
  return countOf(text, PLAUSIBLE) - ODD.reduce((sum, odd) => sum + countOf(text, odd), 0);
}

function countOf(text: string, pattern: RegExp): number {
  return text.match(pattern)?.length ?? 0;
}

/** What is ASCII is the same in all of them, and these signs are no part of a pair in any. */
function wordsBeyondAscii(bytes: Buffer): Buffer {
  const words = bytes
    .toString('latin1')
    .split(/[\s,;"]+/)
    .filter((word) => /[^\0-\x7f]/.test(word));
  return Buffer.from(words.join(' ').slice(0, LOOKED_AT), 'latin1');
}

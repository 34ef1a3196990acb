import { eld } from 'eld/extrasmall';

/** No detector can be trusted with so short a text in Latin script. */
const SHORT = 20;
const LATIN_ONLY = /^[\p{Script=Latin}\p{Script=Common}\p{Script=Inherited}]*$/u;

/** Enough to tell a language by, and no ticket takes long. */
const SAMPLE = 500;

/** ISO 639-1 code, or null where the language can't be told reliably. */
export function languageOf(text: string): string | null {
  const sample = text.slice(0, SAMPLE);
  if (sample.length <= SHORT && LATIN_ONLY.test(sample)) return null;
  const detected = eld.detect(sample);
  return detected.language && detected.isReliable() ? detected.language : null;
}

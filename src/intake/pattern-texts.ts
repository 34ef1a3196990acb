// A ticket's fields → the texts that its patterns read: as sent, with what HTML hides, and unmasked.

/** Anything that can stand for plain letters; most texts have none, and one look is enough. */
const MASKED =
  /\p{Default_Ignorable_Code_Point}|\p{M}|[\u0370-\u052f\u3000\uff01-\uff5e\u{1d400}-\u{1d7ff}]|&#|[\w+/]{32}/u;

/** Addresses hold words that nobody wrote: `/legal-notice`. */
const ADDRESS = /\b(?:https?|mailto|cid|data):[^\s"'<>]*/gi;
const ENTITY = /&#(?:x([\da-f]{1,6})|(\d{1,7}));?/gi;
/** Tag characters: invisible, each an ASCII character moved by 0xE0000. */
const TAG_CHARACTER = /[\u{e0020}-\u{e007e}]/gu;
/** All that can stand for Latin, Greek or Cyrillic letters; other scripts grow to eighteen times their length. */
const LETTERS =
  /[\u00a0-\u058f\u1d00-\u24ff\u2a74-\u2a76\u2c7c\u2c7d\u3000\u3200-\u33ff\ua69c-\ua7ff\ufb00-\ufb06\ufe10-\ufe6b\uff01-\uff5e\u{10780}-\u{107bf}\u{1ccd6}-\u{1ccf9}\u{1d400}-\u{1d7ff}\u{1e030}-\u{1e06d}\u{1f100}-\u{1f1ff}\u{1fbf0}-\u{1fbf9}]+/gu;
const UNSEEN = /\p{Default_Ignorable_Code_Point}|\p{M}/gu;
const BASE64 = /[\w+/-]{32,8000}/g;
/** More of them are a file, not words. */
const BASE64_RUNS = 50;
const UNREADABLE = /[\u0000-\u0008\u000e-\u001f\ufffd]/;

/** Cyrillic and Greek letters that look like the Latin ones below them. */
const ALIKE_FROM = 'авеікмнорстухѕјԁһӏԛԝαβεικνορτυχγ';
const ALIKE_INTO = 'abeikmhopctyxsjdhlqwabeikvoptuxy';
const ALIKE = new Map(Array.from(ALIKE_FROM, (letter, at) => [letter, ALIKE_INTO[at] ?? letter]));
const LOOKS_LATIN = new RegExp(`[${ALIKE_FROM}]`, 'gu');

/**
 * What is sent stays as it is: masks are taken off for patterns alone, which ignore case.
 * @param raw the body before HTML became text
 */
export function patternTexts(tier: string, subject: string, body: string, raw: string): string[] {
  const texts = [`${subject}\n${body}`, tier];
  if (raw.trim() !== body && raw.includes('<')) texts.push(raw.replace(ADDRESS, ' '));
  return texts.flatMap((text) => (MASKED.test(text) ? [text, unmasked(text)] : text));
}

function unmasked(text: string): string {
  const plain = text
    .replace(ENTITY, (entity, hex?: string, decimal?: string) => {
      const code = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16);
      return code <= 0x10ffff ? String.fromCodePoint(code) : entity;
    })
    .replace(TAG_CHARACTER, (tag) => String.fromCharCode((tag.codePointAt(0) ?? 0) - 0xe0000))
    .replace(LETTERS, (letters) => letters.normalize('NFKD'))
    .replace(UNSEEN, '')
    .toLowerCase()
    .replace(LOOKS_LATIN, (letter) => ALIKE.get(letter) ?? letter);
  return [plain, ...decoded(text)].join('\n');
}

/** What runs of base64 say, where they say anything that can be read. */
function decoded(text: string): string[] {
  return (text.match(BASE64) ?? [])
    .slice(0, BASE64_RUNS)
    .map((run) => Buffer.from(run, 'base64').toString('utf8'))
    .filter((words) => !UNREADABLE.test(words));
}

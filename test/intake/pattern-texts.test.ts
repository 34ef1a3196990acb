import { expect, test } from 'vitest';
import { patternTexts } from '../../src/intake/pattern-texts.ts';

test('plain text is read once, and so is the tier', () => {
  expect(patternTexts('pro', 'Hi', 'Größe 100 %', 'Größe 100 %')).toEqual([
    'Hi\nGröße 100 %',
    'pro',
  ]);
});

test.each([
  ['zero-width characters', 'br\u200bea\u2060ch', 'breach'],
  ['soft hyphens', 'br\u00adeach', 'breach'],
  ['Cyrillic letters', 'br\u0435\u0430\u0441h', 'breach'],
  ['wide letters', '\uff42\uff52\uff45\uff41\uff43\uff48', 'breach'],
  ['letters struck through', 'b\u0336r\u0336e\u0336a\u0336c\u0336h\u0336', 'breach'],
  ['numbered entities', '&#98;&#x72;each', 'breach'],
  ['tag characters', '\u{e0062}\u{e0072}\u{e0065}\u{e0061}\u{e0063}\u{e0068}', 'breach'],
  ['base64', Buffer.from('there has been a breach of data').toString('base64'), 'a breach of data'],
])('%s are read without their mask', (_, masked, plain) => {
  expect(patternTexts('', '', masked, masked).join('\n')).toContain(plain);
});

test('what HTML hides is read, its addresses are not', () => {
  const html = '<p>Hi</p><!-- breach --><img alt="a leak" src="https://example.com/legal-notice">';
  const read = patternTexts('', '', 'Hi', html).join('\n');
  expect(read).toMatch(/breach.*a leak/s);
  expect(read).not.toContain('legal-notice');
});

test('hashes and keys are no words', () => {
  const hash = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
  expect(patternTexts('', '', hash, hash).join('\n').trim().split('\n')).toEqual([hash, '', hash]);
});

test('every character that Unicode takes for Latin letters is read as these', () => {
  const hidden = Array.from({ length: 0x2_0000 }, (_, code) => String.fromCodePoint(code))
    .filter((character) => /[^\p{ASCII}\p{Surrogate}]/u.test(character))
    .map((character) => ({ character, plain: character.normalize('NFKD').replace(/\p{M}/gu, '') }))
    .filter(({ plain }) => /^[a-z]+$/i.test(plain));
  expect(hidden.length).toBeGreaterThan(1500);
  const body = hidden.map(({ character }) => `${character}\u0301`).join(' ');
  const read = patternTexts('', '', body, body).join('\n').split(/\s+/);
  const expected = hidden.map(({ plain }) => plain.toLowerCase());
  expect(read.filter((word) => /^[a-z]+$/.test(word))).toEqual(expected);
});

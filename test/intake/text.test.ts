import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { cleanText, cutMiddle } from '../../src/intake/text.ts';

test.each([
  ['a\u0000b\u0007c', 'abc'],
  ['line\r\nline\rline', 'line\nline\nline'],
  ['tab\tstays', 'tab\tstays'],
  ['lone \ud83d surrogate', 'lone  surrogate'],
  ['whole 😀 pair', 'whole 😀 pair'],
  ['  outer  ', 'outer'],
])('cleans %j', (text, expected) => {
  expect(cleanText(text)).toBe(expected);
});

test('sends a long text as its first three quarters and its last quarter', () => {
  const text = `${'a'.repeat(300)}${'b'.repeat(300)}${'c'.repeat(100)}`;
  const cut = cutMiddle(text, 400);
  expect(cut).toBe(`${'a'.repeat(300)}\n[… 300 characters left out …]\n${'c'.repeat(100)}`);
  expect(cutMiddle(text, 700)).toBe(text);
});

test('never cuts inside a character, and stays within the length', () => {
  const texts = fc.string({ unit: fc.constantFrom('😀', 'a', 'ß'), minLength: 20, maxLength: 200 });
  fc.assert(
    fc.property(texts, fc.integer({ min: 4, max: 150 }), (text, most) => {
      const cut = cutMiddle(text, most);
      expect(cut).not.toMatch(/\p{Surrogate}/u);
      expect(cut.replace(/\n\[….*…\]\n/, '').length).toBeLessThanOrEqual(most + 1);
    }),
  );
});

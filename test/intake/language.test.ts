import { expect, test } from 'vitest';
import { languageOf } from '../../src/intake/language.ts';

test.each([
  ['Hallo, meine Rechnung wurde doppelt abgebucht, bitte um Erstattung', 'de'],
  ['Bonjour, je ne peux plus accéder à mon compte depuis hier', 'fr'],
  ['ログインできません。助けてください', 'ja'],
  ['I can not log in since this morning, please help', 'en'],
  ['Passwort vergessen', null],
  ['login broken', null],
  ['', null],
])('%j is %s', (text, expected) => {
  expect(languageOf(text)).toBe(expected);
});

import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { printable, printed, printedJson } from '../../src/ground/printable.ts';
import { shellWord } from '../../src/ground/shell-word.ts';

test.each([
  ['plain, with ünïcode 管理者 👍🏽', 'plain, with ünïcode 管理者 👍🏽'],
  ['a\u001B[2Jb', 'a[2Jb'],
  ['\u001B]0;title\u0007', ']0;title'],
  ['\u009B31mred', '31mred'],
  ['two\nlines\r\nand\u2028more\ttabs', 'two lines and more tabs'],
  ['over\rwritten', 'over written'],
  ['\u202Egpj.exe\u2069', 'gpj.exe'],
  ['\u0000\u0008\u007F', ''],
  ['  indented  ', '  indented  '],
])('of %j a terminal is given %j', (text, shown) => {
  expect(printable(text)).toBe(shown);
});

test('a line is one line', () => {
  expect(printed('one', 'two\nforged: 3', '')).toBe('one\ntwo forged: 3\n\n');
});

test('JSON says the same, harmlessly', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const json = printedJson({ text });
      expect(JSON.parse(json)).toEqual({ text });
      expect(json.split('\n').map(printable).join('\n')).toBe(json);
    }),
  );
});

test.each([
  ['body=a b', "'body=a b'"],
  ['\t', String.raw`$'\u0009'`],
  ["body=it's\u001B[2J\\", String.raw`$'body=it\'s\u001b[2J\\'`],
])('%j is typed as %s', (word, typed) => {
  expect(shellWord(word)).toBe(typed);
});

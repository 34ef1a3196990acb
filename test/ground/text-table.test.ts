import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { shorten, textTable, textWidth } from '../../src/ground/text-table.ts';

test('puts the first column left and the others right', () => {
  const rows = [
    ['Queue', 'tickets', 'SLA'],
    ['billing-normal', '1,234', '24 h'],
  ];
  expect(textTable(rows, 80)).toEqual([
    'Queue           tickets   SLA',
    'billing-normal    1,234  24 h',
  ]);
});

test('shortens the first column where the width does not suffice', () => {
  expect(textTable([['billing-normal', '1,234']], 12)).toEqual(['bill…  1,234']);
});

test('lines up wide characters', () => {
  const rows = [
    ['請求-normal', '1'],
    ['billing-normal', '1'],
  ];
  const widths = textTable(rows, 80).map(textWidth);
  expect(widths).toEqual([17, 17]);
});

test.each([
  ['billing', 7, 'billing'],
  ['billing', 6, 'billi…'],
  ['請求請求', 6, '請求…'],
  ['\u001B[31mred', 20, '[31mred'],
])('shortens %j to %d columns as %s', (text, width, short) => {
  expect(shorten(text, width)).toBe(short);
});

test('never exceeds the width, whatever is in a name', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.integer({ min: 1, max: 40 }), (text, width) => {
      expect(textWidth(shorten(text, width))).toBeLessThanOrEqual(width);
    }),
  );
});

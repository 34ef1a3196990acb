import { describe, expect, test } from 'vitest';
import { columnTraits } from '../../../src/intake/columns/column-traits.ts';
import { cpuTime } from '../../cpu-time.ts';

describe('columnTraits', () => {
  test('an empty column and one that was not seen differ', () => {
    expect(columnTraits(['', ' '])).toMatchObject({ cells: 2, filled: 0 });
    expect(columnTraits([])).toMatchObject({ cells: 0, filled: 0 });
  });

  test.each([
    ['one text in all cells', ['a', 'a', ''], 0],
    ['one cell', ['a'], 1],
    ['two texts in four cells', ['a', 'b', 'a', 'b'], 0.5],
  ])('counts different texts: %s', (_, cells, distinct) => {
    expect(columnTraits(cells).distinct).toBe(distinct);
  });

  test.each([
    ['codes', '0000012345'],
    ['codes', 'TRUE'],
    ['keys', 'TES-25'],
    ['phones', '+33 1 23 45 67 89'],
    ['phones', '030 / 901 820'],
    ['phones', '(030) 901820'],
    ['dates', '22/Sep/25 9:26 AM'],
    ['dates', '2020-02-11T07:49:14Z'],
    ['dates', '30.06.2025'],
    ['addresses', 'a.b@example.com'],
    ['addresses', 'https://example.com/t/1?x=y'],
    ['html', 'Hello<br/>you'],
    ['lines', 'a\nb'],
  ] as const)('%s: %s', (trait, cell) => {
    expect(columnTraits([cell])[trait]).toBe(1);
  });

  test.each([
    ['phones', '0000012345'],
    ['phones', '1030820361033'],
    ['dates', '2024-INC-0003'],
    ['dates', '05/Sep/25 7:24 AM;user-0002;Please look at this again'],
    ['html', 'a List<String> and 1 < 2'],
    ['codes', '注文番号123が届きません'],
  ] as const)('no %s: %s', (trait, cell) => {
    expect(columnTraits([cell])[trait]).toBe(0);
  });

  test.each([
    ['Cannot sign in, again!', 4],
    ['<p>Cannot <b>sign</b> in</p>', 3],
    ['21/Aug/25 10:42;user-0004;image.png', 0],
    ['カードがまだ届きません', 6],
  ])('counts the words of %s', (cell, words) => {
    expect(columnTraits([cell]).words).toBe(words);
  });

  test('a cell of a megabyte takes no time', () => {
    const cells = ['a'.repeat(1e6), '<'.repeat(1e6), '-'.repeat(1e6), '1'.repeat(1e6)];
    expect(cpuTime(() => columnTraits(cells))).toBeLessThan(500);
  });
});

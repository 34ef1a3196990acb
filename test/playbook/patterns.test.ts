import { expect, test } from 'vitest';
import { endlessPatterns, patternFinder } from '../../src/playbook/patterns.ts';
import type { Pattern } from '../../src/playbook/playbook.ts';
import { supportPlaybook } from '../example.ts';

const SENTENCE =
  'the card was charged twice again this month although you said that it was fixed for us!';

function own(name: string, regex: RegExp): Pattern {
  return { name, regex, isBuiltIn: false };
}

const breach: Pattern = { name: 'breach', regex: /\bbreach\b/i, isBuiltIn: true };
const refund = own('refund', /\brefund\b/i);
const twice = own('twice', /charged\s+twice/i);
const words = own('words', /^(\w+\s?)+$/i);

test('patterns that match are named in the order of the playbook', () => {
  const find = patternFinder([twice, breach, refund], () => {});
  expect(find(['A refund after the breach'])).toEqual(['breach', 'refund']);
  expect(find(['nothing', 'charged twice'])).toEqual(['twice']);
  expect(find([''])).toEqual([]);
  expect(patternFinder([], () => {})(['breach'])).toEqual([]);
});

test('one that does not end matches, is told of once, and keeps no other from being tried', () => {
  const told: string[] = [];
  const find = patternFinder([refund, words, twice], (name) => told.push(name));
  for (let time = 0; time < 12; time++) {
    expect(find([SENTENCE])).toEqual(['words', 'twice']);
    expect(find(['words alone'])).toEqual(['words']);
    expect(find(['a refund, please'])).toEqual(['refund']);
  }
  expect(told).toEqual(['words']);
});

test.each([
  ['^(\\w+\\s?)+$', true],
  ['(a+)+b', true],
  ['(?:x+x+)+y', true],
  ['(order|ord|er)*;', true],
  ['(.*,){9}z', true],
  ['charge\\s?back', false],
  ['\\b(?:dsgvo|gdpr)\\b', false],
  ['customer .{0,40} number \\d+', false],
])('the pattern %s is found to end or not', (source, isEndless) => {
  expect(endlessPatterns([own('it', new RegExp(source, 'i'))])).toEqual(isEndless ? ['it'] : []);
});

test('each of our own ends on all texts', async () => {
  const { patterns } = await supportPlaybook();
  expect(patterns.every(({ isBuiltIn }) => isBuiltIn)).toBe(true);
  expect(endlessPatterns(patterns)).toEqual([]);
});

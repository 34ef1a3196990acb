import { expect, test } from 'vitest';
import {
  compact,
  percent,
  perSecond,
  plural,
  promise,
  span,
  thousands,
} from '../../src/ground/figures.ts';

test.each([
  [0, '0'],
  [1_234_567, '1,234,567'],
])('groups %d as %s', (value, text) => {
  expect(thousands(value)).toBe(text);
});

test.each([
  [0, '0 tickets'],
  [1, '1 ticket'],
  [1_234, '1,234 tickets'],
])('counts %d as %s', (count, text) => {
  expect(plural(count, 'ticket')).toBe(text);
});

test.each([
  [0.04, '0.0/s'],
  [7.66, '7.7/s'],
  [9.96, '10/s'],
  [1_234.5, '1,235/s'],
])('says %d a second as %s', (rate, text) => {
  expect(perSecond(rate)).toBe(text);
});

test.each([
  [99_999, '99,999'],
  [100_000, '100K'],
  [1_234_567, '1.23M'],
  [5_000_000_000, '5B'],
])('shortens %d to %s', (value, text) => {
  expect(compact(value)).toBe(text);
});

test.each([
  [null, '–'],
  [0, '0 %'],
  [0.0004, '< 0.1 %'],
  [0.031, '3.1 %'],
  [0.0999, '10 %'],
  [0.416, '42 %'],
  [0.9949, '99.5 %'],
  [0.99999, '99.9 %'],
  [1, '100 %'],
  [1.5, '150 %'],
])('says the share %d as %s', (share, text) => {
  expect(percent(share)).toBe(text);
});

test.each([
  [0, '0 s'],
  [0.82, '0.8 s'],
  [9.96, '10 s'],
  [59.4, '59 s'],
  [59.6, '1 min'],
  [131, '2 min 11 s'],
  [3_599.7, '1 h'],
  [3_900, '1 h 05 min'],
  [86_399, '1 d'],
  [100_000, '1 d 04 h'],
])('says %d seconds as %s', (seconds, text) => {
  expect(span(seconds)).toBe(text);
});

test.each([
  [15, '15 min'],
  [60, '1 h'],
  [90, '1 h 30 min'],
  [4_320, '72 h'],
])('says an SLA of %d minutes as %s', (minutes, text) => {
  expect(promise(minutes)).toBe(text);
});

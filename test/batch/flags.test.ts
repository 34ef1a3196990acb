import { expect, test } from 'vitest';
import { Failure } from '../../src/ground/errors.ts';
import { checkFlags } from '../../src/settings/flags.ts';

const BRIEF = { batch: true, wait: false };

test.each([
  ['--fresh', { fresh: true }, '--newer-than'],
  ['--retry-triage', { retryTriage: true }, '--retry-triage-before'],
])('--no-wait with %s would ask everything again at each call, and is refused', (...given) => {
  const [flag, flags, instead] = given;
  const check = () => checkFlags({ ...BRIEF, ...flags });
  expect(check).toThrow(Failure);
  expect(check).toThrow(`--no-wait with ${flag}`);
  expect(check).toThrow(expect.objectContaining({ hint: expect.stringContaining(instead) }));
  expect(checkFlags({ batch: true, ...flags }).wait).toBe(true);
});

test('--no-wait goes with the time at which the job began', () => {
  expect(checkFlags({ ...BRIEF, newerThan: '2026-11-01' }).newerThan).toBe(Date.UTC(2026, 10, 1));
});

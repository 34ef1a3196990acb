import { describe, expect, test } from 'vitest';
import { watchHealth, type Health } from '../../src/claude/health.ts';
import type { Reading } from '../../src/claude/read-answer.ts';
import type { Problem } from '../../src/claude/retry.ts';
import { hurriedClock } from '../program.ts';

const HOST = 'https://api.anthropic.com';
const VALID = { kind: 'valid' } as Reading;
const REFUSED: Problem = {
  why: '400 invalid_request_error',
  requestId: null,
  passing: false,
  unknownCost: false,
  retryAfter: null,
  simulated: false,
  tells: 'refused',
  isPaid: false,
  isForeign: false,
  limits: [],
};

function health(host = HOST, clock = hurriedClock()): Health {
  return watchHealth('claude-haiku-4-5', { host, maxWait: { seconds: 600, text: '10m' }, clock });
}

const invalid = (why: string): Reading => ({ kind: 'invalid', why });

describe('refusals', () => {
  test.each([
    ['equal', REFUSED, 20, 3],
    ['in words that are not the API’s', { ...REFUSED, isForeign: true }, 3, 2],
  ])('%s end the run', (_, problem, times, exit) => {
    const { failed } = health();
    for (let before = 1; before < times; before++) expect(failed(problem, 0)).toBeNull();
    expect(failed(problem, 0)).toMatchObject({ exit, message: expect.stringContaining('400') });
  });

  test('in words that are not the API’s, from one that was the API, are a passing trouble', () => {
    const one = health();
    one.answered(VALID);
    const foreign = { ...REFUSED, isForeign: true };
    for (let count = 0; count < 19; count++) {
      expect(one.failed({ ...foreign, why: `302 ${count}` }, 0)).toBeNull();
    }
    expect(one.failed(foreign, 0)).toMatchObject({ exit: 2 });
  });

  test.each([
    ['an answer between them', (one: Health) => one.answered(VALID)],
    ['another one between them', (one: Health) => one.failed({ ...REFUSED, why: '413' }, 0)],
  ])('with %s do not', (_, between) => {
    const one = health();
    for (let count = 0; count < 19; count++) one.failed(REFUSED, 0);
    between(one);
    expect(one.failed(REFUSED, 0)).toBeNull();
  });
});

describe('answers of no use', () => {
  test('end the run, whatever makes them so and whatever is refused between them', () => {
    const one = health();
    for (let count = 0; count < 9; count++) {
      expect(one.answered(invalid('text'))).toBeNull();
      expect(one.answered(invalid(`label ${count}`))).toBeNull();
      expect(one.failed(REFUSED, 0)).toBeNull();
    }
    expect(one.failed({ ...REFUSED, tells: 'failed', isPaid: true, why: 'usage' }, 0)).toBeNull();
    const failure = one.answered(invalid('text'));
    expect(failure).toMatchObject({ exit: 3, message: expect.stringContaining('came: text.') });
  });

  test('with a valid one between them do not', () => {
    const one = health();
    for (let count = 0; count < 19; count++) one.answered(invalid('text'));
    one.answered(VALID);
    expect(one.answered(invalid('text'))).toBeNull();
  });
});

describe('without any success', () => {
  const down: Problem = { ...REFUSED, tells: 'failed', passing: true, why: '500 api_error' };

  test.each([
    [HOST, 'status.claude.com'],
    ['https://llm.example', 'https://llm.example seems to be down'],
  ])('for --max-wait it ends with 75, and points at %s', (host, hint) => {
    let now = 0;
    const { failed } = health(host, { ...hurriedClock(), now: () => now });
    for (; now <= 600_000; now += 60_000) expect(failed(down, now)).toBeNull();
    expect(failed(down, now)).toMatchObject({ exit: 75, hint: expect.stringContaining(hint) });
  });

  test('failures far apart say nothing of the time between them', () => {
    let now = 0;
    const { failed } = health(HOST, { ...hurriedClock(), now: () => now });
    for (; now < 6_000_000; now += 1_200_000) expect(failed(down, now)).toBeNull();
  });

  test('with answers between them, failures of an hour end nothing', () => {
    let now = 0;
    const { failed, answered } = health(HOST, { ...hurriedClock(), now: () => now });
    for (; now < 3_600_000; now += 60_000) {
      expect(failed(down, now)).toBeNull();
      answered(VALID);
    }
  });

  test('unless the server asked for the wait', () => {
    let now = 0;
    const { failed } = health(HOST, { ...hurriedClock(), now: () => now });
    const asks = { ...down, retryAfter: 300 };
    for (; now <= 600_000; now += 300_000) expect(failed(asks, now)).toBeNull();
    expect(failed(asks, now)).toMatchObject({ exit: 75 });
  });
});

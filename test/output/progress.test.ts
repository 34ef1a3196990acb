import { Writable } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { startProgress, type Progress, type ProgressOptions } from '../../src/output/progress.ts';

const HIDE_CURSOR = '\u001B[?25l';
const SHOW_CURSOR = '\u001B[?25h';
const CLEAR_LINE = '\u001B[2K';

const reached = {
  tickets: 600,
  bytes: 4_100,
  escalated: 72,
  triage: 3,
  cost: 840_000_000,
};

let shown = '';

function fakeStderr(terminal: { isTTY?: boolean; columns?: number }): ProgressOptions['stderr'] {
  const stream = new Writable({
    write(chunk, _, done) {
      shown += String(chunk);
      done();
    },
  });
  return Object.assign(stream, terminal);
}

function start(given: Partial<ProgressOptions> = {}): Progress {
  return startProgress({
    stderr: fakeStderr({ isTTY: true, columns: 80 }),
    mode: 'bar',
    now: Date.now,
    total: () => 10_000,
    simulated: false,
    ...given,
  });
}

beforeEach(() => {
  shown = '';
  vi.useFakeTimers({ now: new Date('2026-11-22T10:30:00Z') });
});

afterEach(() => {
  vi.useRealTimers();
});

test('shows at once that it waits', () => {
  start().stop();
  expect(shown).toContain('waiting for the first answer');
});

test('draws share, time left, cost and triage on a terminal', () => {
  const progress = start();
  progress.update(reached);
  vi.advanceTimersByTime(2_000);
  progress.stop();
  expect(shown).toMatch(/█+░+ {2}41 % {2}600 tickets .*s left {2}\$0\.42.* {2}3 for triage/);
});

test('draws by the clock, not by the row', () => {
  const progress = start();
  const before = shown.length;
  for (let tickets = 1; tickets <= 1_000; tickets += 1) progress.update({ ...reached, tickets });
  expect(shown.length).toBe(before);
  progress.stop();
});

test('follows the width of the terminal', () => {
  const terminal = { isTTY: true, columns: 80 };
  const stderr = Object.assign(fakeStderr(terminal), terminal);
  const progress = start({ stderr });
  progress.update(reached);
  vi.advanceTimersByTime(200);
  stderr.columns = 24;
  shown = '';
  vi.advanceTimersByTime(200);
  expect(stripVTControlCharacters(shown).trim().length).toBeLessThan(24);
  expect(shown).toContain('41 %');
  progress.stop();
});

test('hides the cursor and gives it back, once', () => {
  const progress = start();
  expect(shown).toContain(HIDE_CURSOR);
  progress.stop();
  progress.stop();
  expect(shown.split(SHOW_CURSOR)).toHaveLength(2);
});

test('prints a note on a line of its own and draws the bar again below', () => {
  const progress = start();
  progress.update(reached);
  shown = '';
  progress.note('ledger: a torn line was stepped over');
  const [before = '', after = ''] = shown.split('ledger: a torn line was stepped over\n');
  expect(before.endsWith(CLEAR_LINE)).toBe(true);
  expect(after).toContain('41 %');
  progress.stop();
});

test('prints a note after the bar is gone', () => {
  const progress = start();
  progress.stop();
  shown = '';
  progress.note('done');
  vi.advanceTimersByTime(10_000);
  expect(shown).toBe('done\n');
});

test('writes a dated line a minute where there is no terminal', () => {
  const progress = start({ stderr: fakeStderr({}), mode: 'lines' });
  progress.update(reached);
  vi.advanceTimersByTime(60_000);
  progress.update({ ...reached, tickets: 1_200, bytes: 8_200 });
  vi.advanceTimersByTime(60_000);
  progress.stop();
  vi.advanceTimersByTime(60_000);
  expect(shown.split('\n')).toEqual([
    '2026-11-22T10:31:00Z 600 tickets, 41 %, 10/s, 12 % escalated, 3 for triage, $0.42',
    '2026-11-22T10:32:00Z 1,200 tickets, 82 %, 10/s, 6 % escalated, 3 for triage, $0.42',
    '',
  ]);
});

test('writes lines if a bar is asked for where there is no terminal', () => {
  const progress = start({ stderr: fakeStderr({}) });
  progress.update(reached);
  vi.advanceTimersByTime(60_000);
  progress.stop();
  expect(shown).toMatch(/^2026-11-22T10:31:00Z 600 tickets.*\n$/);
});

test('shows nothing but notes if that is asked for', () => {
  const progress = start({ mode: 'none' });
  progress.update(reached);
  vi.advanceTimersByTime(120_000);
  progress.note('a warning');
  progress.stop();
  expect(shown).toBe('a warning\n');
});

test('draws no bar for an input of unknown size', () => {
  const progress = start({ total: () => null, simulated: true });
  progress.update(reached);
  vi.advanceTimersByTime(200);
  progress.stop();
  expect(shown).toContain('600 tickets  simulated $0.42  12 % escalated  3 for triage');
  expect(shown).not.toMatch(/[█░]|%  6/);
});

test.each(['bar', 'lines'] as const)('does not keep the process alive in mode %s', async (mode) => {
  vi.useRealTimers();
  const before = timersThatHold();
  const progress = start({ mode });
  await Promise.resolve();
  expect(timersThatHold()).toBe(before);
  progress.stop();
});

function timersThatHold(): number {
  return process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
}

import { Writable } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { startProgress, type Progress, type ProgressOptions } from '../../src/output/progress.ts';

const HIDE_CURSOR = '\u001B[?25l';
const SHOW_CURSOR = '\u001B[?25h';
const CLEAR_LINE = '\u001B[2K';
const TO_LINE_START = '\u001B[1G';

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

/** The line of the terminal that was drawn last. */
function lastDrawn(): string {
  return stripVTControlCharacters(shown.split(TO_LINE_START).at(-1) ?? '');
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
  vi.advanceTimersByTime(58_000);
  progress.update(reached);
  vi.advanceTimersByTime(2_000);
  expect(lastDrawn()).toBe(
    '█████░░░░░░░  41 %  43 s left  $0.42  3 for triage  600 tickets  12 % escalated',
  );
  progress.stop();
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
  vi.advanceTimersByTime(500);
  stderr.columns = 24;
  shown = '';
  vi.advanceTimersByTime(500);
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
  progress.note('ledger: a torn line was stepped over\n');
  const [before = '', after = ''] = shown.split('ledger: a torn line was stepped over\n');
  expect(before.endsWith(CLEAR_LINE)).toBe(true);
  expect(after).toContain('41 %');
  progress.stop();
});

test('prints a note after the bar is gone', () => {
  const progress = start();
  progress.stop();
  shown = '';
  progress.note('done\n');
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
  progress.note('a warning\n');
  progress.stop();
  expect(shown).toBe('a warning\n');
});

test('draws no bar for an input of unknown size', () => {
  const progress = start({ total: () => null, simulated: true });
  progress.update(reached);
  vi.advanceTimersByTime(500);
  progress.stop();
  expect(shown).toContain('simulated $0.42  3 for triage  600 tickets  12 % escalated');
  expect(shown).not.toMatch(/[█░]|%  6/);
});

test.each([
  [38_000, '3 s left'],
  [14_000, '57 s left'],
  [13_000, '2 min left'],
  [90, '3 h 44 min left'],
])('where %d bytes of 41,000 take 30 s, it says %s', (bytes, text) => {
  const progress = start({ total: () => 41_000 });
  vi.advanceTimersByTime(500);
  progress.update({ ...reached, bytes });
  vi.advanceTimersByTime(29_500);
  expect(lastDrawn()).toContain(`  ${text}  `);
  progress.stop();
});

test('gives no time left before it can know', () => {
  const progress = start();
  progress.update({ ...reached, tickets: 19 });
  vi.advanceTimersByTime(5_000);
  expect(lastDrawn()).toContain('19 tickets');
  expect(lastDrawn()).not.toContain('left');
  progress.stop();
});

test('forgets a quick start', () => {
  const progress = start({ stderr: fakeStderr({ isTTY: true, columns: 120 }) });
  for (let second = 0; second <= 60; second += 1) {
    progress.update({ ...reached, tickets: 50_000 + second * 8, bytes: 5_000 + second });
    vi.advanceTimersByTime(1_000);
  }
  expect(lastDrawn()).toBe(
    '██████░░░░░░  50 %  1 h 24 min left  $0.42  3 for triage  50,480 tickets  0.1 % escalated  7.9/s',
  );
  progress.stop();
});

test('says how long it has waited, and for what', () => {
  let waiting: string | null = null;
  const progress = start({ waiting: () => waiting });
  vi.advanceTimersByTime(4_200);
  expect(lastDrawn()).toBe('waiting for the first answer, 4 s');
  waiting = '1 batch is out';
  progress.update(reached);
  vi.advanceTimersByTime(500);
  expect(lastDrawn()).toBe('1 batch is out');
  progress.stop();
});

test('says 100 % only when all is done', () => {
  const progress = start();
  progress.update({ ...reached, bytes: 9_999 });
  vi.advanceTimersByTime(500);
  expect(lastDrawn()).toContain('  99 %');
  progress.update({ ...reached, bytes: 10_000 });
  vi.advanceTimersByTime(500);
  expect(lastDrawn()).toContain('  100 %');
  progress.stop();
});

test('fits every width', () => {
  for (let columns = 1; columns <= 130; columns += 1) {
    const progress = start({ stderr: fakeStderr({ isTTY: true, columns }), simulated: true });
    progress.update(reached);
    vi.advanceTimersByTime(1_000);
    expect(lastDrawn().length).toBeLessThan(columns);
    progress.stop();
  }
});

test('writes a dated line before there is anything to tell', () => {
  const progress = start({ mode: 'lines', stderr: fakeStderr({}), total: () => null });
  vi.advanceTimersByTime(60_000);
  progress.stop();
  expect(shown).toBe('2026-11-22T10:31:00Z 0 tickets, 0.0/s, 0 for triage, $0.00\n');
});

test('leaves the signals to the program', () => {
  const heard = () => [process.listenerCount('SIGINT'), process.listenerCount('SIGTERM')];
  const before = heard();
  const progress = start();
  for (let times = 0; times < 20; times += 1) progress.note('a note\n');
  expect(heard()).toEqual(before);
  progress.stop();
});

test('a bar that is stopped does not keep the process alive, and lines never do', () => {
  vi.useRealTimers();
  const before = timersThatHold();
  start().stop();
  const lines = start({ mode: 'lines', stderr: fakeStderr({}) });
  expect(timersThatHold()).toBe(before);
  lines.stop();
});

function timersThatHold(): number {
  return process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
}

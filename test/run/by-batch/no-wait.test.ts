// `--batch --no-wait` from a loop, as cron has it: each call does what can be done, until all is.
import { expect, test } from 'vitest';
import type { Failure } from '../../simulator/failures.ts';
import { backlog } from '../../ledger/backlog.ts';
import { openAt } from '../../ledger/shelf.ts';
import {
  askedAgain,
  askedOf,
  FAST,
  MINUTE,
  openBatchDesk,
  verdicts,
  type BatchDesk,
  type Job,
} from './batch-desk.ts';

const SLOW = { takesMs: 25 * MINUTE };
const NO_WAIT = ['--batch', '--no-wait', '--batch-size', '20'];

/** Calls it every ten minutes, until it no longer says to come back. */
async function again(desk: BatchDesk, call: () => Promise<Job>): Promise<Job[]> {
  const calls = [await call()];
  while (calls.at(-1)?.code === 75 && calls.length < 30) {
    await desk.pass(10 * MINUTE);
    calls.push(await call());
  }
  return calls;
}

function questionsTo({ simulator }: BatchDesk): string[] {
  return askedOf(simulator).map(({ model, ticket }) => `${model} ${ticket}`);
}

test.each<[code: number, failures: Failure[]]>([
  [0, []],
  [4, [{ what: 'invalid_request', when: ({ ticket }) => ticket.includes('Ref. 1005') }]],
])(
  'called again and again, it ends with %i and the rows of a run that waits',
  async (code, failures) => {
    const items = await backlog(45);
    const waiting = await openBatchDesk({ failures, batches: SLOW });
    const whole = await waiting.job(items, '--batch');
    expect(whole.code, whole.stderr).toBe(code);

    const desk = await openBatchDesk({ failures, batches: SLOW });
    const calls = await again(desk, () => desk.job(items, ...NO_WAIT));
    const last = calls.pop();
    expect(last?.code, last?.stderr).toBe(code);
    expect(calls.length).toBeGreaterThan(3);
    for (const { code: each, rows, stderr } of calls) {
      expect([each, rows]).toEqual([75, []]);
      expect(stderr).toMatch(/\d batch(es)? \(\d+ tickets?\) (is|are) running/);
      expect(stderr.trimEnd().split('\n').at(-1)).toMatch(
        /^ +ticket-classify .* --batch --no-wait/,
      );
    }
    expect(questionsTo(desk).toSorted()).toEqual(questionsTo(waiting).toSorted());
    expect(askedAgain(desk.simulator)).toEqual([]);
    expect(desk.simulator.stats.batches.created.length).toBeGreaterThan(3);
    const asPaidNow = (rows: Job['rows']) =>
      verdicts(rows).map((row) => ({ ...row, ai_reused: '' }));
    expect(asPaidNow(last?.rows ?? [])).toEqual(asPaidNow(whole.rows));
  },
);

test('a call that finds all batches running sends nothing, and collects nothing', async () => {
  const desk = await openBatchDesk({ batches: SLOW });
  const items = await backlog(10);
  await desk.job(items, ...NO_WAIT);
  const { batches } = desk.simulator.stats;
  const made = batches.created.length;
  const { code } = await desk.job(items, ...NO_WAIT);
  expect([code, batches.created.length]).toEqual([75, made]);
  expect(await desk.lines('answer')).toEqual([]);
});

test('a row that is new meanwhile is sent once, with the next batches', async () => {
  const desk = await openBatchDesk({ batches: SLOW });
  const items = await backlog(10);
  await desk.job(items, ...NO_WAIT);
  const grown = [...items, { id: 'new', body: 'The export is empty.' }];
  const calls = await again(desk, () => desk.job(grown, ...NO_WAIT));
  expect(calls.at(-1)?.code).toBe(0);
  const isNew = (asked: string) => asked.startsWith(FAST) && asked.includes('The export is empty');
  expect(questionsTo(desk).filter(isNew)).toHaveLength(1);
  expect(askedAgain(desk.simulator)).toEqual([]);
});

test('a ledger that another run holds is 75, and sends nothing', async () => {
  const desk = await openBatchDesk({ batches: SLOW });
  const other = await openAt(desk.ledger);
  try {
    const { code, stderr } = await desk.job(await backlog(3), ...NO_WAIT);
    expect(code).toBe(75);
    expect(stderr).toContain('in use by another run');
    expect(desk.simulator.stats.requests).toBe(0);
  } finally {
    await other.close();
  }
});

// What a batch did not answer: asked again in the next, three times at most, and then for a human.
import { beforeAll, expect, test } from 'vitest';
import type { Failure } from '../../simulator/failures.ts';
import { sampleItems, type Item } from '../../ledger/backlog.ts';
import { askedOf, FAST, openBatchDesk, STRONG, type BatchDesk } from './batch-desk.ts';

const BAD = 'charged twice for the October invoice';
const isBad: NonNullable<Failure['when']> = ({ ticket }) => ticket.includes(BAD);

let items: Item[];
beforeAll(async () => {
  items = (await sampleItems()).slice(0, 6);
});

const WAYS = [['--batch'], ['--batch', '--no-wait']].map((flags) => ({
  name: flags.join(' '),
  flags,
}));

/** As often as it takes. */
async function done(desk: BatchDesk, flags: string[]) {
  for (;;) {
    const job = await desk.job(items, ...flags);
    if (job.code !== 75) return job;
  }
}

/** How often a model was asked about the bad ticket. */
function timesAsked({ simulator }: BatchDesk): { fast: number; strong: number } {
  const asked = askedOf(simulator).filter(({ ticket }) => ticket.includes(BAD));
  const of = (name: string) => asked.filter(({ model }) => model === name).length;
  return { fast: of(FAST), strong: of(STRONG) };
}

async function badRow(desk: BatchDesk, flags: string[]) {
  const { code, rows, stderr } = await done(desk, flags);
  const others = rows.filter((row) => row['ai_status'] === 'simulated');
  const row = rows.find(({ body }) => String(body).includes(BAD));
  return { code, row, others: others.length, stderr };
}

test.each(WAYS)('what expires three times is for a human ($name)', async ({ flags }) => {
  const desk = await openBatchDesk({ failures: [{ what: 'expired', when: isBad }] });
  const { code, row, others } = await badRow(desk, flags);
  expect([code, others]).toEqual([4, 5]);
  expect(row).toMatchObject({
    ai_queue: 'needs-human-triage',
    ai_triage_reason:
      'fast model failed: batch: expired 3 times; strong model failed: batch: expired 3 times',
    ai_attempts: 6,
    ai_cost_usd: 0,
  });
  expect(timesAsked(desk)).toEqual({ fast: 3, strong: 3 });

  // Three times more, for both models.
  expect((await badRow(desk, flags)).code).toBe(4);
  expect(timesAsked(desk)).toEqual({ fast: 6, strong: 6 });
  desk.simulator.set({ failures: [] });
  const last = await badRow(desk, flags);
  expect([last.code, last.others]).toEqual([0, 6]);
  expect(timesAsked(desk).fast).toBe(7);
});

test.each<[why: string, what: Failure['what']]>([
  ['overloaded_error', 'overloaded'],
  ['api_error', 'server_error'],
])('a passing %s in a batch is tried three times', async (why, what) => {
  const desk = await openBatchDesk({ failures: [{ what, when: isBad }] });
  const { code, row } = await badRow(desk, ['--batch']);
  expect(code).toBe(4);
  expect(row?.['ai_triage_reason']).toContain(`strong model failed: batch: ${why} 3 times`);
  expect(timesAsked(desk)).toEqual({ fast: 3, strong: 3 });
});

test('what fails each time for another reason is told by its last', async () => {
  const failures: Failure[] = [
    { what: 'expired', when: isBad, nth: [1, 2, 4, 5] },
    { what: 'overloaded', when: isBad },
  ];
  const desk = await openBatchDesk({ failures });
  const { row } = await badRow(desk, ['--batch']);
  expect(row?.['ai_triage_reason']).toContain(
    'fast model failed: batch: 3 times without an answer, last overloaded_error',
  );
});

test('what is answered at the third time is classified', async () => {
  const desk = await openBatchDesk({ failures: [{ what: 'expired', when: isBad, first: 2 }] });
  const { code, row, others } = await badRow(desk, ['--batch']);
  expect([code, others]).toEqual([0, 6]);
  expect(timesAsked(desk).fast).toBe(3);
  expect(row).toMatchObject({ ai_attempts: 3, ai_team: 'billing' });
});

test('of the strong model, the fast labels are kept', async () => {
  const desk = await openBatchDesk({
    failures: [{ what: 'expired', when: (asked) => isBad(asked) && asked.model === STRONG }],
  });
  const { code, row } = await badRow(desk, ['--batch', '--threshold', '1']);
  expect(code).toBe(4);
  expect(row).toMatchObject({
    ai_team: 'billing',
    ai_triage_reason: 'strong model failed: batch: expired 3 times',
  });
});

test('a request that the server calls invalid is given up at once, and tried by a later run', async () => {
  const desk = await openBatchDesk({ failures: [{ what: 'invalid_request', when: isBad }] });
  const { code, row, others } = await badRow(desk, ['--batch']);
  expect([code, others]).toEqual([4, 5]);
  expect(row?.['ai_triage_reason']).toMatch(
    /^fast model failed: batch: invalid_request_error: .*; strong model failed: batch: invalid/,
  );
  expect(timesAsked(desk)).toEqual({ fast: 1, strong: 1 });
  desk.simulator.set({ failures: [] });
  expect((await badRow(desk, ['--batch'])).code).toBe(0);
  expect(timesAsked(desk).fast).toBe(2);
});

test('a batch that is refused whole for one reason ends the run, and fills no triage', async () => {
  const desk = await openBatchDesk({ failures: [{ what: 'invalid_request' }] });
  const invoices = Array.from({ length: 25 }, (_, at) => ({
    id: `I-${at}`,
    body: `Our card was charged twice for the invoice ${at}. Please refund it.`,
  }));
  const { code, stderr, rows } = await desk.job(invoices, '--batch');
  expect([code, rows]).toEqual([3, []]);
  expect(stderr).toMatch(
    /Every request of msgbatch_sim_\d+ was refused for the same reason: invalid_/,
  );
  expect(await desk.lines('unanswered')).toEqual([]);
  desk.simulator.set({ failures: [] });
  const again = await desk.job(invoices, '--batch');
  expect([again.code, again.rows.length]).toEqual([0, 25]);
});

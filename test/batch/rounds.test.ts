// Sending, waiting and collecting against a real server, whatever happens in between.
import { readFileSync } from 'node:fs';
import { describe, expect, it, test } from 'vitest';
import { answerKey, askersFor } from '../../src/ground/keys.ts';
import { halfNanosOf } from '../../src/ground/money.ts';
import { entryMaker, type Question } from '../../src/batch/chunk.ts';
import { answerByBatch, type RoundsOptions } from '../../src/batch/rounds.ts';
import { openBudget } from '../../src/claude/budget.ts';
import { costOf } from '../../src/claude/cost.ts';
import { inBatches, MODELS, type Model } from '../../src/claude/models.ts';
import { mostCost } from '../../src/claude/most-cost.ts';
import { Failure } from '../../src/ground/errors.ts';
import type { BatchFailure } from '../simulator/batch-failures.ts';
import type { Answer } from '../../src/ticket.ts';
import { valid } from '../example.ts';
import { FAST, MINUTE, openParts, questions, STRONG, type Parts } from './parts.ts';

type What = BatchFailure['what'];

const SLOW = { batches: { takesMs: 25 * MINUTE } };

function modelOf(name: string): Model {
  const model = MODELS[name];
  if (!model) throw new Error(`no facts about ${name}`);
  return model;
}

interface Changes extends Partial<Omit<RoundsOptions, 'flags'>>, Partial<RoundsOptions['flags']> {
  /** In half nano-dollars. */
  cap?: number;
}

/** The questions of a job, in order; those that the ledger answers are not asked. */
function job(parts: Parts, asked: readonly Question[], changes: Changes = {}) {
  const { ledger, host, playbook, clock, stop, claude } = parts;
  const askerOf = askersFor(host, playbook);
  const notes: string[] = [];
  const caps = { perRun: changes.cap ?? null, perDay: null };
  const budget = openBudget({ caps, spentBefore: [], now: clock.now, stop: stop.signal });
  const entryOf = entryMaker(parts.request, mostCost(inBatches(modelOf(FAST))));

  async function* survey() {
    for (const { model, ticket } of asked) {
      if (ledger.find(askerOf(model), ticket.textHash)) continue;
      const key = answerKey(askerOf(model), ticket.textHash);
      if (!ledger.batches.givenUp(key, model)) yield { model, ticket };
    }
  }

  const options: RoundsOptions = {
    claude,
    ledger,
    budget,
    host,
    playbook,
    clock,
    entryOf,
    survey,
    warm: async () => null,
    came: () => {},
    note: (text) => void notes.push(text),
    isCapped: false,
    stop: stop.signal,
    ...changes,
    flags: {
      wait: true,
      simulate: false,
      keepBatches: false,
      maxWait: { seconds: 600, text: '10m' },
      ...changes,
    },
  };
  return { budget, notes, entryOf, run: () => answerByBatch(options) };
}

async function failureOf(work: Promise<unknown>): Promise<Failure> {
  const error = await work.then(
    () => null,
    (caught: unknown) => caught,
  );
  if (error instanceof Failure) return error;
  throw new Error(`no failure, but ${String(error)}`);
}

const fail = ({ simulator }: Parts, ...failures: BatchFailure[]) =>
  simulator.set({ batches: { failures } });

/** How many requests each batch had. */
const sizes = ({ simulator }: Parts) =>
  simulator.stats.batches.created.map(({ requests }) => requests);

/** Of all requests of all batches, how often the one was made that was made most often. */
function mostAsked({ simulator }: Parts): number {
  const times = new Map<string, number>();
  for (const { asked } of simulator.stats.batches.created) {
    for (const { ticket } of asked) times.set(ticket, (times.get(ticket) ?? 0) + 1);
  }
  return Math.max(...times.values());
}

function answeredOf({ ledger, host, playbook }: Parts, asked: readonly Question[]): number {
  const askerOf = askersFor(host, playbook);
  return asked.filter(({ model, ticket }) => ledger.find(askerOf(model), ticket.textHash)).length;
}

describe('a job', () => {
  it('sends batches of at most so many, collects them and has them deleted', async () => {
    const parts = await openParts(SLOW);
    const asked = questions(25);
    await job(parts, asked, { batchSize: 10 }).run();
    expect(sizes(parts)).toEqual([10, 10, 5]);
    expect([answeredOf(parts, asked), mostAsked(parts)]).toEqual([25, 1]);
    const { created, deleted } = parts.simulator.stats.batches;
    expect(deleted.toSorted()).toEqual(created.map(({ id }) => id));
    expect([parts.ledger.batches.open(), parts.ledger.batches.left()]).toEqual([[], []]);
  });

  it('leaves its batches on the server if it is told to', async () => {
    const parts = await openParts();
    await job(parts, questions(3), { keepBatches: true }).run();
    expect(parts.simulator.stats.batches.deleted).toEqual([]);
  });

  it('asks a text that stands on several rows once', async () => {
    const parts = await openParts();
    const asked = questions(3);
    await job(parts, [...asked, ...asked, ...asked]).run();
    expect(sizes(parts)).toEqual([3]);
  });

  it('asks one text of two models one after the other: what is out is known by its text', async () => {
    const parts = await openParts(SLOW);
    const asked = [...questions(2), ...questions(2, 'the reports', STRONG)];
    await job(parts, asked).run();
    expect(sizes(parts)).toEqual([2, 2]);
    expect(answeredOf(parts, asked)).toBe(4);
  });

  it('sends nothing of what the ledger answers', async () => {
    const parts = await openParts();
    const asked = questions(3);
    await job(parts, asked).run();
    await job(parts, asked).run();
    expect(sizes(parts)).toEqual([3]);
  });
});

describe('a create', () => {
  test.for<What>(['dropped_after', 'truncated_json', 'server_error_after', 'dropped_halfway'])(
    'that was carried out, but whose answer is lost (%s), is found again',
    async (what) => {
      const parts = await openParts(SLOW);
      const asked = questions(5);
      fail(parts, { on: 'create', what, first: 1 });
      const { run, notes } = job(parts, asked);
      await run();
      expect([sizes(parts), answeredOf(parts, asked)]).toEqual([[5], 5]);
      expect(notes.join('\n')).toContain('It is not known whether a batch was made');
    },
  );

  test.for<What>(['dropped_before', 'html_page', 'server_error'])(
    'that was not carried out, but might have been (%s), is made again after a while',
    async (what) => {
      const parts = await openParts(SLOW);
      const asked = questions(5);
      fail(parts, { on: 'create', what, first: 1 });
      const before = parts.clock.now();
      await job(parts, asked).run();
      expect([sizes(parts), answeredOf(parts, asked)]).toEqual([[5], 5]);
      expect(parts.clock.now() - before).toBeGreaterThan(30_000);
    },
  );

  it('that is refused for now is made again, and no sooner than the server says', async () => {
    const parts = await openParts();
    fail(parts, { on: 'create', what: 'rate_limited', first: 3, retryAfter: 90 });
    await job(parts, questions(5)).run();
    expect(sizes(parts)).toEqual([5]);
    expect(parts.clock.slept.filter((ms) => ms >= 90_000)).toHaveLength(3);
  });

  test.for<[What, exit: number]>([
    ['overloaded', 75],
    ['rate_limited', 75],
    ['server_error', 75],
    ['dropped_before', 75],
    ['html_page', 75],
    ['spend_limit', 3],
    ['too_large', 3],
    ['unauthorized', 2],
  ])('that never succeeds (%s) ends the run with %i', async ([what, exit]) => {
    const parts = await openParts();
    fail(parts, { on: 'create', what });
    const before = parts.clock.now();
    expect(await failureOf(job(parts, questions(5)).run())).toMatchObject({ exit });
    expect(parts.clock.now() - before).toBeLessThan(15 * MINUTE);
    expect(sizes(parts)).toEqual([]);
  });

  it('that is refused while others are out waits for them: the queue may be full of them', async () => {
    const parts = await openParts({ batches: { takesMs: 60 * MINUTE } });
    const asked = questions(10);
    const busy = Array.from({ length: 30 }, (_, at) => at + 2);
    fail(parts, { on: 'create', what: 'rate_limited', nth: busy, retryAfter: 60 });
    await job(parts, asked, { batchSize: 5 }).run();
    expect([sizes(parts), answeredOf(parts, asked)]).toEqual([[5, 5], 10]);
  });
});

describe('a run that finds batches of an earlier one', () => {
  it('waits for them, and asks the rest alone', async () => {
    const parts = await openParts(SLOW);
    const asked = questions(8);
    const earlier = await parts.sent(asked.slice(0, 5));
    await job(parts, asked).run();
    expect(parts.ledger.batches.ids().has(earlier.id ?? '')).toBe(true);
    expect([sizes(parts), answeredOf(parts, asked)]).toEqual([[5, 3], 8]);
  });

  async function gone(parts: Parts, asked: Question[]): Promise<string> {
    const { id, batch } = await parts.sent(asked);
    parts.ledger.keepBatch({ ...headOf(batch), event: 'sent', id: id ?? '' });
    await parts.claude.look(id ?? '');
    await parts.claude.remove(id ?? '');
    return id ?? '';
  }

  it('stops for later at one that the server does not know: it is paid for', async () => {
    const parts = await openParts();
    const asked = questions(4);
    const id = await gone(parts, asked);
    const before = parts.clock.now();
    await expect(job(parts, asked).run()).rejects.toMatchObject({
      exit: 75,
      message: `${id}: the server does not know it (404), and that for 10m (--max-wait).`,
      aftermath: expect.arrayContaining([
        `  ticket-classify batches cancel --ledger ${parts.path}`,
      ]),
    });
    expect(parts.clock.now() - before).toBeGreaterThan(10 * MINUTE);
    expect(parts.clock.now() - before).toBeLessThan(15 * MINUTE);
    expect(sizes(parts)).toEqual([4]);
    expect(parts.ledger.batches.open()).toMatchObject([{ id }]);
  });

  it('writes it off at its most when its results would be gone, and asks again', async () => {
    const parts = await openParts();
    const asked = questions(4);
    await gone(parts, asked);
    await parts.pass(29 * 24 * 60 * MINUTE);
    const { budget, run, notes } = job(parts, asked);
    await run();
    expect([sizes(parts), answeredOf(parts, asked)]).toEqual([[4, 4], 4]);
    expect(budget.unknown()).toBe(2e9);
    expect(notes.join('\n')).toContain('at most $1.00 was paid');
  });

  it('asks again what the batch of a stand-in that is gone has left', async () => {
    const parts = await openParts();
    const asked = questions(4);
    await gone(parts, asked);
    await job(parts, asked, { simulate: true }).run();
    expect([sizes(parts), answeredOf(parts, asked)]).toEqual([[4, 4], 4]);
  });

  it('leaves those of another server alone', async () => {
    const parts = await openParts();
    const elsewhere = await parts.sent(questions(3, 'the rows'), { host: 'other.test' });
    const { id, batch } = elsewhere;
    parts.ledger.keepBatch({ ...headOf(batch), event: 'sent', id: id ?? '' });
    const asked = questions(3);
    await job(parts, asked).run();
    expect(answeredOf(parts, asked)).toBe(3);
    expect(parts.ledger.batches.open()).toMatchObject([{ id, host: 'other.test' }]);
    expect(parts.simulator.stats.batches.deleted).not.toContain(id);
  });

  it('deletes what was collected and not yet deleted', async () => {
    const parts = await openParts();
    fail(parts, { on: 'delete', what: 'forbidden' });
    const first = job(parts, questions(3));
    await first.run();
    expect(first.notes.join('\n')).toContain('stays on the server for now');
    expect(parts.simulator.stats.batches.deleted).toEqual([]);
    fail(parts);
    await job(parts, questions(3)).run();
    expect(parts.simulator.stats.batches.deleted).toHaveLength(1);
  });
});

function headOf(batch: string) {
  return { kind: 'batch', time: new Date(0).toISOString(), batch } as const;
}

describe('a 404 is no proof that something is gone', () => {
  const times = (count: number) => Array.from({ length: count }, (_, at) => at + 1);

  it.each<[BatchFailure['on'], nth: number[]]>([
    ['retrieve', times(2)],
    ['retrieve', times(8)],
    ['results', times(1)],
    ['results', times(8)],
  ])('of %s, the times %j: each answer is there in the end, and paid once', async (on, nth) => {
    const parts = await openParts(SLOW);
    const asked = questions(12);
    fail(parts, { on, what: 'not_found', nth });
    const { run, budget, notes } = job(parts, asked, { batchSize: 4 });
    await run();
    expect([answeredOf(parts, asked), mostAsked(parts)]).toEqual([12, 1]);
    const { created, deleted } = parts.simulator.stats.batches;
    expect(deleted.toSorted()).toEqual(created.map(({ id }) => id));
    expect(budget.unknown()).toBe(0);
    expect(budget.spent()).toBe(billed(parts));
    expect(notes.join('\n')).toContain('(404)');
  });

  it('in a run that does not wait, the next one looks again', async () => {
    const parts = await openParts();
    const asked = questions(6);
    fail(parts, { on: 'results', what: 'not_found', nth: times(2) });
    const brief = () => job(parts, asked, { wait: false }).run();
    expect(await failureOf(brief())).toMatchObject({ exit: 75 });
    expect(await failureOf(brief())).toMatchObject({ exit: 75 });
    expect(await failureOf(brief())).toMatchObject({ exit: 75 });
    await brief();
    expect([answeredOf(parts, asked), sizes(parts)]).toEqual([6, [6]]);
  });

  it('of one batch holds up none of the others, and what was read of it is paid once', async () => {
    const parts = await openParts();
    const asked = questions(12);
    fail(
      parts,
      { on: 'results', what: 'dropped_halfway', nth: [1] },
      { on: 'results', what: 'not_found', nth: [2] },
    );
    const { run, budget } = job(parts, asked, { batchSize: 4 });
    await run();
    expect([answeredOf(parts, asked), sizes(parts)]).toEqual([12, [4, 4, 4]]);
    expect(budget.spent()).toBe(billed(parts));
  });

  test.for<[what: What, why: string]>([
    ['not_found', '404'],
    ['html_page', 'the response was not a message'],
  ])(
    'results that never come (%s) are for later, what is there is collected',
    async ([what, why]) => {
      const parts = await openParts();
      const asked = questions(8);
      const heard: Answer[] = [];
      const came = (answer: Answer) => void heard.push(answer);
      fail(parts, { on: 'results', what, nth: times(2_000).filter((at) => at !== 20) });
      const { run, budget } = job(parts, asked, { batchSize: 4, cap: 2e9, came });
      expect(await failureOf(run())).toMatchObject({
        exit: 75,
        message: expect.stringContaining(why),
      });
      expect(answeredOf(parts, asked)).toBe(4);
      const [open, ...others] = parts.ledger.batches.open();
      expect([open?.texts.length, others, mostAsked(parts)]).toEqual([4, [], 1]);
      const held = halfNanosOf(open?.at_most_usd ?? 0);
      expect(budget.left()).toBe(2e9 - budget.spent() - held);
      expect(heard.filter(({ kind }) => kind === 'none')).toMatchObject([
        { unknown: 4, unknownCost: held },
      ]);
      fail(parts);
      await job(parts, asked).run();
      expect([answeredOf(parts, asked), mostAsked(parts)]).toEqual([8, 1]);
    },
  );

  it('leaves a batch of unknown fate unknown, so that nothing of it is asked again', async () => {
    const parts = await openParts();
    const asked = questions(5);
    fail(
      parts,
      { on: 'create', what: 'dropped_after', first: 1 },
      { on: 'results', what: 'not_found', nth: times(6) },
    );
    await job(parts, asked).run();
    expect([answeredOf(parts, asked), sizes(parts)]).toEqual([5, [5]]);
  });
});

describe('what may be lost with the power', () => {
  it('is on the disk before a batch goes out, and before one is deleted', async () => {
    const parts = await openParts();
    const { claude, ledger } = parts;
    let unsynced: string[] = [];
    const seen: string[][] = [];
    const recorded: Parts['ledger'] = {
      ...ledger,
      keepBatch(line) {
        unsynced.push(line.kind === 'batch' ? line.event : line.kind);
        ledger.keepBatch(line);
      },
      async keep(...given) {
        unsynced.push('answer');
        await ledger.keep(...given);
      },
      async sync() {
        await ledger.sync();
        unsynced = [];
      },
    };
    const watched: Parts['claude'] = {
      ...claude,
      send(requests) {
        seen.push(['send', ...unsynced]);
        return claude.send(requests);
      },
      remove(id) {
        seen.push(['remove', ...unsynced]);
        return claude.remove(id);
      },
    };
    const options = { ledger: recorded, claude: watched, batchSize: 2 };
    await job(parts, questions(4), options).run();
    expect(seen).toEqual([['send'], ['send'], ['remove'], ['remove']]);
  });
});

/** By the server's own count, in half nano-dollars. */
function billed({ simulator }: Parts): number {
  const { input, cacheRead, cacheWrite1h, output } = simulator.stats.of(FAST).batch;
  return costOf({ input, cacheRead, cacheWrite: cacheWrite1h, output }, inBatches(modelOf(FAST)));
}

describe('money', () => {
  /** Room for so many questions. */
  function capFor(parts: Parts, count: number): number {
    const { entryOf } = job(parts, []);
    return questions(count).reduce((sum, question) => sum + entryOf(question).most(), 0);
  }

  it('is set aside for a whole batch before it is sent, in batches that fit', async () => {
    const parts = await openParts(SLOW);
    const asked = questions(10);
    const cap = capFor(parts, 4);
    const { budget } = job(parts, asked, { cap });
    const lefts: number[] = [];
    const { claude } = parts;
    const send: typeof claude.send = async (requests) => {
      lefts.push(budget.left() ?? 0);
      const out = parts.ledger.batches.open().reduce((sum, open) => sum + open.at_most_usd, 0);
      expect(halfNanosOf(out) + budget.spent()).toBeLessThanOrEqual(cap);
      return claude.send(requests);
    };
    await job(parts, asked, { cap, budget, claude: { ...claude, send } }).run();
    expect(answeredOf(parts, asked)).toBe(10);
    expect(sizes(parts)[0]).toBe(4);
    expect(Math.min(...lefts)).toBeGreaterThanOrEqual(0);
  });

  it('that is out with the batches of an earlier run is waited for', async () => {
    const parts = await openParts(SLOW);
    const cap = capFor(parts, 3);
    const earlier = questions(3, 'the rows');
    await parts.sent(earlier, { at_most_usd: cap / 2e9 });
    const asked = [...earlier, ...questions(2)];
    await job(parts, asked, { cap }).run();
    expect([sizes(parts), answeredOf(parts, asked)]).toEqual([[3, 2], 5]);
    const [first, second] = await createdAt(parts);
    expect(second - first).toBeGreaterThanOrEqual(25 * MINUTE);
  });

  it('too little for a single question ends the run, and nothing is sent', async () => {
    const parts = await openParts();
    const failure = await failureOf(job(parts, questions(3), { cap: 1_000 }).run());
    expect(failure).toMatchObject({ exit: 3, kind: 'budget' });
    expect(sizes(parts)).toEqual([]);
  });

  it('that the warming has taken is missing for the last questions, which wait', async () => {
    const parts = await openParts(SLOW);
    const cap = capFor(parts, 6);
    const { budget } = job(parts, [], { cap });
    let isCold = true;
    const warm: RoundsOptions['warm'] = async () => {
      if (isCold) budget.setAside(capFor(parts, 2)).settle(capFor(parts, 2));
      isCold = false;
      return null;
    };
    const asked = questions(6);
    await job(parts, asked, { budget, warm }).run();
    expect(sizes(parts)).toEqual([4, 2]);
    expect(answeredOf(parts, asked)).toBe(6);
  });
});

/** When each intent was written, in order. */
async function createdAt({ ledger, path }: Parts): Promise<[number, number]> {
  await ledger.sync();
  const times = readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line.includes('"event":"intended"'))
    .map((line) => Date.parse(String(JSON.parse(line).time)));
  return [times[0] ?? 0, times[1] ?? 0];
}

it('what the warming call has answered is not in the batch', async () => {
  const parts = await openParts();
  const asked = questions(4);
  const { ledger, host, playbook } = parts;
  const warm: RoundsOptions['warm'] = async ({ entries: [first] }) => {
    if (!first) return null;
    const { ticket, model } = first.question;
    const answer = { ...valid(), simulated: true };
    await ledger.keep(answer, ticket, askersFor(host, playbook)(model), playbook.identity);
    return first;
  };
  await job(parts, asked, { warm }).run();
  expect(sizes(parts)).toEqual([3]);
});

describe('a brief run', () => {
  it('sends, collects and comes back later, until all is done', async () => {
    const parts = await openParts(SLOW);
    const asked = questions(6);
    const brief = () => job(parts, asked, { wait: false, batchSize: 4 }).run();
    expect(await failureOf(brief())).toMatchObject({ exit: 75 });
    expect(await failureOf(brief())).toMatchObject({ exit: 75 });
    expect([sizes(parts), parts.clock.slept]).toEqual([[4, 2], []]);
    await parts.pass(25 * MINUTE);
    await brief();
    expect([answeredOf(parts, asked), mostAsked(parts)]).toEqual([6, 1]);
  });

  it.each<[What, made: number]>([
    ['dropped_after', 1],
    ['dropped_before', 1],
  ])('settles a create whose answer is lost (%s), call by call', async (what, made) => {
    const parts = await openParts(SLOW);
    const asked = questions(6);
    fail(parts, { on: 'create', what, first: 1 });
    let calls = 0;
    for (let isDone = false; !isDone && calls < 12; calls += 1) {
      const brief = job(parts, asked, { wait: false });
      isDone = await brief.run().then(
        () => true,
        () => false,
      );
      await parts.pass(10 * MINUTE);
    }
    expect(calls).toBeLessThan(12);
    expect([answeredOf(parts, asked), sizes(parts).length]).toEqual([6, made]);
  });
});

it('a run that is stopped knows its batches by their ids', async () => {
  const parts = await openParts(SLOW);
  const { stop } = parts;
  const note = (text: string) => {
    if (text.startsWith('sent')) stop.abort(new Error('Ctrl-C'));
  };
  await expect(job(parts, questions(4), { note }).run()).rejects.toThrow('Ctrl-C');
  const [created] = parts.simulator.stats.batches.created;
  expect(parts.ledger.batches.open()).toMatchObject([{ id: created?.id }]);
});

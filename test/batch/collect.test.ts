import { readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { describe, expect, it, onTestFinished, test } from 'vitest';
import { writeOff } from '../../src/batch/close-batch.ts';
import { customIdOf } from '../../src/batch/settle.ts';
import { ResultsMissing } from '../../src/claude/batch-results.ts';
import { openBudget } from '../../src/claude/budget.ts';
import { collect, ResultsUnreadable, type CollectOptions } from '../../src/batch/collect.ts';
import { costOf } from '../../src/claude/cost.ts';
import { inBatches, MODELS, type Model } from '../../src/claude/models.ts';
import { answerKey } from '../../src/ground/keys.ts';
import { openLedger } from '../../src/ledger/open-ledger.ts';
import type { OpenBatch } from '../../src/ledger/open-batches.ts';
import type { BatchFailure } from '../simulator/batch-failures.ts';
import type { Answer } from '../../src/ticket.ts';
import { FAST, openParts, questions, type Parts } from './parts.ts';

type Line = Record<string, unknown>;

function modelOf(name: string): Model {
  const model = MODELS[name];
  if (!model) throw new Error(`no facts about ${name}`);
  return model;
}

function optionsOf(parts: Parts): CollectOptions & { heard: Answer[] } {
  const { claude, ledger, playbook, clock } = parts;
  const heard: Answer[] = [];
  const came = (answer: Answer) => void heard.push(answer);
  const plain = { claude, ledger, playbook, came, heard };
  return { ...plain, simulated: true, keep: false, isLast: false, hear: () => {}, now: clock.now };
}

async function collected(parts: Parts, batch: OpenBatch, changes: Partial<CollectOptions> = {}) {
  return collect(batch, await parts.state(batch), { ...optionsOf(parts), ...changes });
}

async function linesOf({ ledger, path }: Parts, kind: string): Promise<Line[]> {
  await ledger.sync();
  const lines = readFileSync(path, 'utf8').trimEnd().split('\n');
  return lines.map((line): Line => JSON.parse(line)).filter((line) => line['kind'] === kind);
}

function askerOf({ host, playbook }: Parts) {
  return { host, model: FAST, promptHash: playbook.promptHash };
}

describe('a batch that has ended', () => {
  it('brings its answers into the ledger, at half the price, and is out no more', async () => {
    const parts = await openParts();
    const batch = await parts.sent(questions(5));
    const options = optionsOf(parts);
    const { line, cost } = await collect(batch, await parts.state(batch), options);
    expect(line).toMatchObject({ answered: 5, errored: 0, expired: 0, canceled: 0, kept: false });
    const { batch: billed } = parts.simulator.stats.of(FAST);
    const { cacheWrite1h, cacheWrite5m } = billed;
    expect(cacheWrite5m).toBe(0);
    const whole = costOf({ ...billed, cacheWrite: 0 }, modelOf(FAST)) + cacheWrite1h * 4_000;
    expect(cost * 2).toBe(whole);
    for (const text of batch.texts) {
      expect(parts.ledger.find(askerOf(parts), text)).toMatchObject({
        batch: batch.id,
        latency_ms: null,
        attempts: 1,
        language: 'en',
      });
    }
    expect(options.heard).toHaveLength(5);
    expect(parts.ledger.batches.open()).toEqual([]);
    expect(parts.ledger.batches.left()).toMatchObject([{ id: batch.id, host: parts.host }]);
  });

  test.for<BatchFailure['what']>(['dropped_halfway', 'truncated_json', 'lines_missing'])(
    'is read again after %s, and no answer is kept twice',
    async (what) => {
      const parts = await openParts();
      const batch = await parts.sent(questions(40));
      parts.simulator.set({ batches: { failures: [{ on: 'results', what, nth: [1, 2] }] } });
      const options = optionsOf(parts);
      const { line } = await collect(batch, await parts.state(batch), options);
      expect([line.answered, options.heard.length]).toEqual([40, 40]);
      const keys = (await linesOf(parts, 'answer')).map(({ key }) => key);
      expect([keys.length, new Set(keys).size]).toEqual([40, 40]);
    },
  );

  it('is collected once more where a run was cut off, and nothing is kept or paid twice', async () => {
    const parts = await openParts();
    const batch = await parts.sent(questions(30));
    async function* cutOff(...given: Parameters<Parts['claude']['results']>) {
      let left = 12;
      for await (const result of parts.claude.results(...given)) {
        if (left-- === 0) throw new Error('the power is gone');
        yield result;
      }
    }
    await expect(collected(parts, batch, { claude: { results: cutOff } })).rejects.toThrow('power');
    const before = (await linesOf(parts, 'answer')).length;
    expect(before).toBe(12);
    const { line, cost } = await collected(parts, batch);
    expect(line.answered).toBe(30);
    const costs = (await linesOf(parts, 'answer')).map((each) => Number(each['cost_usd']) * 2e9);
    expect(costs).toHaveLength(30);
    expect(Math.round(costs.reduce((all, each) => all + each, 0))).toBe(cost);
  });

  it('tells what expired or failed, so that it is asked again; the counts say how many', async () => {
    const parts = await openParts({
      failures: [
        { what: 'expired', when: ({ ticket }) => ticket.includes('Room 1.') },
        { what: 'overloaded', when: ({ ticket }) => ticket.includes('Room 2.') },
      ],
    });
    const batch = await parts.sent(questions(4));
    const { line } = await collected(parts, batch);
    expect(line).toMatchObject({ answered: 2, errored: 1, expired: 1, canceled: 0 });
    const whyOf = (at: number) => {
      const key = answerKey(askerOf(parts), batch.texts[at] ?? '');
      return parts.ledger.batches.unanswered(key);
    };
    expect(whyOf(0)).toBeNull();
    expect(whyOf(1)).toMatchObject({ times: 1, why: 'expired', passing: true });
    expect(whyOf(2)).toMatchObject({ times: 1, why: 'overloaded_error', passing: true });
  });

  /** A batch with one request that the server never had. */
  async function withoutOne(parts: Parts): Promise<{ batch: OpenBatch; text: string }> {
    const [lacking, ...others] = questions(4);
    const text = lacking?.ticket.textHash ?? '';
    const made = await parts.sent(others);
    const texts = [...made.texts, text];
    return { batch: { ...made, texts, languages: [null, null, null, null] }, text };
  }

  it('books what it has no result for at its most, and stays on the server', async () => {
    const parts = await openParts();
    const { batch, text } = await withoutOne(parts);
    const options = optionsOf(parts);
    const { line, lost } = await collect(batch, await parts.state(batch), options);
    expect(line).toMatchObject({ answered: 3, errored: 1, kept: true });
    expect(lost).toEqual({ requests: 1, most: 2e9 / 4 });
    expect(await linesOf(parts, 'lost')).toMatchObject([{ calls: 1, at_most_usd: 0.25 }]);
    expect(options.heard).toMatchObject([
      { kind: 'valid' },
      { kind: 'valid' },
      { kind: 'valid' },
      { kind: 'none', unknown: 1, unknownCost: 2e9 / 4 },
    ]);
    expect(parts.ledger.batches.left()).toEqual([]);
    const key = answerKey(askerOf(parts), text);
    expect(parts.ledger.batches.unanswered(key)).toMatchObject({
      why: 'its result could not be read (there is none)',
      passing: true,
    });
  });

  it('has what has no result twice asked again once: each time may have been paid for', async () => {
    const parts = await openParts();
    const { batch, text } = await withoutOne(parts);
    const key = answerKey(askerOf(parts), text);
    await collected(parts, batch);
    // Told once more by a run that goes on where another was cut off.
    await collected(parts, batch);
    expect(parts.ledger.batches.unanswered(key)).toMatchObject({ times: 1, passing: true });
    const { batch: again } = await withoutOne(parts);
    await collected(parts, again);
    expect(parts.ledger.batches.unanswered(key)).toMatchObject({ times: 2, passing: false });
    expect(parts.ledger.batches.givenUp(key, FAST)).toMatchObject({
      why: 'batch: its result could not be read (there is none) 2 times',
    });
  });

  it('stays open as it is while the server does not know its results, whatever was read', async () => {
    const parts = await openParts();
    const batch = await parts.sent(questions(30));
    parts.simulator.set({
      batches: {
        failures: [
          { on: 'results', what: 'dropped_halfway', nth: [1] },
          { on: 'results', what: 'not_found', nth: [2] },
        ],
      },
    });
    await expect(collected(parts, batch)).rejects.toThrow(ResultsMissing);
    expect(await linesOf(parts, 'answer')).toHaveLength(15);
    for (const kind of ['unanswered', 'lost']) expect(await linesOf(parts, kind)).toEqual([]);
    const { line } = await collected(parts, batch);
    expect(line).toMatchObject({ answered: 30, errored: 0, kept: false });
    expect(await linesOf(parts, 'answer')).toHaveLength(30);
  });

  it('of which no result can be read stays open: it is paid for, and may be read one day', async () => {
    const parts = await openParts();
    const batch = await parts.sent(questions(20));
    async function* odd(): ReturnType<Parts['claude']['results']> {
      for (const text of batch.texts) {
        const customId = customIdOf(batch.batch, text);
        yield { customId, kind: 'unreadable', why: 'a result of the type postponed' };
      }
    }
    const claude = { results: odd };
    await expect(collected(parts, batch, { claude })).rejects.toThrow(ResultsUnreadable);
    for (const kind of ['unanswered', 'lost']) expect(await linesOf(parts, kind)).toEqual([]);
    const { line, lost } = await collected(parts, batch, { claude, isLast: true });
    expect([line.errored, line.kept, lost.most]).toEqual([20, true, 2e9]);
  });

  it('is given its answers, and no others: those of another request are left out', async () => {
    const parts = await openParts();
    const asked = questions(3);
    const batch = await parts.sent(asked);
    const { texts, languages } = batch;
    const less = { ...batch, texts: texts.slice(1), languages: languages.slice(1) };
    await collected(parts, less);
    expect(parts.ledger.find(askerOf(parts), texts[0] ?? '')).toBeNull();
    expect(await linesOf(parts, 'answer')).toHaveLength(2);
  });

  it('gives no answer that is older than its question, whatever the clocks say', async () => {
    const parts = await openParts();
    const time = new Date(parts.clock.now() + 300_000).toISOString();
    const batch = await parts.sent(questions(2), { time });
    await collected(parts, batch);
    const times = (await linesOf(parts, 'answer')).map((line) => line['time']);
    expect(times).toEqual([time, time]);
  });
});

describe('an answer to the prompt of another playbook', () => {
  const OLD = { playbook: 'older@89abcdef', prompt: '89abcdef'.repeat(8) };

  it('is kept under that playbook, and is none under this one', async () => {
    const parts = await openParts();
    const batch = await parts.sent(questions(2), OLD);
    await collected(parts, batch);
    const [text = ''] = batch.texts;
    const older = { ...askerOf(parts), promptHash: OLD.prompt };
    expect(parts.ledger.find(older, text)).toMatchObject({ playbook: OLD.playbook });
    expect(parts.ledger.find(askerOf(parts), text)).toBeNull();
  });

  it('is valid with labels that are not known here, and without a summary', async () => {
    const parts = await openParts();
    const batch = await parts.sent(questions(1), OLD);
    async function* foreign(...given: Parameters<Parts['claude']['results']>) {
      for await (const result of parts.claude.results(...given)) {
        if (result.kind !== 'answered') continue;
        const blocks = result.message.blocks.map((block) => {
          if (block.type !== 'tool_use') return block;
          const {
            summary: _,
            routing_reason: __,
            ...input
          } = Object.fromEntries(Object.entries(block.input ?? {}));
          return { ...block, input: { ...input, team: 'moon' } };
        });
        yield { ...result, message: { ...result.message, blocks } };
      }
    }
    await collected(parts, batch, { claude: { results: foreign } });
    const older = { ...askerOf(parts), promptHash: OLD.prompt };
    expect(parts.ledger.find(older, batch.texts[0] ?? '')).toMatchObject({
      status: 'valid',
      team: 'moon',
      summary: '',
      routing_reason: '',
    });
  });
});

describe('a batch that is written off', () => {
  it('leaves unanswered what it has not answered, and nothing to delete', async () => {
    const parts = await openParts();
    const batch = await parts.sent(questions(3));
    await writeOff(batch, optionsOf(parts));
    expect(parts.ledger.batches.open()).toEqual([]);
    expect(parts.ledger.batches.left()).toEqual([]);
    for (const text of batch.texts) {
      const key = answerKey(askerOf(parts), text);
      expect(parts.ledger.batches.unanswered(key)).toMatchObject({ times: 1, passing: true });
    }
  });

  it('counts at its most against the day: it may have been paid for', async () => {
    const parts = await openParts();
    const batch = await parts.sent(questions(3), { at_most_usd: 1.5 });
    await writeOff(batch, optionsOf(parts));
    await parts.ledger.close();
    const { path, clock, stop } = parts;
    const ledger = await openLedger({ path, simulated: true, failed: () => {}, clock });
    onTestFinished(ledger.close);
    const caps = { perRun: null, perDay: 2e9 * 2 };
    const before = { spentBefore: ledger.spent, now: clock.now };
    expect(openBudget({ caps, ...before, stop: stop.signal }).left()).toBe(2e9 * 0.5);
  });

  it('is booked without what an earlier run has read of it', async () => {
    const parts = await openParts();
    const batch = await parts.sent(questions(4));
    async function* first(...given: Parameters<Parts['claude']['results']>) {
      for await (const result of parts.claude.results(...given)) {
        yield result;
        throw new Error('the power is gone');
      }
    }
    await expect(collected(parts, batch, { claude: { results: first } })).rejects.toThrow('power');
    const { lost } = await writeOff(batch, optionsOf(parts));
    expect(lost).toEqual({ requests: 3, most: 2e9 * 0.75 });
  });

  it('of which it was never known whether it was made is out no more', async () => {
    const parts = await openParts();
    const batch = { ...(await parts.sent(questions(2))), id: null };
    await writeOff(batch, optionsOf(parts));
    expect(parts.ledger.batches.open()).toEqual([]);
    expect(await linesOf(parts, 'lost')).toMatchObject([{ calls: 2, at_most_usd: 1 }]);
  });
});

describe.each(Object.entries(MODELS))('in a batch, %s', (_, model) => {
  it('has prices that are whole half nano-dollars a token', () => {
    for (const price of Object.values(inBatches(model).prices)) {
      expect(Math.abs(price * 2_000 - Math.round(price * 2_000))).toBeLessThan(1e-9);
    }
  });

  it('costs exactly half, with a prefix that is written for an hour', () => {
    const tokens = fc.nat({ max: 200_000 });
    const usage = fc.record({
      input: tokens,
      cacheRead: tokens,
      cacheWrite: tokens,
      output: tokens,
    });
    const live = { ...model, prices: { ...model.prices, cacheWrite5m: model.prices.cacheWrite1h } };
    fc.assert(
      fc.property(usage, (used) => 2 * costOf(used, inBatches(model)) === costOf(used, live)),
    );
  });
});

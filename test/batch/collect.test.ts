import { readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { collect, writeOff, type CollectOptions } from '../../src/batch/collect.ts';
import { costOf } from '../../src/claude/cost.ts';
import { inBatches, MODELS, type Model } from '../../src/claude/models.ts';
import { answerKey } from '../../src/ground/keys.ts';
import type { OpenBatch } from '../../src/ledger/open-batches.ts';
import type { BatchFailure } from '../../src/simulator/batch-failures.ts';
import type { ValidAnswer, InvalidAnswer } from '../../src/ticket.ts';
import { FAST, openParts, questions, type Parts } from './parts.ts';

type Line = Record<string, unknown>;

function modelOf(name: string): Model {
  const model = MODELS[name];
  if (!model) throw new Error(`no facts about ${name}`);
  return model;
}

function optionsOf(parts: Parts): CollectOptions & { heard: (ValidAnswer | InvalidAnswer)[] } {
  const { claude, ledger, playbook, clock } = parts;
  const heard: (ValidAnswer | InvalidAnswer)[] = [];
  const came = (answer: ValidAnswer | InvalidAnswer) => void heard.push(answer);
  const plain = { claude, ledger, playbook, came, heard };
  return { ...plain, simulated: true, keep: false, now: clock.now };
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
    const { line, cost, paid } = await collect(batch, await parts.state(batch), options);
    expect(line).toMatchObject({ answered: 5, errored: 0, expired: 0, canceled: 0, kept: false });
    const { batch: billed } = parts.simulator.stats.of(FAST);
    const { cacheWrite1h, cacheWrite5m } = billed;
    expect(cacheWrite5m).toBe(0);
    const whole = costOf({ ...billed, cacheWrite: 0 }, modelOf(FAST)) + cacheWrite1h * 4_000;
    expect([cost * 2, paid * 2]).toEqual([whole, whole]);
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
    const { line, cost, paid } = await collected(parts, batch);
    expect(line.answered).toBe(30);
    const costs = (await linesOf(parts, 'answer')).map((each) => Number(each['cost_usd']) * 2e9);
    expect(costs).toHaveLength(30);
    const sum = (of: number[]) => Math.round(of.reduce((all, each) => all + each, 0));
    expect([sum(costs), sum(costs.slice(before))]).toEqual([cost, paid]);
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

  it('leaves unanswered what it has no result for: it must not be asked for ever', async () => {
    const parts = await openParts();
    const [lacking, ...others] = questions(4);
    const batch = await parts.sent(others);
    const text = lacking?.ticket.textHash ?? '';
    const asked = { ...batch, texts: [...batch.texts, text], languages: [null, null, null, null] };
    const { line } = await collected(parts, asked);
    expect(line).toMatchObject({ answered: 3, errored: 1 });
    const key = answerKey(askerOf(parts), text);
    expect(parts.ledger.batches.unanswered(key)).toMatchObject({ why: 'no result', passing: true });
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

it('a batch that is gone leaves unanswered what it has not answered, and nothing to delete', async () => {
  const parts = await openParts();
  const batch = await parts.sent(questions(3));
  writeOff(batch, batch.id ?? '', optionsOf(parts));
  expect(parts.ledger.batches.open()).toEqual([]);
  expect(parts.ledger.batches.left()).toEqual([]);
  for (const text of batch.texts) {
    const key = answerKey(askerOf(parts), text);
    expect(parts.ledger.batches.unanswered(key)).toMatchObject({ times: 1, passing: true });
  }
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

// A live call against whatever a server can answer: its end is one that is foreseen, and what may be paid is booked.
import { afterEach, describe, expect, test } from 'vitest';
import { askClaude } from '../../src/claude/ask-claude.ts';
import { openBudget } from '../../src/claude/budget.ts';
import { openClient } from '../../src/claude/client.ts';
import { costOf } from '../../src/claude/cost.ts';
import { pricedModel, tariff } from '../../src/claude/models.ts';
import { Failure } from '../../src/ground/errors.ts';
import type { Answer } from '../../src/ticket.ts';
import { supportPlaybook, ticket } from '../example.ts';
import { hurriedClock } from '../program.ts';
import {
  startSimulator,
  type Simulator,
  type SimulatorOptions,
} from '../simulator/faulty-server.ts';
import { ODD_MESSAGES, type OddMessage } from '../simulator/odd-messages.ts';
import { ODD_REPLIES, oddReplies, type OddReplyName } from '../simulator/odd-replies.ts';

const FAST = 'claude-haiku-4-5';
const KEY = 'sk-ant-secret-key';
const playbook = await supportPlaybook();

let simulator: Simulator;
afterEach(() => simulator.close());

interface Outcome {
  answer: Answer | null;
  /** What ended the run. */
  failure: Failure | null;
  notes: string[];
  /** In half nano-dollars, unknown costs at their most. */
  booked: number;
  billed: number;
}

async function asked(options: SimulatorOptions, isCapped = false): Promise<Outcome> {
  simulator = await startSimulator(options);
  const stop = new AbortController();
  const clock = hurriedClock();
  const caps = { perRun: null, perDay: null };
  const budget = openBudget({ caps, spentBefore: [], now: clock.now, stop: stop.signal });
  const access = { apiKey: KEY, authToken: null, baseURL: simulator.url };
  const notes: string[] = [];
  const { ask } = askClaude({
    prefixTokens: () => 0,
    client: await openClient({ ...access, log: () => {} }),
    playbook,
    models: tariff(new Map()),
    concurrency: 5,
    maxWait: { seconds: 600, text: '10m' },
    timeoutSeconds: 60,
    isCapped,
    budget,
    clock,
    note: (text) => notes.push(text),
    log: () => {},
    stop: stop.signal,
    leave: new AbortController().signal,
    end: (reason) => stop.abort(reason),
    abandoned: () => {},
  });
  const answer = await ask(FAST, ticket({ body: 'I see 41.20 where my plan costs 20.60.' })).catch(
    (error: unknown) => {
      if (error instanceof Failure) return null;
      throw error;
    },
  );
  const { delivered, lost } = simulator.stats.of(FAST);
  const billed = [delivered, lost].reduce(
    (sum, { cacheWrite5m, ...tokens }) =>
      sum + costOf({ ...tokens, cacheWrite: cacheWrite5m }, pricedModel(FAST)),
    0,
  );
  const failure = stop.signal.reason instanceof Failure ? stop.signal.reason : null;
  return { answer, failure, notes, booked: budget.spent(), billed };
}

const oddMessage = (what: OddMessage) => asked({ failures: [{ what }] });
const oddReply = (what: OddReplyName, first?: number) =>
  asked({ obstacles: [oddReplies([{ on: 'message', what, ...(first && { first }) }])] });

function keysOf<T extends object>(table: T): (keyof T)[] {
  return Object.keys(table) as (keyof T)[];
}

function figuresOf(answer: Answer | null): number[] {
  if (!answer) return [];
  const usage = answer.kind === 'none' ? [] : [...Object.values(answer.usage), answer.cost];
  return [...usage, answer.attempts, answer.unknown, answer.unknownCost];
}

describe('a message of another shape', () => {
  test.each(keysOf(ODD_MESSAGES))('%s is booked for what it took at least', async (what) => {
    const { answer, booked, billed } = await oddMessage(what);
    expect(booked).toBeGreaterThanOrEqual(billed);
    expect(figuresOf(answer).every((one) => Number.isSafeInteger(one) && one >= 0)).toBe(true);
  });

  test.each<[OddMessage, object]>([
    ['input_text', { kind: 'valid' }],
    ['input_nested', { kind: 'valid' }],
    ['input_list', { kind: 'valid' }],
    ['content_object', { kind: 'valid' }],
    ['content_null_blocks', { kind: 'valid' }],
    ['content_odd_blocks', { kind: 'valid' }],
    ['two_calls', { kind: 'valid' }],
    ['routed_model', { kind: 'valid', unknown: 0 }],
    ['model_missing', { kind: 'valid', unknown: 0 }],
    ['model_object', { kind: 'valid', unknown: 0 }],
    ['stop_missing', { kind: 'valid' }],
    ['id_missing', { kind: 'valid' }],
    ['usage_missing', { kind: 'valid', cost: 0, unknown: 1 }],
    ['usage_openai', { kind: 'valid', cost: 0, unknown: 1 }],
    ['usage_text', { kind: 'none', unknown: 4 }],
    ['usage_negative', { kind: 'none', unknown: 4 }],
    ['usage_huge', { kind: 'none', unknown: 4 }],
    ['content_null', { kind: 'invalid', why: expect.stringContaining('nothing instead') }],
    ['json_in_text', { kind: 'invalid', why: expect.stringContaining('text instead') }],
    ['other_model', { kind: 'invalid', why: 'answered by gpt-4o-mini', unknown: 1 }],
    ['stop_pause_turn', { kind: 'invalid', why: expect.stringContaining('pause_turn') }],
    ['stop_context_window', { kind: 'invalid', why: expect.stringContaining('context window') }],
    ['message_null', { kind: 'none', why: expect.stringContaining('not a message') }],
  ])('%s comes to %j', async (what, expected) => {
    expect((await oddMessage(what)).answer).toMatchObject(expected);
  });

  test.each(['usage_missing', 'usage_openai'] as const)(
    '%s is said, and where a cap was asked for ends the run; what came is kept',
    async (what) => {
      const free = await oddMessage(what);
      expect(free.failure).toBeNull();
      expect(free.notes).toEqual([expect.stringContaining('no cap can hold')]);
      await simulator.close();
      const capped = await asked({ failures: [{ what }] }, true);
      expect(capped.failure).toMatchObject({ exit: 3, remedies: [['--max-cost', 'none']] });
      expect(capped.answer?.kind).toBe('valid');
    },
  );
});

describe('whatever else comes back', () => {
  test.each(keysOf(ODD_REPLIES))('once: %s ends as it should', async (what) => {
    const { answer, failure, booked, billed, notes } = await oddReply(what, 1);
    expect(answer !== null || failure !== null).toBe(true);
    expect(booked).toBeGreaterThanOrEqual(billed);
    const said = [answer?.kind === 'none' ? answer.why : '', String(failure), ...notes].join('\n');
    expect(said).not.toMatch(/[^\P{Cc}\n]/u);
    expect(said).not.toContain(KEY);
    expect(said).not.toContain('41.20');
  });

  test.each<OddReplyName>([
    'gzip',
    'no_content_type',
    'type_text',
    'type_binary',
    'byte_order_mark',
    'spaces_before',
    'continue_before',
    'hints_before',
    'no_length',
    'closes',
  ])('%s is an answer, paid for once', async (what) => {
    const { answer, booked, billed } = await oddReply(what);
    expect(answer).toMatchObject({ kind: 'valid', attempts: 1, unknown: 0 });
    expect(booked).toBe(billed);
  });

  test.each<[OddReplyName, number]>([
    ['credit_too_low', 3],
    ['page_401', 2],
  ])('%s ends the run with %i', async (what, exit) => {
    expect((await oddReply(what)).failure?.exit).toBe(exit);
  });
});

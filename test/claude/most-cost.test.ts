import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { halfNanosOf } from '../../src/ground/money.ts';
import { modelFacts, MODELS, type Model } from '../../src/claude/models.ts';
import { mostCost } from '../../src/claude/most-cost.ts';
import { requestMaker } from '../../src/claude/request.ts';
import { supportPlaybook, ticket } from '../example.ts';

const playbook = await supportPlaybook();

function model(name: string): Model {
  const found = MODELS[name];
  if (found === undefined) throw new Error(name);
  return found;
}

function requestOf(body: string, system = playbook.system) {
  const make = requestMaker({ ...playbook, system }, () => ({ forcedTool: true }));
  return make('any', ticket({ subject: '', body }));
}

const bytes = (value: unknown) => Buffer.byteLength(JSON.stringify(value));

/** Dollars per million tokens, as in the table. */
function dollars(tokens: { written: number; input: number; output: number }, of: Model): number {
  const { cacheWrite5m, input, output } = of.prices;
  const sum = tokens.written * cacheWrite5m + tokens.input * input + tokens.output * output;
  return sum / 1_000_000;
}

test('is the prefix written to the cache, the ticket, its frame, and the longest answer', () => {
  const haiku = model('claude-haiku-4-5');
  const request = requestOf('Grüße 👋');
  const written = bytes([request.tools, request.system]);
  const input = bytes(request.messages) + 1_024;
  const expected = dollars({ written, input, output: 400 }, haiku);
  expect(mostCost(haiku).of(request)).toBe(halfNanosOf(expected));
});

test('knows the prefix once a response has told, and keeps the largest it was told', () => {
  const haiku = model('claude-haiku-4-5');
  const most = mostCost(haiku);
  const request = requestOf('Hello');
  const unlearnt = most.of(request);
  const usage = { input: 700, cacheRead: 0, cacheWrite: 0, output: 100 };
  most.learn(usage);
  expect(most.of(request)).toBe(unlearnt);
  most.learn({ ...usage, cacheWrite: 7_000 });
  const input = bytes(request.messages) + 1_024;
  const expected = halfNanosOf(dollars({ written: 7_000, input, output: 400 }, haiku));
  expect(most.of(request)).toBe(expected);
  most.learn({ ...usage, cacheRead: 10 });
  most.learn(usage);
  expect(most.of(request)).toBe(expected);
});

test('takes the price of long prompts where the prompt could be one', () => {
  const haiku = model('claude-haiku-5-5');
  const [short, long] = [1_000, 110_000].map((length) => {
    const request = requestOf('Hello', 'x'.repeat(length));
    const written = bytes([request.tools, request.system]);
    const input = bytes(request.messages) + 1_024;
    const plain = halfNanosOf(dollars({ written, input, output: 400 }, haiku));
    return mostCost(haiku).of(request) / plain;
  });
  expect([short, long]).toEqual([1, 5]);
});

test('takes the input price for the prefix where a playbook puts it above that of cache writes', () => {
  const given = { input: 4, output: 10, cache_write: 1, cache_read: 0.1 };
  const facts = modelFacts('my-model', { 'my-model': given });
  if (!facts) throw new Error('no facts');
  const request = requestOf('Hello');
  const input = bytes([request.tools, request.system]) + bytes(request.messages) + 1_024;
  const expected = dollars({ written: 0, input, output: 400 }, facts);
  expect(mostCost(facts).of(request)).toBe(halfNanosOf(expected));
});

test('a longer ticket never costs less', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (body, more) => {
      const { of } = mostCost(model('claude-sonnet-4-6'));
      expect(of(requestOf(body + more))).toBeGreaterThanOrEqual(of(requestOf(body)));
    }),
    { numRuns: 50 },
  );
});

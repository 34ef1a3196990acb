import { beforeAll, describe, expect, it } from 'vitest';
import {
  createChunk,
  entryMaker,
  MOST_BYTES,
  type Chunk,
  type Entry,
} from '../../src/batch/chunk.ts';
import { customIdOf, isOfBatch, textOf } from '../../src/batch/settle.ts';
import type { Question } from '../../src/batch/chunk.ts';
import { mostCost } from '../../src/claude/most-cost.ts';
import { inBatches, MODELS, type Model } from '../../src/claude/models.ts';
import { requestMaker } from '../../src/claude/request.ts';
import { textHash } from '../../src/ground/keys.ts';
import type { Playbook } from '../../src/playbook/playbook.ts';
import { supportPlaybook, ticket } from '../example.ts';

const MODEL = 'claude-haiku-4-5';
const HAIKU = MODELS[MODEL] ?? missing();
const BATCH = '0123456789ab';

let playbook: Playbook;
beforeAll(async () => {
  playbook = await supportPlaybook();
});

function missing(): Model {
  throw new Error(`no ${MODEL}`);
}

function makerOf(system = playbook.system): (question: Question) => Entry {
  const makeRequest = requestMaker({ ...playbook, system }, () => ({ forcedTool: true }), '1h');
  return entryMaker((of) => makeRequest(MODEL, of.ticket), mostCost(inBatches(HAIKU)));
}

function question(body: string): Question {
  return { model: MODEL, ticket: ticket({ body, textHash: textHash(body) }) };
}

/** As many as fit. */
function filled(chunk: Chunk, make: (at: number) => Entry): Chunk {
  for (let at = 0; ; at++) {
    const entry = make(at);
    if (!chunk.fits(entry)) return chunk;
    chunk.add(entry);
  }
}

/** Of the body that goes out. */
function bytesOf({ entries }: Chunk): number {
  const requests = entries.map(({ question: { ticket: of }, request }) => ({
    custom_id: customIdOf(BATCH, of.textHash),
    params: request,
  }));
  return Buffer.byteLength(JSON.stringify({ requests }));
}

describe('a chunk', () => {
  it('ends at so many requests', () => {
    const make = makerOf('short');
    const chunk = filled(createChunk(MODEL, 7), (at) => make(question(`${at}`)));
    expect(chunk.entries).toHaveLength(7);
  });

  it.each([
    ['plain', 'x'],
    ['escaped', '"\n\u0001'],
    ['not ASCII', '管理者🙂'],
  ])('ends below 32 MB of body, and not long before: %s text', (_, text) => {
    const make = makerOf();
    const long = text.repeat(8_000 / text.length);
    const chunk = filled(createChunk(MODEL, 100_000), (at) => make(question(`${at} ${long}`)));
    const bytes = bytesOf(chunk);
    expect(bytes).toBeLessThanOrEqual(MOST_BYTES);
    expect(bytes).toBeGreaterThan(MOST_BYTES - 200_000);
  });

  it('ends below 32 MB of the smallest requests as well', () => {
    const make = makerOf('');
    const chunk = filled(createChunk(MODEL, 100_000), (at) => make(question(`${at}`)));
    expect(chunk.entries.length).toBeGreaterThan(1_000);
    expect(bytesOf(chunk)).toBeLessThanOrEqual(MOST_BYTES);
  });

  it('knows its texts and the most that it costs; what is taken out is no longer in it', () => {
    const make = makerOf();
    const [first, second] = [make(question('one')), make(question('two, which is longer'))];
    const chunk = createChunk(MODEL, 2);
    chunk.add(first);
    chunk.add(second);
    expect(chunk.most()).toBe(first.most() + second.most());
    expect([chunk.has(textHash('one')), chunk.fits(make(question('three')))]).toEqual([
      true,
      false,
    ]);
    chunk.take(first);
    expect(chunk.entries).toEqual([second]);
    expect(chunk.most()).toBe(second.most());
    expect([chunk.has(textHash('one')), chunk.fits(make(question('three')))]).toEqual([
      false,
      true,
    ]);
  });
});

describe('the id of a request', () => {
  const text = textHash('The broth was cold.');

  it('is one that the API takes, and names batch and text', () => {
    const id = customIdOf(BATCH, text);
    expect(id).toMatch(/^[a-zA-Z0-9_-]{1,64}$/);
    expect(textOf(id)).toBe(text);
    expect([isOfBatch(id, BATCH), isOfBatch(id, 'ba9876543210')]).toEqual([true, false]);
  });

  it.each(['', 'request-1', 'my_own_id', BATCH, `x${BATCH}_${text}`])(
    'of somebody else (%s) is not of our batch',
    (id) => {
      expect(isOfBatch(id, BATCH)).toBe(false);
    },
  );
});

// Texts to ask a model about in; tokens and cost of these calls out, and by batch their upload.
import { MOST_BYTES, MOST_REQUESTS } from '../batch/chunk.ts';
import { requestMaker } from '../claude/request.ts';
import type { Playbook } from '../playbook/playbook.ts';
import { costOf } from '../claude/cost.ts';
import { inBatches, type Model } from '../claude/models.ts';
import { BYTES_PER_TOKEN, FORCED_TOOL_TOKENS } from '../claude/token-guess.ts';
import type { AnswerLine } from '../ledger/format.ts';
import type { Usage } from '../ticket.ts';
import type { Overhead, Texts } from './forecast.ts';

/** Means of so many answers are better than a guess. */
const TELLING = 20;

/** What one call of a model takes, in tokens. */
export interface CallSize {
  /** Cached: written once, then read. */
  prefix: number;
  /** Neither cached nor the ticket's text. */
  overhead: number;
  output: number;
  /** What is told by answers of the ledger and not guessed. */
  known: { prefix: boolean; overhead: boolean; output: boolean };
}

/** In half nano-dollars; not whole, since the tokens are means. */
export interface Cost {
  live: number;
  /** With the prefix found in the cache each time, as batches can't promise. */
  batch: number;
}

export interface Calls {
  count: number;
  usage: Usage;
  cost: Cost;
}

/** The guesses are in tokens, and hold until answers tell better. */
export function callSize(
  newest: readonly AnswerLine[],
  measured: Overhead | undefined,
  model: Model,
  prefixGuess: number,
  outputGuess: number,
): CallSize {
  const isCacheable = prefixGuess >= model.smallestCacheablePrefix;
  const guess = isCacheable ? prefixGuess : 0;
  const cached = newest.map((line) => line.cache_read_tokens + line.cache_write_tokens);
  const prefix = newest.length > 0 ? Math.max(...cached) : guess;
  const forced = model.forcedTool ? FORCED_TOOL_TOKENS : 0;
  const known = measured && measured.answers >= TELLING ? measured : null;
  return {
    prefix,
    overhead: known ? known.tokens / known.answers : forced + (prefix > 0 ? 0 : prefixGuess),
    output: newest.length >= TELLING ? mean(newest.map((line) => line.output_tokens)) : outputGuess,
    known: {
      prefix: newest.length > 0,
      overhead: known !== null,
      output: newest.length >= TELLING,
    },
  };
}

/** One after the other in one run: the first writes the prefix to the cache, the others read it. */
export function callsFor({ count, bytes }: Texts, size: CallSize, model: Model): Calls {
  const input = size.overhead + (count > 0 ? bytes / count : 0) / BYTES_PER_TOKEN;
  const { prefix, output } = size;
  const reading = { input, cacheRead: prefix, cacheWrite: 0, output };
  const writing = { input, cacheRead: 0, cacheWrite: prefix, output };
  const writes = Math.min(1, count);
  const cost = (of: Model) => (count - writes) * costOf(reading, of) + writes * costOf(writing, of);
  return {
    count,
    usage: {
      input: input * count,
      cacheRead: prefix * (count - writes),
      cacheWrite: prefix * writes,
      output: output * count,
    },
    cost: { live: cost(model), batch: cost(inBatches(model)) },
  };
}

export interface Upload {
  batches: number;
  /** The whole prompt is in every request. */
  bytes: number;
}

/** @param mostRequests in one batch; null: as many as a run sends unless told otherwise */
export function uploadOf(
  { count, bytes }: Texts,
  model: Model,
  playbook: Playbook,
  mostRequests: number | null,
): Upload {
  const empty = { accountTier: '', subject: '', body: '' };
  const makeRequest = requestMaker(playbook, () => model, '1h');
  const prefix = Buffer.byteLength(JSON.stringify(makeRequest('', empty)));
  const all = count * prefix + bytes;
  const each = Math.max(
    1,
    Math.min(mostRequests ?? MOST_REQUESTS, Math.floor((MOST_BYTES * count) / Math.max(1, all))),
  );
  return { batches: Math.ceil(count / each), bytes: all };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

// What a simulator has seen and what it would have billed.

import type { Ending } from '../../src/simulator/batch.ts';
import type { Call, Endpoint, Obstacles, Tokens, Watch } from '../../src/simulator/obstacles.ts';
import type { Reply } from '../../src/simulator/reply.ts';
import { isObject } from '../../src/simulator/shape.ts';

export interface Billed extends Tokens {
  answers: number;
}

export interface ModelStats {
  /** Requests whose body named this model, refused ones too. */
  requests: number;
  /** Responses sent, by HTTP status. */
  byStatus: Record<number, number>;
  /** Answers that reached the client whole. */
  delivered: Billed;
  /** Answers that are billed though the client never got them whole. */
  lost: Billed;
  /** Answers inside batches, which cost half, whether or not the client ever asks for them. */
  batch: Billed;
  /** Answers, inside batches too, that wrote to the cache, and that read from it. */
  cacheWrites: number;
  cacheReads: number;
}

export interface Stats {
  /** All requests, also those that named no model. */
  requests: number;
  byStatus: Record<number, number>;
  inFlight: number;
  mostInFlight: number;
  /** With `record`, each POST body as received, in order; a batch is one of them. */
  bodies: unknown[];
  models: Record<string, ModelStats>;
  batches: BatchStats;
  /** The model's figures; all zero if nobody asked it. */
  of: (model: string) => ModelStats;
}

/** What became of batches and of their requests, as far as they have been worked off. */
export interface BatchStats {
  /** Oldest first, also those of which the client never learned. */
  created: CreatedBatch[];
  /** Ids, in the order in which they were canceled; deleted likewise. */
  canceled: string[];
  deleted: string[];
  /** Requests by how they ended; `processed` are those that succeeded or errored. */
  requests: Record<'processed' | Ending, number>;
}

export interface CreatedBatch {
  id: string;
  /** How many. */
  requests: number;
  /** With `record`, the requests in the order sent. */
  asked: AskedInBatch[];
}

export interface AskedInBatch {
  customId: string;
  /** The last message's text, as sent; empty if there is none to be found. */
  ticket: string;
}

/**
 * Two obstacles that change nothing: `outer`, to be around all others, sees what comes in, and
 * `inner` what is done.
 */
export function counting(isRecording: boolean): {
  stats: Stats;
  watch: Watch;
  outer: Obstacles;
  inner: Obstacles;
} {
  const stats = newStats();

  const watch: Watch = {
    arrived(response) {
      stats.requests += 1;
      stats.inFlight += 1;
      stats.mostInFlight = Math.max(stats.mostInFlight, stats.inFlight);
      response.on('close', () => {
        stats.inFlight -= 1;
      });
    },
    answered(status, model) {
      count(stats.byStatus, status);
      if (model !== null) count(stats.of(model).byStatus, status);
    },
    billed: (model, tokens, as) => bill(stats.of(model), tokens, as),
    settled(ending) {
      const { requests } = stats.batches;
      requests[ending] += 1;
      if (ending === 'succeeded' || ending === 'errored') requests.processed += 1;
    },
  };

  const outer: Obstacles = {
    request({ endpoint, body }, answer) {
      const { model } = body;
      if (isRecording && TAKES_BODY.has(endpoint)) stats.bodies.push(body);
      if (typeof model === 'string') stats.of(model).requests += 1;
      return answer();
    },
  };

  const inner: Obstacles = {
    request(call, answer) {
      const reply = answer();
      noteBatch(stats.batches, call, reply, isRecording);
      return reply;
    },
  };

  return { stats, watch, outer, inner };
}

const TAKES_BODY = new Set<Endpoint>(['message', 'create']);

function noteBatch(stats: BatchStats, call: Call, reply: Reply, isRecording: boolean): void {
  const { endpoint, id } = call;
  if (endpoint === 'delete') stats.deleted.push(id);
  if (endpoint === 'cancel' && !stats.canceled.includes(id)) stats.canceled.push(id);
  if (endpoint !== 'create') return;
  const { requests } = call.body;
  const list: unknown[] = Array.isArray(requests) ? requests : [];
  const made: { id: string } = JSON.parse(String(reply.body));
  const asked = isRecording ? list.map(askedOf) : [];
  stats.created.push({ id: made.id, requests: list.length, asked });
}

function askedOf(request: unknown): AskedInBatch {
  const { custom_id: customId, params } = isObject(request) ? request : {};
  const messages = isObject(params) ? params['messages'] : null;
  const last: unknown = Array.isArray(messages) ? messages.at(-1) : null;
  return {
    customId: String(customId),
    ticket: textOf(isObject(last) ? last['content'] : null),
  };
}

function textOf(content: unknown): string {
  if (typeof content === 'string') return content;
  if (!Array.isArray(content)) return '';
  const texts = content.map((block: unknown) => (isObject(block) ? block['text'] : null));
  return texts.filter((text) => typeof text === 'string').join('\n');
}

function newStats(): Stats {
  const models: Record<string, ModelStats> = Object.create(null);
  const requests = { processed: 0, succeeded: 0, errored: 0, expired: 0, canceled: 0 };
  return {
    requests: 0,
    byStatus: {},
    inFlight: 0,
    mostInFlight: 0,
    bodies: [],
    models,
    batches: { created: [], canceled: [], deleted: [], requests },
    of: (model) => (models[model] ??= newModelStats()),
  };
}

function newModelStats(): ModelStats {
  return {
    requests: 0,
    byStatus: {},
    delivered: newBilled(),
    lost: newBilled(),
    batch: newBilled(),
    cacheWrites: 0,
    cacheReads: 0,
  };
}

function newBilled(): Billed {
  return { answers: 0, input: 0, cacheRead: 0, cacheWrite5m: 0, cacheWrite1h: 0, output: 0 };
}

function bill(stats: ModelStats, tokens: Tokens, as: 'delivered' | 'lost' | 'batch'): void {
  const sums = stats[as];
  sums.answers += 1;
  sums.input += tokens.input;
  sums.cacheRead += tokens.cacheRead;
  sums.cacheWrite5m += tokens.cacheWrite5m;
  sums.cacheWrite1h += tokens.cacheWrite1h;
  sums.output += tokens.output;
  if (tokens.cacheRead > 0) stats.cacheReads += 1;
  if (tokens.cacheWrite5m + tokens.cacheWrite1h > 0) stats.cacheWrites += 1;
}

function count(byStatus: Record<number, number>, status: number): void {
  byStatus[status] = (byStatus[status] ?? 0) + 1;
}

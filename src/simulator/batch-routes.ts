// What can be asked of batches, a function each.

import { ApiError, invalid } from './api-error.ts';
import { describeBatch, isArchived, newBatch, type Batch, type BatchRequest } from './batch.ts';
import { checkBatch } from './check-batch.ts';
import type { Call } from './obstacles.ts';
import { shuffle } from './random.ts';
import { jsonReply, type Reply } from './reply.ts';
import type { World } from './world.ts';

/** `POST /v1/messages/batches`. The answer shows it in progress, however little time it takes. */
export function createBatch({ body }: Call, world: World): Reply {
  return show(addBatch(checkBatch(body), world), world);
}

/** `GET /v1/messages/batches/{id}` */
export function retrieveBatch(call: Call, world: World): Reply {
  return show(find(call, world), world);
}

/** `GET /v1/messages/batches`, newest first. */
export function listBatches({ query }: Call, world: World): Reply {
  const { batches, hasMore } = pageOf([...world.batches.kept.values()].toReversed(), query);
  const page = {
    data: batches.map((batch) => describeBatch(batch, world.now(), world.url)),
    has_more: hasMore,
    first_id: batches[0]?.id ?? null,
    last_id: batches.at(-1)?.id ?? null,
  };
  return jsonReply(200, JSON.stringify(page));
}

/** `POST /v1/messages/batches/{id}/cancel`. A second time it changes nothing. */
export function cancelBatch(call: Call, world: World): Reply {
  const batch = find(call, world);
  if (batch.endedAt !== null) {
    throw invalid(`Batch ${batch.id} cannot be canceled because it has already ended.`);
  }
  if (batch.canceledAt === null) {
    batch.canceledAt = world.now();
    batch.endsAt = Math.min(
      batch.endsAt,
      batch.canceledAt + (world.options.batches?.cancelTakesMs ?? 0),
    );
  }
  return show(batch, world);
}

/** `DELETE /v1/messages/batches/{id}` */
export function deleteBatch(call: Call, world: World): Reply {
  const { id, endedAt } = find(call, world);
  if (endedAt === null) {
    throw invalid(`Batch ${id} cannot be deleted because it has not ended. Cancel it first.`);
  }
  world.batches.kept.delete(id);
  return jsonReply(200, JSON.stringify({ id, type: 'message_batch_deleted' }));
}

/** `GET /v1/messages/batches/{id}/results`: JSON lines, in an order that means nothing. */
export function batchResults(call: Call, world: World): Reply {
  const batch = find(call, world);
  if (batch.endedAt === null) throw notFound(`Batch ${batch.id} has no results yet.`);
  if (isArchived(batch, world.now())) {
    throw notFound(`The results of batch ${batch.id} are no longer available.`);
  }
  const lines = shuffle(batch.requests, batch.id).map(({ line }) => line);
  const headers = { 'content-type': 'application/x-jsonl' };
  return { ...jsonReply(200, '', headers), body: lines };
}

function addBatch(requests: BatchRequest[], { batches, options, now }: World): Batch {
  const { name = '', takesMs = 0 } = options.batches ?? {};
  batches.made += 1;
  const serial = `${name}${String(batches.made).padStart(6, '0')}`;
  const length = typeof takesMs === 'number' ? takesMs : takesMs(requests.length);
  const batch = newBatch(serial, requests, now(), length);
  batches.kept.set(batch.id, batch);
  batches.running.add(batch);
  return batch;
}

function find({ id }: Call, world: World): Batch {
  const batch = world.batches.kept.get(id);
  if (batch === undefined) throw notFound(`Batch ${id} not found.`);
  return batch;
}

function notFound(message: string): ApiError {
  return new ApiError(404, 'not_found_error', message);
}

function show(batch: Batch, world: World): Reply {
  return jsonReply(200, JSON.stringify(describeBatch(batch, world.now(), world.url)));
}

interface BatchPage {
  batches: Batch[];
  /** Whether there are others beyond, in the direction that was asked for. */
  hasMore: boolean;
}

/**
 * The part of a list, newest first, that `limit` (1 to 1000, 20 if left out) and `after_id` or
 * `before_id` ask for.
 *
 * @throws ApiError 400
 */
function pageOf(batches: readonly Batch[], query: URLSearchParams): BatchPage {
  const limit = readLimit(query.get('limit'));
  const after = placeOf(batches, query, 'after_id');
  const before = placeOf(batches, query, 'before_id');
  if (after !== null && before !== null) {
    throw invalid('after_id: only one of after_id and before_id may be given');
  }
  if (before !== null) {
    const start = Math.max(0, before - limit);
    return { batches: batches.slice(start, before), hasMore: start > 0 };
  }
  const start = after === null ? 0 : after + 1;
  const end = start + limit;
  return { batches: batches.slice(start, end), hasMore: end < batches.length };
}

const DEFAULT_LIMIT = 20;
const MOST = 1000;

function readLimit(text: string | null): number {
  if (text === null) return DEFAULT_LIMIT;
  const limit = Number(text);
  if (!/^\d+$/.test(text)) throw invalid('limit: Input should be a valid integer');
  if (limit < 1) throw invalid('limit: Input should be greater than or equal to 1');
  if (limit > MOST) throw invalid(`limit: Input should be less than or equal to ${MOST}`);
  return limit;
}

function placeOf(
  batches: readonly Batch[],
  query: URLSearchParams,
  name: 'after_id' | 'before_id',
): number | null {
  const id = query.get(name);
  if (id === null) return null;
  const place = batches.findIndex((batch) => batch.id === id);
  if (place === -1) throw invalid(`${name}: there is no batch ${id}`);
  return place;
}

// What can be asked of batches, a function each.

import { ApiError, invalid } from './api-error.ts';
import { meetFailure, type BatchEndpoint } from './batch-failures.ts';
import { pageOf } from './batch-page.ts';
import type { AskedInBatch } from './batch-stats.ts';
import { describeBatch, isArchived, type Batch, type BatchRequest } from './batch.ts';
import { addBatch } from './batches.ts';
import type { Call } from './call.ts';
import { checkBatch } from './check-batch.ts';
import { shuffle } from './random.ts';
import { jsonReply, type Reply } from './reply.ts';
import { isObject } from './shape.ts';
import type { World } from './world.ts';

type Run = (call: Call, world: World) => Reply;

/** `POST /v1/messages/batches`. The answer shows it in progress, however little time it takes. */
export const createBatch = guarded('create', ({ body }, world) => {
  const requests = checkBatch(body);
  const asked = world.isRecording ? requests.map(askedOf) : [];
  const batch = addBatch(world.batches, requests, world.now());
  world.stats.batches.created.push({ id: batch.id, requests: requests.length, asked });
  return show(batch, world);
});

/** `GET /v1/messages/batches/{id}` */
export const retrieveBatch = guarded('retrieve', (call, world) => show(find(call, world), world));

/** `GET /v1/messages/batches`, newest first. */
export const listBatches = guarded('list', ({ query }, world) => {
  const { batches, hasMore } = pageOf([...world.batches.kept.values()].toReversed(), query);
  const page = {
    data: batches.map((batch) => describeBatch(batch, world.now(), world.url)),
    has_more: hasMore,
    first_id: batches[0]?.id ?? null,
    last_id: batches.at(-1)?.id ?? null,
  };
  return jsonReply(200, JSON.stringify(page));
});

/** `POST /v1/messages/batches/{id}/cancel`. A second time it changes nothing. */
export const cancelBatch = guarded('cancel', (call, world) => {
  const batch = find(call, world);
  if (batch.endedAt !== null) {
    throw invalid(`Batch ${batch.id} cannot be canceled because it has already ended.`);
  }
  if (batch.canceledAt === null) {
    batch.canceledAt = world.now();
    batch.endsAt = Math.min(batch.endsAt, batch.canceledAt + world.batches.cancelTakesMs);
    world.stats.batches.canceled.push(batch.id);
  }
  return show(batch, world);
});

/** `DELETE /v1/messages/batches/{id}` */
export const deleteBatch = guarded('delete', (call, world) => {
  const { id, endedAt } = find(call, world);
  if (endedAt === null) {
    throw invalid(`Batch ${id} cannot be deleted because it has not ended. Cancel it first.`);
  }
  world.batches.kept.delete(id);
  world.stats.batches.deleted.push(id);
  return jsonReply(200, JSON.stringify({ id, type: 'message_batch_deleted' }));
});

/** `GET /v1/messages/batches/{id}/results`: JSON lines, in an order that means nothing. */
export const batchResults = guarded('results', (call, world) => {
  const batch = find(call, world);
  if (batch.endedAt === null) throw notFound(`Batch ${batch.id} has no results yet.`);
  if (isArchived(batch, world.now())) {
    throw notFound(`The results of batch ${batch.id} are no longer available.`);
  }
  const lines = shuffle(batch.requests, world.seed, batch.id).map(({ line }) => line);
  return { ...jsonReply(200, ''), contentType: 'application/x-jsonl', body: lines };
});

function guarded(on: BatchEndpoint, run: Run): Run {
  return (call, world) => {
    if (!world.batches.exist) throw notFound('Not found');
    return meetFailure(world.batches.failureOn(on), () => run(call, world));
  };
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

function askedOf({ customId, params }: BatchRequest): AskedInBatch {
  const messages = params?.['messages'];
  const last: unknown = Array.isArray(messages) ? messages.at(-1) : null;
  return { customId, ticket: textOf(isObject(last) ? last['content'] : null) };
}

function textOf(content: unknown): string {
  if (typeof content === 'string') return content;
  if (!Array.isArray(content)) return '';
  const texts = content.map((block: unknown) => (isObject(block) ? block['text'] : null));
  return texts.filter((text) => typeof text === 'string').join('\n');
}

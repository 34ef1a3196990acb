import type { Ending } from './batch-stats.ts';
import { answerInBatch, ended, type Ended } from './batch-line.ts';
import { dueAt, type Batch, type BatchRequest } from './batch.ts';
import type { World } from './world.ts';

/** Does in every batch what is due by now, and ends those whose time has come. */
export function workOff(world: World): void {
  const now = world.now();
  for (const batch of world.batches.running) {
    processDue(batch, Math.min(now, batch.canceledAt ?? now, batch.endsAt), world);
    if (now >= batch.endsAt) end(batch, world);
  }
}

/** @param until Milliseconds. */
function processDue(batch: Batch, until: number, world: World): void {
  const { requests, serial } = batch;
  while (batch.processed < requests.length && dueAt(batch, batch.processed) <= until) {
    const place = batch.processed;
    batch.processed += 1;
    const request = requests[place];
    if (request === undefined || request.params === null) continue;
    const { customId, params } = request;
    const entry = {
      customId,
      params,
      serial: `${serial}_${place + 1}`,
      dueAt: dueAt(batch, place),
    };
    settle(batch, request, answerInBatch(entry, world), world);
  }
}

/** What is not done by the end is canceled if that was asked for, and expired if not. */
function end(batch: Batch, world: World): void {
  const ending: Ending = batch.canceledAt === null ? 'expired' : 'canceled';
  for (const request of batch.requests.slice(batch.processed)) {
    settle(batch, request, ended(request.customId, ending), world);
  }
  batch.endedAt = batch.endsAt;
  world.batches.running.delete(batch);
}

function settle(batch: Batch, request: BatchRequest, { ending, line }: Ended, world: World): void {
  request.params = null;
  request.line = line;
  batch.counts[ending] += 1;
  const { requests } = world.stats.batches;
  requests[ending] += 1;
  if (ending === 'succeeded' || ending === 'errored') requests.processed += 1;
}

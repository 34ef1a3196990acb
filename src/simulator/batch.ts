// One batch: what is kept of it, and how it shows itself.

import type { JsonObject } from './shape.ts';

/** All times in milliseconds. */
export interface Batch {
  id: string;
  /** Makes the ids of its messages. */
  serial: string;
  createdAt: number;
  /** From creation to the last request's answer. */
  takesMs: number;
  canceledAt: number | null;
  /** When it is to end: of itself, canceled or expired. */
  endsAt: number;
  endedAt: number | null;
  requests: BatchRequest[];
  /** How many of the requests, in the order sent, have been processed. */
  processed: number;
  counts: Record<Ending, number>;
}

export interface BatchRequest {
  customId: string;
  /** Null once there is a result, which takes no more memory than they did. */
  params: JsonObject | null;
  /** The request's line of the results. */
  line: string;
}

export type Ending = 'succeeded' | 'errored' | 'expired' | 'canceled';

/** A batch is given up after a day, and its results are gone after 29. */
const DAY_MS = 86_400_000;
const KEPT_DAYS = 29;

export function newBatch(
  serial: string,
  requests: BatchRequest[],
  createdAt: number,
  takesMs: number,
): Batch {
  return {
    id: `msgbatch_sim_${serial}`,
    serial,
    createdAt,
    takesMs,
    canceledAt: null,
    endsAt: createdAt + Math.min(takesMs, DAY_MS),
    endedAt: null,
    requests,
    processed: 0,
    counts: { succeeded: 0, errored: 0, expired: 0, canceled: 0 },
  };
}

/** When the request at this place is processed: one after the other, evenly, in the order sent. */
export function dueAt({ createdAt, takesMs, requests }: Batch, place: number): number {
  return createdAt + (takesMs * (place + 1)) / requests.length;
}

export function isArchived({ createdAt }: Batch, now: number): boolean {
  return now >= createdAt + KEPT_DAYS * DAY_MS;
}

/** The API's object. Until the whole batch has ended, every request counts as processing. */
export function describeBatch(batch: Batch, now: number, baseUrl: string): JsonObject {
  const { id, createdAt, canceledAt, endedAt, requests, counts } = batch;
  const hasEnded = endedAt !== null;
  const none = { succeeded: 0, errored: 0, expired: 0, canceled: 0 };
  return {
    id,
    type: 'message_batch',
    processing_status: hasEnded ? 'ended' : canceledAt === null ? 'in_progress' : 'canceling',
    request_counts: {
      processing: hasEnded ? 0 : requests.length,
      ...(hasEnded ? counts : none),
    },
    created_at: timeText(createdAt),
    expires_at: timeText(createdAt + DAY_MS),
    ended_at: timeText(endedAt),
    cancel_initiated_at: timeText(canceledAt),
    archived_at: isArchived(batch, now) ? timeText(createdAt + KEPT_DAYS * DAY_MS) : null,
    results_url: hasEnded ? `${baseUrl}/v1/messages/batches/${id}/results` : null,
  };
}

function timeText(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}

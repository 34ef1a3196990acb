import { invalid } from './api-error.ts';
import type { Batch } from './batch.ts';

export interface BatchPage {
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
export function pageOf(batches: readonly Batch[], query: URLSearchParams): BatchPage {
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

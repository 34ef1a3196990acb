// Calls by batch → how many batches that takes, and how much is sent.
import { MOST_BYTES, MOST_REQUESTS } from '../batch/chunk.ts';
import type { Model } from '../claude/models.ts';
import { requestMaker } from '../claude/request.ts';
import type { Playbook } from '../playbook/playbook.ts';
import type { Texts } from './forecast.ts';

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
  const makeRequest = requestMaker(playbook, () => model.forcedTool, '1h');
  const prefix = Buffer.byteLength(JSON.stringify(makeRequest('', empty)));
  const all = count * prefix + bytes;
  const each = Math.max(
    1,
    Math.min(mostRequests ?? MOST_REQUESTS, Math.floor((MOST_BYTES * count) / Math.max(1, all))),
  );
  return { batches: Math.ceil(count / each), bytes: all };
}

// The Message Batches API, as far as a run needs it: what goes out, and what may have come of it.
import { APIConnectionError, APIError } from '@anthropic-ai/sdk';
import { z } from 'zod';
import { failures, type Failure } from '../ground/errors.ts';
import { readResults, type BatchResult } from './batch-results.ts';
import { hostOf } from './client.ts';
import { NotAMessage } from './message.ts';
import { absenceOf, isMissing, patience, type PatienceOptions } from './patience.ts';
import type { Request } from './request.ts';
import { problemOf, runFailureOf, SIMULATOR_HEADER } from './retry.ts';

/** As a server tells of it. */
export interface BatchState {
  id: string;
  isEnded: boolean;
  isCanceling: boolean;
  /** Milliseconds since 1970. */
  createdAt: number;
  /** Null while it runs. */
  endedAt: number | null;
  requests: number;
  resultsUrl: string | null;
}

export interface BatchRequest {
  /** 1 to 64 of `[a-zA-Z0-9_-]`. */
  customId: string;
  request: Request;
}

/** What came of sending one. */
export type Sending =
  | { kind: 'made'; id: string }
  /**
   * It was not carried out. `failure` is what must end the run, null if another try may help;
   * `retryAfter` in seconds, null if the server does not say.
   */
  | { kind: 'refused'; why: string; failure: Failure | null; retryAfter: number | null }
  /** Nobody knows whether it was. */
  | { kind: 'unclear'; why: string };

export interface BatchesOptions extends PatienceOptions {
  /** Aborted: what is on its way is dropped as well. */
  leave: AbortSignal;
}

export interface ClaudeBatches {
  /** Whether a stand-in answers. @throws Failure for a server that has no batches */
  probe: () => Promise<{ simulated: boolean }>;
  send: (requests: readonly BatchRequest[]) => Promise<Sending>;
  /** Null for one that the server does not know, or not just now. */
  look: (id: string) => Promise<BatchState | null>;
  /** All that were made since a time (milliseconds since 1970), the newest first. */
  since: (time: number) => AsyncGenerator<BatchState>;
  /** See `readResults`. */
  results: (batch: BatchState) => AsyncGenerator<BatchResult>;
  cancel: (id: string) => Promise<void>;
  /** It may be gone already. */
  remove: (id: string) => Promise<void>;
}

/** An upload of 32 MB over a slow line. */
export const SEND_TIMEOUT_MS = 600_000;
const PAGE = 100;
const PATH = '/v1/messages/batches';
/** Of the 5xx those that say that nothing was done. */
const NOT_DONE = new Set([501, 529]);
/** The API has no batches in such a workspace. */
const REVIEW_OFF = 'workspace_human_review_disabled';

export function claudeBatches(options: BatchesOptions): ClaudeBatches {
  const { client, leave } = options;
  const { batches } = client.messages;
  const patiently = patience(options);
  const host = hostOf(client);

  /** The SDK takes a page of HTML for a list without any batch, and what was sent for lost. */
  async function listed(query: { limit: number; after_id?: string }) {
    try {
      return await patiently(async (request) => {
        const page = client.get<unknown>(PATH, { query, ...request });
        const { data, response } = await page.withResponse();
        const { data: states, ...rest } = checked(pageSchema, data);
        const simulated = response.headers.has(SIMULATOR_HEADER);
        return { ...rest, states: states.map(stateOf), simulated };
      });
    } catch (error) {
      throw isMissing(error) ? failures.noBatches(host, '404') : error;
    }
  }

  async function probe(): Promise<{ simulated: boolean }> {
    const { simulated } = await listed({ limit: 1 });
    return { simulated };
  }

  async function send(requests: readonly BatchRequest[]): Promise<Sending> {
    try {
      // Not by `batches.create`, which makes one string of it all: of 32 MB that takes a hundred.
      const made = await client.post<unknown>(PATH, {
        body: bodyOf(requests),
        headers: { 'content-type': 'application/json' },
        // A create that is sent twice can make two batches, and both are paid.
        maxRetries: 0,
        timeout: SEND_TIMEOUT_MS,
        signal: leave,
      });
      const { data } = namedSchema.safeParse(made);
      if (data) return { kind: 'made', id: data.id };
      return { kind: 'unclear', why: 'the response was not a batch' };
    } catch (error) {
      return refusalOf(error, requests.length);
    }
  }

  function refusalOf(error: unknown, requests: number): Sending {
    const { why, passing, retryAfter, unknownCost } = problemOf(error, SEND_TIMEOUT_MS / 1_000);
    const status = error instanceof APIError ? (error.status ?? 0) : 0;
    const isRefusal = (status >= 400 && status < 500 && status !== 408) || NOT_DONE.has(status);
    const isUnsent = error instanceof APIConnectionError && !unknownCost;
    if (!isRefusal && !isUnsent) return { kind: 'unclear', why };
    const lasting = passing ? null : failures.batchesRefused(host, why);
    const failure =
      failureOfCreate(error, requests, why) ?? runFailureOf(error, host, '') ?? lasting;
    return { kind: 'refused', why, failure, retryAfter };
  }

  function failureOfCreate(error: unknown, requests: number, why: string): Failure | null {
    if (isMissing(error)) return failures.noBatches(host, '404');
    if (!(error instanceof APIError)) return null;
    if (error.status === 413) return failures.batchTooLarge(host, requests, why);
    if (error.errorCode === REVIEW_OFF) return failures.humanReviewOff(why);
    return absenceOf(error, host);
  }

  async function look(id: string): Promise<BatchState | null> {
    try {
      return await patiently(async (request) => stateOf(await batches.retrieve(id, {}, request)));
    } catch (error) {
      if (isMissing(error)) return null;
      throw error;
    }
  }

  async function* since(time: number): AsyncGenerator<BatchState> {
    let after: string | undefined;
    while (true) {
      const query = { limit: PAGE, ...(after === undefined ? {} : { after_id: after }) };
      const page = await listed(query);
      for (const state of page.states) {
        if (state.createdAt < time) return;
        yield state;
      }
      if (!page.has_more || !page.last_id) return;
      after = page.last_id;
    }
  }

  /** One that has ended meanwhile can't be, and need not; one that is not known just now isn't. */
  async function cancel(id: string): Promise<void> {
    try {
      await patiently(async (request) => stateOf(await batches.cancel(id, {}, request)));
    } catch (error) {
      if (isMissing(error)) return;
      const state = await look(id);
      if (state && !state.isEnded && !state.isCanceling) throw error;
    }
  }

  async function remove(id: string): Promise<void> {
    try {
      await patiently(async (request) =>
        checked(namedSchema, await batches.delete(id, {}, request)),
      );
    } catch (error) {
      if (!isMissing(error)) throw error;
    }
  }

  const results = (batch: BatchState) => readResults(batch, options, patiently);

  return { probe, send, look, since, results, cancel, remove };
}

const pageSchema = z.object({
  data: z.array(z.unknown()),
  has_more: z.boolean().nullish(),
  last_id: z.string().nullish(),
});
/** It is printed, and stands in paths. */
const id = z.string().regex(/^[!-~]{1,500}$/);
const namedSchema = z.object({ id });
const batchSchema = z.object({
  id,
  processing_status: z.string(),
  created_at: z.string(),
  ended_at: z.string().nullish(),
  results_url: z.string().nullish(),
  request_counts: z.record(z.string(), z.number()),
});

/** @throws NotAMessage for what a proxy may have put in place of it */
function checked<T>(schema: z.ZodType<T>, value: unknown): T {
  const { data } = schema.safeParse(value);
  if (data === undefined) throw new NotAMessage();
  return data;
}

function bodyOf(requests: readonly BatchRequest[]): Buffer {
  const parts = requests.map(({ customId, request }, at) => {
    const text = JSON.stringify({ custom_id: customId, params: request });
    return Buffer.from(at === 0 ? text : `,${text}`);
  });
  return Buffer.concat([Buffer.from('{"requests":['), ...parts, Buffer.from(']}')]);
}

function stateOf(value: unknown): BatchState {
  const batch = checked(batchSchema, value);
  const counts = Object.values(batch.request_counts);
  return {
    id: batch.id,
    isEnded: batch.processing_status === 'ended',
    isCanceling: batch.processing_status === 'canceling',
    createdAt: Date.parse(batch.created_at),
    endedAt: Date.parse(batch.ended_at ?? '') || null,
    requests: counts.reduce((sum, count) => sum + count, 0),
    resultsUrl: batch.results_url ?? null,
  };
}

// The Message Batches API, as far as a run needs it: what goes out, and what may have come of it.
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { APIError, type Anthropic } from '@anthropic-ai/sdk';
import type { Message } from '@anthropic-ai/sdk/resources/messages';
import type { MessageBatch } from '@anthropic-ai/sdk/resources/messages/batches';
import { z } from 'zod';
import type { Clock } from '../clock.ts';
import { failures, type Failure } from '../errors.ts';
import type { Usage } from '../ticket.ts';
import { usageOf } from './call.ts';
import type { Request } from './request.ts';
import { NotAMessage, problemOf, runFailureOf, SIMULATOR_HEADER, waitBefore } from './retry.ts';

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

export type BatchResult = { customId: string } & (
  | { kind: 'answered'; message: Message; usage: Usage }
  | { kind: 'errored'; why: string; passing: boolean }
  | { kind: 'expired' | 'canceled' }
);

export interface BatchesOptions {
  client: Anthropic;
  clock: Clock;
  /** Aborted: no request goes out any more. */
  stop: AbortSignal;
  /** Aborted: what is on its way is dropped as well. */
  leave: AbortSignal;
  maxWait: { seconds: number; text: string };
}

export interface ClaudeBatches {
  /** Whether a stand-in answers. @throws Failure for a server that has no batches */
  probe: () => Promise<{ simulated: boolean }>;
  send: (requests: readonly BatchRequest[]) => Promise<Sending>;
  /** Null for one that is gone. */
  look: (id: string) => Promise<BatchState | null>;
  /** All that were made since a time (milliseconds since 1970), the newest first. */
  since: (time: number) => AsyncGenerator<BatchState>;
  /**
   * In any order. A stream that breaks off is read again from its beginning: results may come twice.
   * @throws Failure for a `results_url` of another host, which would be sent the key
   */
  results: (batch: BatchState) => AsyncGenerator<BatchResult>;
  cancel: (id: string) => Promise<void>;
  /** It may be gone already. */
  remove: (id: string) => Promise<void>;
}

/** An upload of 32 MB over a slow line. */
const SEND_TIMEOUT_MS = 600_000;
const PAGE = 100;

/** Refusals of a single request that say nothing of the request itself. */
const PASSING = /^(api_error|overloaded_error|rate_limit_error|timeout_error)$/;

export function claudeBatches({
  client,
  clock,
  stop,
  leave,
  maxWait,
}: BatchesOptions): ClaudeBatches {
  const { batches } = client.messages;

  /** Reading may be done again as often as it takes. */
  async function patiently<T>(read: () => Promise<T>): Promise<T> {
    const startedAt = clock.now();
    for (let attempt = 1; ; attempt++) {
      stop.throwIfAborted();
      try {
        return await read();
      } catch (error) {
        stop.throwIfAborted();
        if (error instanceof APIError && error.status === 404) throw error;
        const failure = runFailureOf(error, client.baseURL, '');
        if (failure) throw failure;
        const problem = problemOf(error, client.timeout / 1_000);
        if (!problem.passing) throw failures.batchesRefused(client.baseURL, problem.why);
        const wait = waitBefore(Math.min(attempt, 8), problem.retryAfter, clock.random);
        if (clock.now() + wait - startedAt > maxWait.seconds * 1_000) {
          throw failures.noSuccess(maxWait.text, problem.why);
        }
        await clock.sleep(wait, stop);
      }
    }
  }

  const options = { signal: stop, maxRetries: 0 };

  async function probe(): Promise<{ simulated: boolean }> {
    try {
      const { response } = await patiently(() =>
        batches.list({ limit: 1 }, options).withResponse(),
      );
      return { simulated: response.headers.has(SIMULATOR_HEADER) };
    } catch (error) {
      throw isMissing(error) ? failures.noBatches(client.baseURL) : error;
    }
  }

  async function send(requests: readonly BatchRequest[]): Promise<Sending> {
    const body = requests.map(({ customId, request }) => ({
      custom_id: customId,
      params: request,
    }));
    try {
      const made = await batches.create(
        { requests: body },
        // A create that is sent twice can make two batches, and both are paid.
        { maxRetries: 0, timeout: SEND_TIMEOUT_MS, signal: leave },
      );
      const id: unknown = typeof made === 'object' ? made?.id : undefined;
      if (typeof id === 'string' && id !== '') return { kind: 'made', id };
      return { kind: 'unclear', why: 'the response was not a batch' };
    } catch (error) {
      return refusalOf(error);
    }
  }

  function refusalOf(error: unknown): Sending {
    const { why, passing, retryAfter, unknownCost } = problemOf(error, SEND_TIMEOUT_MS / 1_000);
    const status = error instanceof APIError ? (error.status ?? 0) : null;
    const isClear =
      status === null ? !unknownCost : status === 529 || (status >= 400 && status < 500);
    if (!isClear || status === 408) return { kind: 'unclear', why };
    const lasting = passing ? null : failures.batchesRefused(client.baseURL, why);
    const failure = isMissing(error)
      ? failures.noBatches(client.baseURL)
      : (runFailureOf(error, client.baseURL, '') ?? lasting);
    return { kind: 'refused', why, failure, retryAfter };
  }

  async function look(id: string): Promise<BatchState | null> {
    try {
      return stateOf(await patiently(() => batches.retrieve(id, {}, options)));
    } catch (error) {
      if (isMissing(error)) return null;
      throw error;
    }
  }

  async function* since(time: number): AsyncGenerator<BatchState> {
    let after: string | undefined;
    while (true) {
      const query = { limit: PAGE, ...(after === undefined ? {} : { after_id: after }) };
      const page = await patiently(() => batches.list(query, options));
      for (const batch of page.data) {
        const state = stateOf(batch);
        if (state.createdAt < time) return;
        yield state;
      }
      if (!page.has_more || page.last_id === null) return;
      after = page.last_id;
    }
  }

  async function* results({ id, resultsUrl, requests }: BatchState): AsyncGenerator<BatchResult> {
    const url = new URL(resultsUrl ?? `/v1/messages/batches/${id}/results`, client.baseURL);
    if (url.origin !== new URL(client.baseURL).origin) {
      throw failures.resultsElsewhere(id, url.origin);
    }
    const startedAt = clock.now();
    for (let attempt = 1; ; attempt++) {
      let count = 0;
      let why = 'its results broke off';
      const stream = await patiently(() => client.get(url.href, options).asResponse());
      try {
        for await (const line of linesOf(stream)) {
          yield resultOf(line);
          count += 1;
        }
      } catch (error) {
        stop.throwIfAborted();
        ({ why } = problemOf(error, client.timeout / 1_000));
      }
      if (count >= requests) return;
      if (clock.now() - startedAt > maxWait.seconds * 1_000) {
        throw failures.noSuccess(maxWait.text, why);
      }
      await clock.sleep(waitBefore(Math.min(attempt, 8), null, clock.random), stop);
    }
  }

  async function cancel(id: string): Promise<void> {
    await patiently(() => batches.cancel(id, {}, options));
  }

  async function remove(id: string): Promise<void> {
    try {
      await patiently(() => batches.delete(id, {}, options));
    } catch (error) {
      if (!isMissing(error)) throw error;
    }
  }

  return { probe, send, look, since, results, cancel, remove };
}

function stateOf(batch: MessageBatch): BatchState {
  const { processing, succeeded, errored, canceled, expired } = batch.request_counts;
  return {
    id: batch.id,
    isEnded: batch.processing_status === 'ended',
    isCanceling: batch.processing_status === 'canceling',
    createdAt: Date.parse(batch.created_at),
    endedAt: batch.ended_at === null ? null : Date.parse(batch.ended_at),
    requests: processing + succeeded + errored + canceled + expired,
    resultsUrl: batch.results_url,
  };
}

function isMissing(error: unknown): boolean {
  return error instanceof APIError && error.status === 404;
}

function linesOf({ body }: Response): AsyncIterable<string> {
  if (body === null) throw new NotAMessage();
  return createInterface({ input: Readable.fromWeb(body), crlfDelay: Number.POSITIVE_INFINITY });
}

const usage = z.looseObject({ input_tokens: z.number(), output_tokens: z.number() });
const resultSchema = z.object({
  custom_id: z.string(),
  result: z.discriminatedUnion('type', [
    z.object({
      type: z.literal('succeeded'),
      message: z.custom<Message>(
        (value) => z.looseObject({ content: z.array(z.unknown()), usage }).safeParse(value).success,
      ),
    }),
    z.object({
      type: z.literal('errored'),
      error: z.object({ error: z.object({ type: z.string(), message: z.string() }) }),
    }),
    z.object({ type: z.literal('canceled') }),
    z.object({ type: z.literal('expired') }),
  ]),
});

/** @throws SyntaxError for what is no result, as for a body that is no JSON */
function resultOf(line: string): BatchResult {
  const { data } = resultSchema.safeParse(JSON.parse(line));
  if (!data) throw new SyntaxError('not a result');
  const { custom_id: customId, result } = data;
  switch (result.type) {
    case 'succeeded':
      return {
        customId,
        kind: 'answered',
        message: result.message,
        usage: usageOf(result.message),
      };
    case 'errored': {
      const { type, message } = result.error.error;
      const passing = PASSING.test(type);
      return { customId, kind: 'errored', why: passing ? type : `${type}: ${message}`, passing };
    }
    case 'canceled':
    case 'expired':
      return { customId, kind: result.type };
  }
}

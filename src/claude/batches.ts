// The Message Batches API, as far as a run needs it: what goes out, and what may have come of it.
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { APIConnectionError, APIError, type Anthropic } from '@anthropic-ai/sdk';
import type { MessageBatch } from '@anthropic-ai/sdk/resources/messages/batches';
import { z } from 'zod';
import type { Clock } from '../ground/clock.ts';
import { failures, type Failure } from '../ground/errors.ts';
import { NotAMessage, readMessage, type Message } from './message.ts';
import type { Request } from './request.ts';
import { problemOf, runFailureOf, SIMULATOR_HEADER, waitBefore } from './retry.ts';

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
  | { kind: 'answered'; message: Message }
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
   * None of a batch whose results the server no longer has.
   * A `results_url` of another host is not followed, as the key would go along.
   */
  results: (batch: BatchState) => AsyncGenerator<BatchResult>;
  cancel: (id: string) => Promise<void>;
  /** It may be gone already. */
  remove: (id: string) => Promise<void>;
}

/** An upload of 32 MB over a slow line. */
export const SEND_TIMEOUT_MS = 600_000;
/** A look at a batch is over sooner, or never. */
const LOOK_TIMEOUT_MS = 60_000;
const PAGE = 100;
/** As the SDK asks for results. */
const RESULTS_HEADERS = { accept: 'application/binary' };
const PATH = '/v1/messages/batches';

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
        const problem = problemOf(error, LOOK_TIMEOUT_MS / 1_000);
        if (!problem.passing) throw failures.batchesRefused(client.baseURL, problem.why);
        const wait = waitBefore(Math.min(attempt, 8), problem.retryAfter, clock.random);
        if (clock.now() + wait - startedAt > maxWait.seconds * 1_000) {
          throw failures.noSuccess(maxWait.text, problem.why);
        }
        await clock.sleep(wait, stop);
      }
    }
  }

  const options = { signal: stop, maxRetries: 0, timeout: LOOK_TIMEOUT_MS };

  /** The SDK takes a page of HTML for a list without any batch, and what was sent for lost. */
  async function listed(query: { limit: number; after_id?: string }) {
    const { data, response } = await client
      .get<unknown>(PATH, { query, ...options })
      .withResponse();
    const { data: states, ...page } = checked(pageSchema, data);
    return {
      ...page,
      states: states.map(stateOf),
      simulated: response.headers.has(SIMULATOR_HEADER),
    };
  }

  async function probe(): Promise<{ simulated: boolean }> {
    try {
      const { simulated } = await patiently(() => listed({ limit: 1 }));
      return { simulated };
    } catch (error) {
      throw isMissing(error) ? failures.noBatches(client.baseURL) : error;
    }
  }

  async function send(requests: readonly BatchRequest[]): Promise<Sending> {
    try {
      // Not by `batches.create`, which makes one string of it all: of 32 MB that takes a hundred.
      const made = await client.post<MessageBatch>(PATH, {
        body: bodyOf(requests),
        headers: { 'content-type': 'application/json' },
        // A create that is sent twice can make two batches, and both are paid.
        maxRetries: 0,
        timeout: SEND_TIMEOUT_MS,
        signal: leave,
      });
      const id: unknown = typeof made === 'object' ? made?.id : undefined;
      if (typeof id === 'string' && id !== '') return { kind: 'made', id };
      return { kind: 'unclear', why: 'the response was not a batch' };
    } catch (error) {
      return refusalOf(error);
    }
  }

  function refusalOf(error: unknown): Sending {
    const { why, passing, retryAfter, unknownCost } = problemOf(error, SEND_TIMEOUT_MS / 1_000);
    const status = error instanceof APIError ? (error.status ?? 0) : 0;
    const isRefusal = status === 529 || (status >= 400 && status < 500 && status !== 408);
    const isUnsent = error instanceof APIConnectionError && !unknownCost;
    if (!isRefusal && !isUnsent) return { kind: 'unclear', why };
    const lasting = passing ? null : failures.batchesRefused(client.baseURL, why);
    const failure = isMissing(error)
      ? failures.noBatches(client.baseURL)
      : (runFailureOf(error, client.baseURL, '') ?? lasting);
    return { kind: 'refused', why, failure, retryAfter };
  }

  async function look(id: string): Promise<BatchState | null> {
    try {
      return await patiently(async () => stateOf(await batches.retrieve(id, {}, options)));
    } catch (error) {
      if (isMissing(error)) return null;
      throw error;
    }
  }

  async function* since(time: number): AsyncGenerator<BatchState> {
    let after: string | undefined;
    while (true) {
      const query = { limit: PAGE, ...(after === undefined ? {} : { after_id: after }) };
      const page = await patiently(() => listed(query));
      for (const state of page.states) {
        if (state.createdAt < time) return;
        yield state;
      }
      if (!page.has_more || !page.last_id) return;
      after = page.last_id;
    }
  }

  async function* results({ id, resultsUrl, requests }: BatchState): AsyncGenerator<BatchResult> {
    const own = new URL(client.buildURL(`${PATH}/${id}/results`, null));
    const told = new URL(resultsUrl ?? own.href, own);
    // The key goes along, so to no other host than the one that it is for.
    const url = told.origin === own.origin ? told : own;
    const startedAt = clock.now();
    for (let attempt = 1; ; attempt++) {
      let count = 0;
      let why = 'its results broke off';
      const stream = await open(url.href);
      if (stream === null) return;
      try {
        for await (const line of linesOf(stream)) {
          yield resultOf(line);
          count += 1;
        }
      } catch (error) {
        stop.throwIfAborted();
        ({ why } = problemOf(error, LOOK_TIMEOUT_MS / 1_000));
      }
      if (count >= requests) return;
      if (clock.now() - startedAt > maxWait.seconds * 1_000) {
        throw failures.noSuccess(maxWait.text, why);
      }
      await clock.sleep(waitBefore(Math.min(attempt, 8), null, clock.random), stop);
    }
  }

  async function open(url: string): Promise<Response | null> {
    try {
      return await patiently(() =>
        client.get(url, { ...options, headers: RESULTS_HEADERS }).asResponse(),
      );
    } catch (error) {
      if (isMissing(error)) return null;
      throw error;
    }
  }

  /** One that has ended meanwhile can't be, and need not. */
  async function cancel(id: string): Promise<void> {
    try {
      await patiently(async () => stateOf(await batches.cancel(id, {}, options)));
    } catch (error) {
      const state = await look(id);
      if (state && !state.isEnded && !state.isCanceling) throw error;
    }
  }

  async function remove(id: string): Promise<void> {
    try {
      await patiently(async () => checked(deletedSchema, await batches.delete(id, {}, options)));
    } catch (error) {
      if (!isMissing(error)) throw error;
    }
  }

  return { probe, send, look, since, results, cancel, remove };
}

const pageSchema = z.object({
  data: z.array(z.unknown()),
  has_more: z.boolean().nullish(),
  last_id: z.string().nullish(),
});
const deletedSchema = z.object({ id: z.string() });
const batchSchema = z.object({
  id: z.string(),
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
    endedAt: batch.ended_at ? Date.parse(batch.ended_at) : null,
    requests: counts.reduce((sum, count) => sum + count, 0),
    resultsUrl: batch.results_url ?? null,
  };
}

function isMissing(error: unknown): boolean {
  return error instanceof APIError && error.status === 404;
}

async function* linesOf({ body }: Response): AsyncGenerator<string> {
  if (body === null) throw new NotAMessage();
  const input = Readable.fromWeb(body);
  try {
    yield* createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY });
  } finally {
    // What is not read to its end would hold its connection.
    input.destroy();
  }
}

const resultSchema = z.object({
  custom_id: z.string(),
  result: z.discriminatedUnion('type', [
    z.object({
      type: z.literal('succeeded'),
      message: z.unknown(),
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
      return { customId, kind: 'answered', message: readMessage(result.message) };
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

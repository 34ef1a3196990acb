// The seam for what only tests and benchmarks switch on: they hand it in, and `--simulate` has none.

import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import type { Ending } from './batch.ts';
import type { Tool } from './check-parts.ts';
import type { Reply } from './reply.ts';
import type { JsonObject } from './shape.ts';

/** What a simulator meets besides its clients. Of each, nothing if left out. */
export interface Obstacles {
  /** Milliseconds: the clock of caches and batches. */
  now?: () => number;
  /**
   * Around what is done for a request that is well formed: `answer` does it. May refuse with an
   * ApiError, answer something else, or change the answer.
   */
  request?: (call: Call, answer: () => Reply) => Reply;
  /**
   * Around the answer to a message, by itself or in a batch: `answer` writes it. May refuse
   * likewise. Null is no answer: a live request waits for it for ever, one in a batch until it
   * expires.
   */
  message?: (asked: Asked, answer: () => Answer | null) => Answer | null;
  /** Of all responses to requests that name this model. */
  headers?: (model: string) => Record<string, string>;
  watch?: Partial<Watch>;
}

/** Sees what happens, and changes nothing. */
export interface Watch {
  arrived(response: ServerResponse): void;
  /** A response begins; `model` is null if the request named none. */
  answered(status: number, model: string | null): void;
  /** `lost` has been done for a client that never gets it whole. */
  billed(model: string, tokens: Tokens, as: 'delivered' | 'lost' | 'batch'): void;
  /** A request of a batch has ended. */
  settled(ending: Ending): void;
}

export type Endpoint = 'message' | 'create' | 'retrieve' | 'list' | 'cancel' | 'delete' | 'results';

/** A request as a route sees it. */
export interface Call {
  endpoint: Endpoint;
  headers: IncomingHttpHeaders;
  /** Empty for a route that takes none. */
  body: JsonObject;
  /** The one in the path; empty if it has none. */
  id: string;
  query: URLSearchParams;
  /** Makes the ids in the answer. */
  serial: string;
}

/** What a model is asked. */
export interface Asked {
  model: string;
  /** The last message's text, as sent. */
  ticket: string;
  /** How often this model has now been asked this text: 1 at first, more for a retry. */
  attempt: number;
  /** As one of a batch's requests, or else by itself. */
  inBatch: boolean;
  /** The one that is to be called; null for an answer in text. */
  tool: Tool | null;
  /** Input without what the cache has of it. */
  newTokens: number;
}

export interface Answer {
  /** The API's object, or what an obstacle made of it. */
  message: unknown;
  /** What is billed; null for nothing, as no work was done. */
  tokens: Tokens | null;
  /** How the response to a live request differs from a 200 that brings the message. */
  reply?: Partial<Reply>;
}

/** Tokens as a bill counts them. */
export interface Tokens {
  input: number;
  cacheRead: number;
  cacheWrite5m: number;
  cacheWrite1h: number;
  output: number;
}

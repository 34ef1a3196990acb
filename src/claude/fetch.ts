// The SDK's way to the net: through the proxies of the environment, and leaner than Node's own fetch.
import { Agent as PlainAgent, request as plainRequest } from 'node:http';
import type { IncomingMessage, RequestOptions } from 'node:http';
import { Agent as SecureAgent, request as secureRequest } from 'node:https';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import type { ClientOptions } from '@anthropic-ai/sdk';
import type { FindProxy } from './proxy.ts';
import { PATIENCE_SECONDS, tunnelled } from './tunnel.ts';

type Fetch = NonNullable<ClientOptions['fetch']>;

/** Servers are known to close a connection that is idle for five seconds. */
const IDLE_MS = 4_000;

/** No connection within a sensible time, so the request was never sent. */
class NoConnection extends Error {
  readonly code = 'CONNECT_TIMEOUT';
}

/**
 * Over `node:http`, which steps over a `100 Continue` that nobody asked for; undici takes it for the end
 * of the connection, and what was answered after it is paid for again. Redirects are not followed: they
 * would carry the key along.
 * @param connections kept to a host, at most; each carries one request at a time.
 */
export function openFetch(findProxy: FindProxy, connections: number): Fetch {
  const agents = new Map<string, PlainAgent>();

  return async function fetch(input, { method = 'GET', headers, body, signal } = {}) {
    const url = input instanceof Request ? input.url : String(input);
    if (body != null && typeof body !== 'string' && !(body instanceof Uint8Array)) {
      throw new TypeError('only text and bytes can be sent');
    }
    signal?.throwIfAborted();
    const sent = { 'accept-encoding': 'identity', ...Object.fromEntries(new Headers(headers)) };
    const options = { method, headers: sent, agent: agentFor(url) };
    try {
      const answer = await exchange(url, options, body ?? null, signal ?? null);
      return await responseFrom(answer, secretsIn(sent));
    } catch (error) {
      // Two deep, as the SDK takes whatever has "timeout" in the first two for one of the answer.
      throw signal?.aborted ? error : failed(failed(error));
    }
  };

  function agentFor(url: string): PlainAgent {
    const proxy = findProxy(url);
    const isSecure = url.startsWith('https:');
    const name = `${isSecure} ${proxy?.url ?? 'direct'}`;
    const kept = {
      keepAlive: true,
      maxSockets: connections,
      maxFreeSockets: connections,
      // Ends idle ones alone, before a server does and a request gets lost in that.
      timeout: IDLE_MS,
    };
    const direct = () => (isSecure ? new SecureAgent(kept) : new PlainAgent(kept));
    const agent = agents.get(name) ?? (proxy ? tunnelled(new SecureAgent(kept), proxy) : direct());
    agents.set(name, agent);
    return agent;
  }
}

/** Resolves with the head of the answer. */
function exchange(
  url: string,
  options: RequestOptions,
  body: string | Uint8Array | null,
  signal: AbortSignal | null,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const open = url.startsWith('https:') ? secureRequest : plainRequest;
    const asking = open(url, options, resolve);
    const abort = () => {
      // Where its answer has begun it is the body that fails.
      asking.destroy(toError(signal?.reason));
      // Without a connection yet, it would be heard when that is there.
      reject(toError(signal?.reason));
    };
    signal?.addEventListener('abort', abort, { once: true });
    asking.once('close', () => signal?.removeEventListener('abort', abort));
    asking.on('error', reject);
    asking.once('socket', (socket) => {
      if (!socket.connecting) return;
      const late = () => asking.destroy(new NoConnection(`none within ${PATIENCE_SECONDS} s`));
      const timer = setTimeout(late, PATIENCE_SECONDS * 1_000);
      for (const end of ['connect', 'close']) socket.once(end, () => clearTimeout(timer));
    });
    asking.end(body ?? undefined);
  });
}

/** They can be as large as all that was asked, or are worth seeing as they come. */
const STREAMS = /jsonl|event-stream/;

const WITHOUT_BODY = new Set([204, 205, 304]);

/**
 * With its body read to the end, but for a batch's results and events, which are handed on as they
 * come. One that breaks off fails when it is looked at, as in Node's fetch.
 */
async function responseFrom(answer: IncomingMessage, secrets: string[]): Promise<Response> {
  const { statusCode: status = 0, headers } = answer;
  const pairs = Object.entries(headers).flatMap(([name, value]) =>
    [value ?? []].flat().map((one): [string, string] => [name, one]),
  );
  const body = decoded(answer);
  const isStream = STREAMS.test(String(headers['content-type']));
  const read = isStream
    ? ReadableStream.from(partsOf(body))
    : await textOf(body, secrets).catch(brokenOff);
  return new Response(WITHOUT_BODY.has(status) ? null : read, { status, headers: pairs });
}

/** Some servers compress though they are asked not to. */
function decoded(answer: IncomingMessage): Readable {
  const decoders = {
    gzip: createGunzip,
    'x-gzip': createGunzip,
    deflate: createInflate,
    br: createBrotliDecompress,
  };
  const encoding = String(answer.headers['content-encoding']).toLowerCase();
  const known = Object.entries(decoders).find(([name]) => name === encoding);
  if (!known) return answer;
  const decoder: Transform = known[1]();
  // What fails here fails the reading of the decoder as well.
  pipeline(answer, decoder).catch(() => {});
  return decoder;
}

/** A server that repeats what it was sent does not make the key known. */
async function textOf(body: Readable, secrets: string[]): Promise<Buffer> {
  const bytes = Buffer.concat(await body.toArray());
  if (!secrets.some((secret) => bytes.includes(secret))) return bytes;
  return Buffer.from(
    secrets.reduce((text, secret) => text.replaceAll(secret, '…'), bytes.toString()),
  );
}

/** So short a word may stand in any text. */
const SECRET_CHARS = 8;

function secretsIn(headers: Record<string, string>): string[] {
  const { authorization = '', 'x-api-key': key = '' } = headers;
  return [key, authorization.replace(/^\w+ /, '')].filter(({ length }) => length >= SECRET_CHARS);
}

async function* partsOf(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* body;
  } catch (error) {
    throw terminated(error);
  }
}

function brokenOff(error: unknown): ReadableStream {
  return new ReadableStream({ pull: (controller) => controller.error(terminated(error)) });
}

function terminated(cause: unknown): TypeError {
  return new TypeError('terminated', { cause });
}

function failed(cause: unknown): Error {
  return new Error('the request failed', { cause });
}

function toError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error(String(reason));
}

// The SDK's way to the net: through the proxies of the environment, and leaner than Node's own fetch.
import type { ClientOptions } from '@anthropic-ai/sdk';
import type { Agent, Dispatcher } from 'undici';
import type { FindProxy } from './proxy.ts';
import { tunnel } from './tunnel.ts';

type Fetch = NonNullable<ClientOptions['fetch']>;

const WITHOUT_BODY = new Set([204, 205, 304]);

/**
 * Redirects are not followed: they would carry the key along.
 * @param connections kept to a host, at most; each carries one request at a time.
 */
export function openFetch(findProxy: FindProxy, connections: number): Fetch {
  const agents = new Map<string, Agent>();

  return async function fetch(input, { method = 'GET', headers, body, signal } = {}) {
    // Takes long to load, and the first lines need not wait for it.
    const undici = await import('undici');
    const url = input instanceof Request ? input.url : String(input);
    const isPlain = body == null || typeof body === 'string' || body instanceof Uint8Array;
    if (!isPlain) throw new TypeError('only text and bytes can be sent');
    const options = {
      method,
      headers: { 'accept-encoding': 'identity', ...Object.fromEntries(new Headers(headers)) },
      body: body ?? null,
      signal: signal ?? null,
      // The SDK has a time-out for each request; undici's own would end an upload of five minutes.
      headersTimeout: 0,
      dispatcher: agentFor(url, undici),
    };
    try {
      const answer = undici.request(url, options).then(responseFrom);
      return await (signal ? Promise.race([answer, abortOf(signal)]) : answer);
    } catch (error) {
      // Two deep, as the SDK takes whatever has "timeout" in the first two for one of the answer.
      throw signal?.aborted ? error : failed(failed(error));
    }
  };

  function agentFor(url: string, { Agent, buildConnector }: typeof import('undici')): Agent {
    const proxy = findProxy(url);
    const name = proxy?.url ?? 'direct';
    const known = agents.get(name);
    if (known) return known;
    const connect = proxy ? { connect: tunnel(proxy, buildConnector({})) } : {};
    const agent = new Agent({ connections, ...connect });
    agents.set(name, agent);
    return agent;
  }
}

/** A batch's results can be as large as all that was asked; events are to be heard as they come. */
const LONG = /jsonl|event-stream/;

/**
 * With its body read to the end, but for a batch's results and a stream of events, which are handed on
 * as they come. One that breaks off fails when it is looked at, as in Node's fetch.
 */
async function responseFrom({
  statusCode,
  headers,
  body,
}: Dispatcher.ResponseData): Promise<Response> {
  const pairs = Object.entries(headers).flatMap(([name, value]) =>
    [value ?? []].flat().map((one): [string, string] => [name, one]),
  );
  const isLong = LONG.test(String(headers['content-type']));
  const read = isLong ? ReadableStream.from(partsOf(body)) : await body.bytes().catch(brokenOff);
  return new Response(WITHOUT_BODY.has(statusCode) ? null : read, {
    status: statusCode,
    headers: pairs,
  });
}

/** While a connection is being made, undici doesn't listen; it sends nothing afterwards. */
function abortOf(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
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

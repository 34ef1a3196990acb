import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

/** What a route decides; the server carries it out. */
export interface Reply {
  status: number;
  /** A list is sent part by part, so that no string need hold all of it. */
  body: Body;
  headers: Record<string, string>;
  /** Milliseconds before the response begins. */
  afterMs: number;
  delivery: Delivery;
  /** Called once, when the work is done: was the answer sent, and to somebody who still waits? */
  done?: (isDelivered: boolean) => void;
  /** Called when the response begins. */
  begun?: () => void;
}

export type Body = string | Uint8Array | readonly string[];

/** How a reply goes out. */
export interface Delivery {
  /** Whether the client gets all of it. */
  isWhole: boolean;
  send(reply: Reply, response: ServerResponse): void;
}

export const WHOLE: Delivery = {
  isWhole: true,
  send(reply, response) {
    begin(reply, response);
    void sendBody(reply.body, response);
  },
};

/** Nothing, for ever. */
export const NEVER: Delivery = { isWhole: false, send: () => {} };

export function jsonReply(
  status: number,
  body: string,
  headers: Record<string, string> = {},
): Reply {
  return {
    status,
    body,
    headers: { 'content-type': 'application/json', ...headers },
    afterMs: 0,
    delivery: WHOLE,
  };
}

export function deliver(reply: Reply, response: ServerResponse): void {
  if (reply.afterMs <= 0) {
    finish(reply, response);
    return;
  }
  const timer = setTimeout(() => {
    response.off('close', giveUp);
    finish(reply, response);
  }, reply.afterMs);

  // Work that was begun is billed, though nobody waits for it any more.
  function giveUp(): void {
    clearTimeout(timer);
    reply.done?.(false);
  }
  response.on('close', giveUp);
}

/** Sends status and headers; with a length, but for parts. */
export function begin({ status, headers, body, begun }: Reply, response: ServerResponse): void {
  const isWhole = typeof body === 'string' || body instanceof Uint8Array;
  const length = isWhole ? { 'content-length': Buffer.byteLength(body) } : {};
  response.writeHead(status, { ...length, ...headers });
  begun?.();
}

export async function sendBody(body: Body, response: ServerResponse): Promise<void> {
  if (typeof body === 'string' || body instanceof Uint8Array) {
    response.end(body);
    return;
  }
  try {
    await pipeline(Readable.from(chunksOf(body)), response);
  } catch {
    // The client has gone, and with it the reason to go on.
    response.destroy();
  }
}

/** Characters of a body of parts that are sent at once. */
const CHUNK = 65_536;

function finish(reply: Reply, response: ServerResponse): void {
  reply.done?.(reply.delivery.isWhole && !response.destroyed);
  if (!response.destroyed) reply.delivery.send(reply, response);
}

function* chunksOf(parts: readonly string[]): Generator<string> {
  let chunk = '';
  for (const part of parts) {
    chunk += part;
    if (chunk.length < CHUNK) continue;
    yield chunk;
    chunk = '';
  }
  if (chunk !== '') yield chunk;
}

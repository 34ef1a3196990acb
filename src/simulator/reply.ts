import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

/** What a route decides; the server carries it out. */
export interface Reply {
  status: number;
  contentType: 'application/json' | 'application/x-jsonl' | 'text/html';
  /** A list is sent line by line, so that no string need hold all of it. */
  body: Body;
  headers: Record<string, string>;
  /** Milliseconds before the response begins. */
  afterMs: number;
  delivery: Delivery;
  /** Called once, when the work is done: was the answer sent, and to somebody who still waits? */
  done?: (isDelivered: boolean) => void;
}

export type Body = string | readonly string[];

/**
 * Whole; its first half, as if that were all; its first half, and then the connection cut; the
 * connection cut instead; nothing, for ever.
 */
export type Delivery = 'whole' | 'truncated' | 'broken' | 'dropped' | 'never';

export function jsonReply(
  status: number,
  body: string,
  headers: Record<string, string> = {},
): Reply {
  const contentType = 'application/json';
  return { status, contentType, body, headers, afterMs: 0, delivery: 'whole' };
}

/** @param sent Called with the status once a response has been handed to the network. */
export function deliver(
  reply: Reply,
  response: ServerResponse,
  sent: (status: number) => void,
): void {
  if (reply.delivery === 'never') return;
  if (reply.afterMs <= 0) {
    finish(reply, response, sent);
    return;
  }
  const timer = setTimeout(() => {
    response.off('close', giveUp);
    finish(reply, response, sent);
  }, reply.afterMs);

  // Work that was begun is billed, though nobody waits for it any more.
  function giveUp(): void {
    clearTimeout(timer);
    reply.done?.(false);
  }
  response.on('close', giveUp);
}

/** Characters of a body of lines that are sent at once. */
const CHUNK = 65_536;

function finish(reply: Reply, response: ServerResponse, sent: (status: number) => void): void {
  const isSent = reply.delivery !== 'dropped' && !response.destroyed;
  reply.done?.(isSent && reply.delivery === 'whole');
  if (!isSent) {
    response.destroy();
    return;
  }
  const body = reply.delivery === 'whole' ? reply.body : firstHalf(reply.body);
  // A connection that breaks was to bring all of it.
  const promised = reply.delivery === 'broken' ? reply.body : body;
  response.writeHead(reply.status, {
    'content-type': reply.contentType,
    ...(typeof promised === 'string' ? { 'content-length': Buffer.byteLength(promised) } : {}),
    ...reply.headers,
  });
  void send(body, response, reply.delivery === 'broken');
  sent(reply.status);
}

async function send(body: Body, response: ServerResponse, isBroken: boolean): Promise<void> {
  if (typeof body === 'string' && !isBroken) {
    response.end(body);
    return;
  }
  try {
    const chunks = typeof body === 'string' ? [body] : chunksOf(body);
    await pipeline(Readable.from(chunks), response, { end: !isBroken });
    if (isBroken) response.write('', () => response.destroy());
  } catch {
    // The client has gone, and with it the reason to go on.
    response.destroy();
  }
}

function* chunksOf(lines: readonly string[]): Generator<string> {
  let chunk = '';
  for (const line of lines) {
    chunk += line;
    if (chunk.length < CHUNK) continue;
    yield chunk;
    chunk = '';
  }
  if (chunk !== '') yield chunk;
}

/** Of lines, the one in the middle is cut as well. */
function firstHalf(body: Body): Body {
  if (typeof body === 'string') return body.slice(0, body.length / 2);
  const middle = Math.floor(body.length / 2);
  const line = body[middle] ?? '';
  return [...body.slice(0, middle), line.slice(0, line.length / 2)];
}

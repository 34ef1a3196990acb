import type { ServerResponse } from 'node:http';

/** What a route decides; the server carries it out. */
export interface Reply {
  status: number;
  contentType: 'application/json' | 'text/html';
  body: string;
  headers: Record<string, string>;
  /** Milliseconds before the response begins. */
  afterMs: number;
  delivery: Delivery;
  /** Called once, when the work is done: was the answer sent, and to somebody who still waits? */
  done?: (delivered: boolean) => void;
}

/** Whole; broken off in the middle of its JSON; the connection cut instead; nothing, for ever. */
export type Delivery = 'whole' | 'truncated' | 'dropped' | 'never';

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

function finish(reply: Reply, response: ServerResponse, sent: (status: number) => void): void {
  const isSent = reply.delivery !== 'dropped' && !response.destroyed;
  reply.done?.(isSent && reply.delivery === 'whole');
  if (!isSent) {
    response.destroy();
    return;
  }
  const isWhole = reply.delivery === 'whole';
  const body = isWhole ? reply.body : reply.body.slice(0, reply.body.length / 2);
  response.writeHead(reply.status, {
    'content-type': reply.contentType,
    'content-length': Buffer.byteLength(body),
    ...reply.headers,
  });
  response.end(body);
  sent(reply.status);
}

// What else than the API can come back over HTTP: errors of other shapes, pages, odd ways to send.

import { gzipSync } from 'node:zlib';
import type { ServerResponse } from 'node:http';
import type { Call, Endpoint, Obstacles } from '../../src/simulator/obstacles.ts';
import { begin, jsonReply, WHOLE, type Delivery, type Reply } from '../../src/simulator/reply.ts';
import { firstOf, type Conditions } from './failures.ts';

/** Something odd to come back from `on`: always, or to those that all of the conditions hold for. */
export interface OddReply extends Conditions {
  on: Endpoint;
  what: OddReplyName;
  when?: (call: Call) => boolean;
}

export type OddReplyName = keyof typeof ODD_REPLIES;

export function oddReplies(list: readonly OddReply[], seed = 1): Obstacles {
  const find = firstOf(list, seed, {
    concerns: ({ on, when }, call: Call) => call.endpoint === on && when?.(call) !== false,
    keyOf: ({ endpoint }, count) => `${endpoint} ${count}`,
  });
  return {
    request(call, answer) {
      const odd = find(call);
      return odd === null ? answer() : ODD_REPLIES[odd.what](call, answer);
    },
  };
}

/** Without work, and so without a bill, where `answer` is not called. */
export const ODD_REPLIES = {
  // Refusals, in the API's shape or nearly.
  credit_too_low: () => refusal(400, CREDIT),
  human_review_disabled: () =>
    refusal(400, 'Human review is disabled for this workspace.', {
      error_code: 'workspace_human_review_disabled',
    }),
  method_not_allowed: () => refusal(405, 'Method Not Allowed'),
  too_large: () => refusal(413, 'Request exceeds the maximum size'),
  teapot: () => refusal(418, 'Short and stout'),
  not_processable: () => refusal(422, 'tool_choice: not supported by this server'),
  not_implemented: () => refusal(501, 'Not Implemented'),
  error_message_object: () => errorReply({ type: 'invalid_request_error', message: { a: 1 } }),
  error_message_list: () => errorReply({ type: { a: 1 }, message: ['x'] }),
  error_message_number: () => errorReply({ type: 7, message: 7 }),
  error_message_missing: () => errorReply({}),
  error_text: () => errorReply('Simulated'),
  error_null: () => errorReply(null),
  error_list: () => errorReply([{ message: 'Simulated' }]),
  error_details_list: () => errorReply({ type: 'x', message: 'x', details: ['x'] }),
  error_body_list: () => jsonReply(400, '[{"error":"Simulated"}]'),
  error_body_null: () => jsonReply(500, 'null'),
  error_body_number: () => jsonReply(500, '7'),
  error_body_empty: () => jsonReply(500, ''),
  error_body_words: () => jsonReply(502, 'upstream connect error or disconnect', PLAIN),
  error_body_broken: () => jsonReply(400, '{"type":"error","error":{"type":'),
  error_body_deep: () => jsonReply(400, `${'{"error":'.repeat(5_000)}1${'}'.repeat(5_000)}`),
  error_body_large: () => refusal(400, 'a message that goes on '.repeat(20_000)),
  /** The key, the ticket and the terminal's own language, sent back. */
  error_echo: ({ headers, body }) =>
    refusal(400, `\u001b[2J\u001b]0;title\u0007${headers.authorization}\n${JSON.stringify(body)}`),

  // Pages of proxies, gateways and wrong addresses.
  page_200: () => page(200),
  page_401: () => page(401),
  page_403: () => page(403),
  page_404: () => page(404),
  page_405: () => page(405),
  page_413: () => page(413),
  page_503: () => page(503),
  redirect_301: () => page(301, { location: '/elsewhere' }),
  redirect_307: () => page(307, { location: 'http://192.0.2.1/v1/messages' }),
  redirect_nowhere: () => page(302),
  not_modified: () => jsonReply(304, ''),
  no_content: () => jsonReply(204, ''),

  // When to come back, told so that nobody can make sense of it.
  retry_after_words: () => limited('soon'),
  retry_after_empty: () => limited(''),
  retry_after_negative: () => limited('-5'),
  retry_after_zero: () => limited('0'),
  retry_after_fraction: () => limited('0.25'),
  retry_after_huge: () => limited('1e400'),
  retry_after_past: () => limited('Wed, 21 Oct 2015 07:28:00 GMT'),
  retry_after_twice: () => limited('1, 1'),

  // The answer itself, sent in an odd way.
  gzip: (_, answer) => gzipped(answer()),
  no_content_type: (_, answer) => withType(answer(), null),
  type_text: (_, answer) => withType(answer(), 'text/plain; charset=utf-8'),
  type_binary: (_, answer) => withType(answer(), 'application/octet-stream'),
  byte_order_mark: (_, answer) => around(answer(), '\ufeff', ''),
  spaces_before: (_, answer) => around(answer(), '\n\n   ', '\n'),
  two_documents: (_, answer) => around(answer(), '', '{"type":"message"}'),
  continue_before: (_, answer) => delivered(answer(), CONTINUED),
  hints_before: (_, answer) => delivered(answer(), HINTED),
  no_length: (_, answer) => delivered(answer(), UNMEASURED),
  length_short: (_, answer) => delivered(answer(), MEASURED_SHORT),
  closes: (_, answer) => withHeaders(answer(), { connection: 'close' }),

  // The connection, lost in odd places.
  dropped_in_status: (_, answer) => delivered(answer(), raw('HTTP/1.1 2')),
  dropped_in_headers: (_, answer) => delivered(answer(), raw('HTTP/1.1 200 OK\r\ncontent-')),
  dropped_after_headers: (_, answer) =>
    delivered(answer(), raw('HTTP/1.1 200 OK\r\ncontent-length: 90\r\n\r\n')),
  dropped_in_chunk: (_, answer) =>
    delivered(answer(), raw('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n40\r\n{"id')),
  not_http: (_, answer) => delivered(answer(), raw('SSH-2.0-OpenSSH_9.6\r\n')),
} as const satisfies Record<string, (call: Call, answer: () => Reply) => Reply>;

const CREDIT =
  'Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing to upgrade or purchase credits.';
const PLAIN = { 'content-type': 'text/plain' };

function refusal(status: number, message: string, details?: object): Reply {
  const error = { type: 'invalid_request_error', message, ...(details && { details }) };
  return jsonReply(status, JSON.stringify({ type: 'error', error, request_id: null }));
}

function errorReply(error: unknown): Reply {
  return jsonReply(400, JSON.stringify({ type: 'error', error }));
}

function limited(retryAfter: string): Reply {
  const error = { type: 'rate_limit_error', message: 'Slow down' };
  return jsonReply(429, JSON.stringify({ type: 'error', error }), { 'retry-after': retryAfter });
}

function page(status: number, headers: Record<string, string> = {}): Reply {
  const text = `<!doctype html>\n<html><head><title>${status}</title></head><body><h1>Simulated</h1>`;
  return jsonReply(status, text, { 'content-type': 'text/html', ...headers });
}

function textOf({ body }: Reply): string {
  if (typeof body === 'string') return body;
  return body instanceof Uint8Array ? Buffer.from(body).toString() : body.join('');
}

function gzipped(reply: Reply): Reply {
  const body = gzipSync(textOf(reply));
  return { ...withHeaders(reply, { 'content-encoding': 'gzip' }), body };
}

function around(reply: Reply, before: string, after: string): Reply {
  return { ...reply, body: before + textOf(reply) + after };
}

function withHeaders(reply: Reply, headers: Record<string, string>): Reply {
  return { ...reply, headers: { ...reply.headers, ...headers } };
}

function withType({ headers, ...reply }: Reply, type: string | null): Reply {
  const { 'content-type': _, ...others } = headers;
  return { ...reply, headers: type === null ? others : { ...others, 'content-type': type } };
}

function delivered(reply: Reply, delivery: Delivery): Reply {
  return { ...reply, delivery };
}

const CONTINUED = after1xx((response) => response.writeContinue());
const HINTED = after1xx((response) => response.writeEarlyHints({ link: '</style.css>' }));

function after1xx(first: (response: ServerResponse) => void): Delivery {
  return {
    ...WHOLE,
    send(reply, response) {
      first(response);
      WHOLE.send(reply, response);
    },
  };
}

/** In chunks, so that only the last one tells the end. */
const UNMEASURED: Delivery = {
  ...WHOLE,
  send: (reply, response) => WHOLE.send({ ...reply, body: [textOf(reply)] }, response),
};

/** Ten bytes are not counted, and so not sent. */
const MEASURED_SHORT: Delivery = {
  isWhole: false,
  send(reply, response) {
    const body = textOf(reply).slice(0, -10);
    begin({ ...reply, body }, response);
    response.end(body);
  },
};

/** These bytes, and then the connection cut. */
function raw(text: string): Delivery {
  return {
    isWhole: false,
    send: (_, { socket }) => void socket?.write(text, () => socket.destroy()),
  };
}

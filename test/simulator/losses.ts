import {
  begin,
  NEVER,
  sendBody,
  type Body,
  type Delivery,
  type Reply,
} from '../../src/simulator/reply.ts';

/**
 * `dropped_before` and `hang` are not billed, nor is `html_page`, which a proxy sends;
 * `dropped_after`, `dropped_halfway` and `truncated_json` are, and the client does not learn for how
 * much. Inside a batch there is no connection to lose, and so no loss.
 */
export type Loss = (typeof LOSSES)[number];

export const LOSSES = [
  'dropped_before',
  'dropped_after',
  'dropped_halfway',
  'hang',
  'truncated_json',
  'html_page',
] as const;

/** What is answered if the work is not even begun; null for a loss that comes after it. */
export function replyWithoutWork(loss: string): Partial<Reply> | null {
  if (loss === 'dropped_before') return { delivery: DROPPED };
  if (loss === 'hang') return { delivery: NEVER };
  if (loss === 'html_page') return { body: PAGE, headers: { 'content-type': 'text/html' } };
  return null;
}

/** The reply as it goes out once the work is done: whole, unless it is lost then. */
export function loseAfter<R extends Partial<Reply>>(loss: string, reply?: R): R | Partial<Reply> {
  const delivery = AFTER_WORK.get(loss);
  return delivery === undefined ? { ...reply } : { ...reply, delivery };
}

const PAGE = '<!doctype html><title>Simulated proxy</title><p>Please sign in to the network.</p>';

/** The connection cut instead of an answer. */
export const DROPPED: Delivery = {
  isWhole: false,
  send: (_, response) => void response.destroy(),
};

/** The first half, and then the connection cut, which was to bring all of it. */
export const BROKEN: Delivery = {
  isWhole: false,
  send(reply, response) {
    begin(reply, response);
    const half = firstHalf(reply.body);
    const text = Array.isArray(half) ? half.join('') : half;
    response.write(text, () => response.destroy());
  },
};

/** The first half, as if that were all. */
export const TRUNCATED: Delivery = {
  isWhole: false,
  send(reply, response) {
    const half = { ...reply, body: firstHalf(reply.body) };
    begin(half, response);
    void sendBody(half.body, response);
  },
};

const AFTER_WORK = new Map<string, Delivery>([
  ['dropped_after', DROPPED],
  ['dropped_halfway', BROKEN],
  ['truncated_json', TRUNCATED],
  ['hang_after', NEVER],
]);

/** Of parts, the one in the middle is cut as well. */
function firstHalf(body: Body): Body {
  if (!Array.isArray(body)) return body.slice(0, body.length / 2);
  const middle = Math.floor(body.length / 2);
  const part: string = body[middle] ?? '';
  return [...body.slice(0, middle), part.slice(0, part.length / 2)];
}

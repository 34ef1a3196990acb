import { jsonReply, type Delivery, type Reply } from './reply.ts';

/** What is answered if the work is not even begun; null for a loss that comes after it. */
export function replyWithoutWork(loss: string): Reply | null {
  if (loss === 'dropped_before') return { ...jsonReply(200, ''), delivery: 'dropped' };
  if (loss === 'hang') return { ...jsonReply(200, ''), delivery: 'never' };
  if (loss === 'html_page') return { ...jsonReply(200, PAGE), contentType: 'text/html' };
  return null;
}

/** How the answer goes out once the work is done: whole, unless it is lost then. */
export function deliveryAfterWork(loss: string): Delivery {
  return AFTER_WORK.get(loss) ?? 'whole';
}

const PAGE = '<!doctype html><title>Simulated proxy</title><p>Please sign in to the network.</p>';

const AFTER_WORK = new Map<string, Delivery>([
  ['dropped_after', 'dropped'],
  ['dropped_halfway', 'broken'],
  ['truncated_json', 'truncated'],
  ['hang_after', 'never'],
]);

// Questions for one model, as many as one batch may hold.
import type { MostCost } from '../claude/most-cost.ts';
import type { Request } from '../claude/request.ts';
import type { Ticket } from '../ticket.ts';

/** The API takes 256 MB; a smaller upload is sooner sent again. The prompt is in every request. */
export const MOST_BYTES = 32 * 1024 * 1024;

/** In one batch, unless told otherwise: it is done sooner than one of all that the API takes. */
export const MOST_REQUESTS = 10_000;

/** Of a request, its `custom_id` and what frames them. */
const FRAME_BYTES = 100;

export interface Question {
  model: string;
  ticket: Ticket;
}

export interface Entry {
  question: Question;
  request: Request;
  bytes: number;
  /** The most that it can cost as far as is known by now, in half nano-dollars. */
  most: () => number;
}

export interface Chunk {
  model: string;
  entries: readonly Entry[];
  /** The most that all of it can cost, in half nano-dollars. */
  most: () => number;
  has: (text: string) => boolean;
  fits: (entry: Entry) => boolean;
  add: (entry: Entry) => void;
  take: (entry: Entry) => void;
  /** An answer has told more of what its requests can cost. */
  reprice: () => void;
}

export function createChunk(model: string, mostRequests: number): Chunk {
  const entries: Entry[] = [];
  const texts = new Set<string>();
  /** What each was taken to cost at most when it came. */
  const mosts = new Map<Entry, number>();
  let bytes = 0;
  let most = 0;

  function price(entry: Entry): void {
    most += entry.most() - (mosts.get(entry) ?? 0);
    mosts.set(entry, entry.most());
  }

  return {
    model,
    entries,
    most: () => most,
    has: (text) => texts.has(text),
    fits: (entry) => entries.length < mostRequests && bytes + entry.bytes <= MOST_BYTES,
    add(entry) {
      entries.push(entry);
      texts.add(entry.question.ticket.textHash);
      bytes += entry.bytes;
      price(entry);
    },
    take(entry) {
      entries.splice(entries.indexOf(entry), 1);
      texts.delete(entry.question.ticket.textHash);
      bytes -= entry.bytes;
      most -= mosts.get(entry) ?? 0;
      mosts.delete(entry);
    },
    reprice: () => entries.forEach(price),
  };
}

/** What makes entries of one model's questions; all their requests have the same prefix. */
export function entryMaker(
  makeRequest: (question: Question) => Request,
  mostCost: MostCost,
): (question: Question) => Entry {
  let prefixBytes: number | null = null;
  return (question) => {
    const request = makeRequest(question);
    const { messages, ...prefix } = request;
    prefixBytes ??= Buffer.byteLength(JSON.stringify(prefix)) + FRAME_BYTES;
    const bytes = prefixBytes + Buffer.byteLength(JSON.stringify(messages));
    return { question, request, bytes, most: () => mostCost.of(request) };
  };
}

// Bytes of a JSON object → whether it is a ticket, or a page of an API that holds a list of them.
import { ARRAY_END, ARRAY_START, isBlank, OBJECT_START, partsOf } from '../../ground/json-text.ts';
import type { JsonRow } from '../../ticket.ts';

/** `empty`: it would be a page if its list held anything. */
export type PageState = 'page' | 'empty' | 'none';

const LISTS = new Set(
  'tickets results result data issues conversations items records value'.split(' '),
);

/** What a ticket has and a page has not, in the words of the help desks. */
const OF_A_TICKET = new Set(
  `id ticketid ticketnumber conversationid issueid caseid sysid key subject title summary
  shortdescription description body plainbody bodytext text message content contents details
  question comment betreff titel beschreibung nachricht objet sujet asunto titulo descripcion
  mensaje`.split(/\s+/),
);

/**
 * A page has a list of objects under a name that APIs give it, and neither id nor text of its own: a
 * ticket may well have `items`. Its other members may come after the list, so that an object is judged
 * whole as long as it could be a ticket by its size; a larger one is judged by its beginning.
 */
export function pageState(bytes: Buffer, from: number, to: number): PageState {
  let state: PageState = 'none';
  for (const part of partsOf(bytes, from, to)) {
    const key = String(part.key);
    if (isOfTicket(key)) return 'none';
    if (!isList(key) || bytes[part.from] !== ARRAY_START) continue;
    const first = bytes.subarray(part.from + 1, part.to).find((byte) => !isBlank(byte));
    if (first === OBJECT_START) state = 'page';
    else if (first === ARRAY_END && state === 'none') state = 'empty';
  }
  return state;
}

/** `{"tickets": []}` by itself: last night there was nothing to export. */
export function isEmptyPage({ text }: JsonRow): boolean {
  const bytes = Buffer.from(text);
  return pageState(bytes, Math.max(0, bytes.indexOf('{')), bytes.length) === 'empty';
}

export function isList(key: string): boolean {
  return LISTS.has(plain(key));
}

export function isOfTicket(key: string): boolean {
  return OF_A_TICKET.has(plain(key));
}

/** `_results` and `Ticket_ID` are known as well. */
function plain(key: string): string {
  return key.toLowerCase().replace(/[^a-z]/g, '');
}

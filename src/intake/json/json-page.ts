// Bytes of a JSON object → whether it is a ticket, or a page of an API that holds a list of them.
import { isObject } from '../../ground/is-object.ts';
import { ARRAY_START, OBJECT_START, partsOf, type JsonPart } from '../../ground/json-text.ts';
import { columnWeight, plainName } from '../columns/column-names.ts';
import { pathsOf } from './json-fields.ts';
import { jsonValue } from './json-record.ts';

export interface Page {
  /**
   * `bare`: neither a list, nor an id or a subject. `unclear`: as good a ticket as a page. `failed`:
   * an empty list beside an error.
   */
  kind: 'ticket' | 'bare' | 'unclear' | 'failed' | 'empty' | 'page';
  /** The keys that lead to its lists. */
  lists: string[][];
  /** Of its own. */
  hasText: boolean;
}

/** What an object says of itself, and the objects around it. */
interface Own {
  id: boolean;
  headline: boolean;
  text: 'none' | 'notice' | 'prose';
  error: boolean;
}

interface List {
  path: string[];
  own: Own;
  /** What its first elements are; `things` have less than a ticket has. */
  holds: 'nothing' | 'things' | 'tickets';
}

const IDS =
  words(`id ticketid ticketnumber ticketkey conversationid issueid issuekey caseid casenumber
  sysid key`);
const HEADLINES = words(`subject title summary shortdescription betreff titel objet sujet asunto
  titulo`);
const TEXTS = words(`description body plainbody bodytext text message content contents details
  question comment beschreibung nachricht descripcion mensaje`);

/** Lists of nothing but tickets. */
const OF_TICKETS = /(?:tickets|issues|cases|incidents)$/;
/** What APIs call the list of whatever was asked for. */
const LISTS =
  words(`results result data conversations requests items records value values rows entries
  hits docs nodes edges objects list content payload`);
/** A ticket may well have these. */
const OF_A_TICKET = words('items conversations requests content');
const COMMENTS = words('comments threads messages notes replies');
/** Around the list; in any other object it counts only if it holds tickets. */
const AROUND = words(`data result results response payload body content embedded hits output d value
  meta`);
/** An object under such a name is the ticket itself. */
const ITSELF = words(`ticket issue case incident request conversation record item node fields
  attributes properties source airbytedata`);

const ERRORS = words('error errors errormessage fault');
const SUCCESSES = words('success ok succeeded issuccess');

/** What an API says when all went well, or nothing was found. */
const SHORT_NOTICE =
  /\b(?:ok|okay|success\w*|succeeded|done|completed?|found|none|nothing|empty|no)\b/i;
const SHORT_WORDS = 4;
const NOTICE =
  /\b(?:successfully|(?:retrieved|fetched|returned|found|showing|listing|list of|no|no more) (?:\S+ ){0,2}(?:tickets?|results?|records?|items?|data|cases?|issues?|incidents?|entries|rows)|(?:tickets?|results?|records?|items?|data|cases?|issues?|incidents?|entries|rows) (?:\S+ ){0,2}(?:retrieved|fetched|returned|found|listed))\b/i;
const NOTICE_WORDS = 12;
/** So many words under whatever name are a text. */
const PROSE_WORDS = 8;

const MAX_DEPTH = 4;
/** Elements that are looked at. */
const FIRST = 3;

/**
 * A page has a list of objects, under a name that APIs give it or with what tickets have, and at most
 * a notice beside it. Its other members may come after the list, so that it is best judged whole.
 */
export function pageOf(bytes: Buffer, from: number, to: number): Page {
  const lists: List[] = [];
  const own = look(bytes, { key: '', from, to }, [], NOBODY, lists);
  const hasText = own.text !== 'none';
  const judged = lists.map((list) => ({ ...list, kind: kindOf(list) }));
  const pages = judged.filter(({ kind }) => kind === 'page');
  if (pages.length > 0) return { kind: 'page', hasText, lists: foremost(pages) };
  for (const kind of ['unclear', 'failed', 'empty'] as const) {
    const such = judged.filter((list) => list.kind === kind);
    if (such.length > 0) return { kind, hasText, lists: such.map(({ path }) => path) };
  }
  return { kind: own.id || own.headline ? 'ticket' : 'bare', hasText, lists: [] };
}

/** Whether a member makes an object a ticket, however many of them are in a list beside it. */
export function isOfTicket(key: string): boolean {
  return IDS.has(plainName(key)) || HEADLINES.has(plainName(key));
}

const NOBODY: Own = { id: false, headline: false, text: 'none', error: false };

/** Adds the lists in an object to `lists`. @returns what it says of itself */
function look(
  bytes: Buffer,
  { from, to }: JsonPart,
  path: string[],
  around: Own,
  lists: List[],
): Own {
  const own = { ...around };
  const parts = [...partsOf(bytes, from, to)].map((part) => ({ ...part, key: String(part.key) }));
  const inner: (typeof parts)[number][] = [];
  for (const part of parts) {
    const name = plainName(part.key);
    if (bytes[part.from] === ARRAY_START) continue;
    if (bytes[part.from] !== OBJECT_START) say(own, name, scalarAt(bytes, part));
    else if (ITSELF.has(name)) sayAll(own, look(bytes, part, path, NOBODY, []));
    else inner.push(part);
  }
  for (const part of parts) {
    if (bytes[part.from] !== ARRAY_START) continue;
    if (ERRORS.has(plainName(part.key)) && part.to - part.from > 2) own.error = true;
    const holds = contentOf(bytes, part);
    if (holds !== null) lists.push({ path: [...path, part.key], own, holds });
  }
  if (path.length + 1 >= MAX_DEPTH) return own;
  for (const part of inner) {
    const before = lists.length;
    look(bytes, part, [...path, part.key], own, lists);
    if (lists.length === before) sayObject(own, plainName(part.key));
  }
  return own;
}

function say(own: Own, name: string, value: unknown): void {
  if (value === false && SUCCESSES.has(name)) own.error = true;
  // An empty subject is that of a ticket all the same.
  if (value === '' && HEADLINES.has(name)) own.headline = true;
  if (value === null || value === '' || value === false) return;
  if (ERRORS.has(name) && value !== 0) own.error = true;
  if (IDS.has(name)) own.id = true;
  else if (HEADLINES.has(name)) own.headline = true;
  else if (typeof value === 'string') {
    const count = value.trim().split(/\s+/).length;
    if (!TEXTS.has(name) && count < PROSE_WORDS) return;
    if (own.text !== 'prose') own.text = isNotice(value, count) ? 'notice' : 'prose';
  }
}

function isNotice(text: string, count: number): boolean {
  if (count <= SHORT_WORDS && SHORT_NOTICE.test(text)) return true;
  return count <= NOTICE_WORDS && NOTICE.test(text);
}

/** Something with an id alone may be the request that was answered. */
function sayAll(own: Own, { id, headline, text }: Own): void {
  if (!headline && text === 'none') return;
  own.id ||= id;
  own.headline ||= headline;
  if (text !== 'none') own.text = text;
}

/** Texts in several languages or forms. */
function sayObject(own: Own, name: string): void {
  if (ERRORS.has(name)) own.error = true;
  if (HEADLINES.has(name)) own.headline = true;
  else if (TEXTS.has(name)) own.text = 'prose';
}

/** Null for a list that holds no objects. */
function contentOf(bytes: Buffer, list: JsonPart): List['holds'] | null {
  let holds: List['holds'] = 'nothing';
  let count = 0;
  for (const element of partsOf(bytes, list.from, list.to)) {
    if (bytes[element.from] !== OBJECT_START) return count === 0 ? null : holds;
    if (isTicket(parsed(bytes, element))) return 'tickets';
    holds = 'things';
    if (++count === FIRST) break;
  }
  return holds;
}

function isTicket(value: unknown): boolean {
  if (!isObject(value)) return false;
  const paths = pathsOf([value]);
  const has = (field: 'id' | 'subject' | 'body') =>
    paths.some((path) => columnWeight(field, path) > 0);
  return has('body') && (has('id') || has('subject'));
}

function kindOf({ path, own, holds }: List): Page['kind'] {
  const name = plainName(path.at(-1) ?? '');
  const isOfTickets = OF_TICKETS.test(name);
  if (!isOfTickets && !isUsual(name, path.slice(0, -1).map(plainName), holds)) return 'ticket';
  const { id, headline, text } = own;
  if (headline && (id || text === 'none')) return 'ticket';
  if (holds === 'nothing') {
    if (id || headline || (text === 'prose' && !isOfTickets)) return 'ticket';
    return own.error ? 'failed' : 'empty';
  }
  if (!id && !headline && (text !== 'prose' || isOfTickets || holds === 'tickets')) return 'page';
  if (text === 'none' || OF_A_TICKET.has(name)) return 'ticket';
  if (text === 'notice') return holds === 'tickets' ? 'page' : 'ticket';
  return isOfTickets || !id ? 'unclear' : 'ticket';
}

function isUsual(name: string, around: readonly string[], holds: List['holds']): boolean {
  const isEmbedded = around.at(-1) === 'embedded' && holds === 'tickets';
  if (!LISTS.has(name)) return isEmbedded && !COMMENTS.has(name);
  return holds === 'tickets' || around.every((key) => AROUND.has(key) || OF_TICKETS.test(key));
}

/** Of several lists those that hold tickets, and of these the ones nearest to the outside. */
function foremost(pages: readonly List[]): string[][] {
  const withTickets = pages.filter(({ holds }) => holds === 'tickets');
  const best = withTickets.length > 0 ? withTickets : pages;
  const depth = Math.min(...best.map(({ path }) => path.length));
  return best.map(({ path }) => path).filter((path) => path.length === depth);
}

function scalarAt(bytes: Buffer, part: JsonPart): unknown {
  // What stands in a page beside its list is short; a longer text is one whatever it says.
  const value = parsed(bytes, { ...part, to: Math.min(part.to, part.from + 10_000) });
  return value === undefined ? 'a text that is cut off '.repeat(PROSE_WORDS) : value;
}

/** Undefined for what is cut off. */
function parsed(bytes: Buffer, { from, to }: JsonPart): unknown {
  return jsonValue(bytes.toString('utf8', from, to));
}

function words(text: string): Set<string> {
  return new Set(text.trim().split(/\s+/));
}

// What a server said in place of an answer → words for people: one short line, and nothing that it was sent.
import { STATUS_CODES } from 'node:http';
import type { APIError } from '@anthropic-ai/sdk';
import { isObject } from '../ground/is-object.ts';
import { printable } from '../ground/printable.ts';

export interface Words {
  /** `400 invalid_request_error: max_tokens: Field required`, `405 Method Not Allowed: a page of HTML`. */
  text: string;
  /** Without status and type; empty where it said nothing. */
  message: string;
  /** Whether it is an error as the API, or a server that speaks it, gives one. */
  isApis: boolean;
}

const MOST_CHARS = 300;
/** No more than this of a body is looked at: it may be a page, or all that was sent. */
const READ_CHARS = 600;

/** @param sent texts that may not show in it, wherever it repeats them */
export function wordsOf(error: APIError, sent: readonly string[] = []): Words {
  const body: unknown = error.error;
  const inner = isObject(body) ? body['error'] : undefined;
  const type = textIn(inner, 'type') ?? STATUS_CODES[error.status ?? 0] ?? null;
  const message = shown(messageIn(error, body), sent).replace(/\.$/, '');
  const head = [error.status, type && shown(type, sent)].filter(Boolean).join(' ');
  return {
    // An overload says nothing more than its type does.
    text: message && type !== 'overloaded_error' ? `${head}: ${message}` : head,
    message,
    isApis: isObject(inner) || typeof inner === 'string' || textIn(body, 'message') !== null,
  };
}

function messageIn(error: APIError, body: unknown): string {
  const location = error.headers?.get('location') ?? null;
  if (location !== null) return `a redirect to ${hostOf(location)}`;
  if (isObject(body)) {
    const { error: inner, detail } = body;
    const said = [textIn(inner, 'message'), inner, textIn(body, 'message'), detail];
    const text = said.find((one) => typeof one === 'string');
    return typeof text === 'string' ? text : '';
  }
  // The SDK puts the status before the text of a body that is no JSON.
  const text = error.message.replace(/^\d+ /, '');
  if (/^\s*(<!doctype|<html|<\?xml)/i.test(text)) return 'a page of HTML';
  return /^\(?(no )?status code/.test(text) ? '' : text;
}

function textIn(value: unknown, name: string): string | null {
  const text = isObject(value) ? value[name] : undefined;
  return typeof text === 'string' ? text : null;
}

/** Without its path, which may hold what was asked. */
function hostOf(location: string): string {
  return URL.canParse(location) ? new URL(location).host : 'another path';
}

/** One line, cut, without control characters and without what was sent. */
export function shown(text: string, sent: readonly string[] = []): string {
  const line = printable(withoutEcho(text.slice(0, READ_CHARS), sent))
    .replace(/\s+/g, ' ')
    .trim();
  return line.length > MOST_CHARS ? `${line.slice(0, MOST_CHARS)}…` : line;
}

/** A server's own words and a ticket's share as much by chance, but hardly more. */
const CHANCE_CHARS = 16;

function withoutEcho(text: string, sent: readonly string[]): string {
  // As JSON writes them too, since what comes back is mostly the request.
  const originals = sent.flatMap((one) => [one, JSON.stringify(one).slice(1, -1)]);
  let rest = text;
  for (const one of originals.filter((short) => short.length >= 3)) {
    rest = rest.replaceAll(`"${one}"`, '"…"').replaceAll(`"${one}\\"`, '"…\\"');
  }
  let kept = '';
  for (let at = 0; at < rest.length;) {
    const length = Math.max(...originals.map((one) => sharedAt(rest, at, one)), 0);
    kept += length === 0 ? (rest[at] ?? '') : '…';
    at += Math.max(1, length);
  }
  return kept;
}

/** How many characters from there on stand in the original as well; 0 for so few as chance brings. */
function sharedAt(text: string, at: number, original: string): number {
  let length = CHANCE_CHARS;
  if (at + length > text.length || !original.includes(text.slice(at, at + length))) return 0;
  while (at + length < text.length && original.includes(text.slice(at, at + length + 1))) length++;
  return length;
}

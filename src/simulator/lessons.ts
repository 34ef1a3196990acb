// A system prompt in, and out what it teaches: descriptions of labels, and worked examples.

import { isObject, type JsonObject } from './shape.ts';
import type { TicketText } from './words.ts';

export interface Lessons {
  descriptions: Description[];
  examples: Example[];
  /** The prompt in small pieces. */
  sentences: string[];
}

/** A list of `- label: description` lines with nothing between them. */
export type Description = Map<string, string>;

export interface Example {
  ticket: TicketText;
  answer: JsonObject;
}

export function readLessons(system: string): Lessons {
  return {
    descriptions: readDescriptions(system),
    examples: readExamples(system),
    sentences: system.split(/[\n.]/).filter((piece) => piece.trim() !== ''),
  };
}

/** A message that is not JSON is all body. */
export function readTicket(text: string): TicketText {
  const ticket = parseObject(text);
  if (ticket === null) return { tier: '', subject: '', body: text };
  const field = (name: string): string => {
    const value = ticket[name];
    return typeof value === 'string' ? value : '';
  };
  return { tier: field('account_tier'), subject: field('subject'), body: field('body') };
}

function readDescriptions(system: string): Description[] {
  const lists: Description[] = [];
  let list: Description | null = null;
  let label = '';
  for (const line of system.split('\n')) {
    const item = /^[-*] [`*]*([\w-]+)[`*]*: (.+)$/.exec(line);
    if (item?.[1] !== undefined && item[2] !== undefined) {
      label = item[1];
      if (list === null) lists.push((list = new Map()));
      list.set(label, item[2]);
    } else if (/^\s+\S/.test(line) && list !== null) {
      list.set(label, `${list.get(label)} ${line.trim()}`);
    } else {
      list = null;
    }
  }
  return lists;
}

function readExamples(system: string): Example[] {
  const examples: Example[] = [];
  const blocks = /<ticket>([^]*?)<\/ticket>\s*<(\w+)>([^]*?)<\/\2>/g;
  for (const [, ticket = '', , answer = ''] of system.matchAll(blocks)) {
    const parsed = parseObject(answer);
    if (parsed !== null) examples.push({ ticket: readTicket(ticket), answer: parsed });
  }
  return examples;
}

function parseObject(text: string): JsonObject | null {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : null;
  } catch {
    return null;
  }
}

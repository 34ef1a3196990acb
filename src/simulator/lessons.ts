// A tool's schema and a system prompt in; out the fields it asks for, and what is taught of them.

import { isObject, type JsonObject } from './shape.ts';
import type { TicketText } from './features.ts';

/** What a tool's schema asks for, in its order. */
export type Field =
  | LabelField
  /** How sure the label field before it is; null if there is none that lacks one. */
  | { kind: 'number'; name: string; of: string | null }
  | { kind: 'text'; name: string }
  | { kind: 'other'; name: string; empty: unknown };

export interface LabelField {
  kind: 'label';
  name: string;
  labels: string[];
}

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

export function fieldsOf(schema: JsonObject): Field[] {
  const properties = isObject(schema['properties']) ? schema['properties'] : {};
  let unpaired: string | null = null;
  return Object.entries(properties).map(([name, property]) => {
    const field = fieldOf(name, isObject(property) ? property : {}, unpaired);
    if (field.kind === 'label') unpaired = name;
    if (field.kind === 'number') unpaired = null;
    return field;
  });
}

function fieldOf(name: string, property: JsonObject, unpaired: string | null): Field {
  const labels = Array.isArray(property['enum']) ? property['enum'].filter(isText) : [];
  if (labels.length > 0) return { kind: 'label', name, labels };
  const type = property['type'];
  if (type === 'number' || type === 'integer') return { kind: 'number', name, of: unpaired };
  if (type === 'boolean') return { kind: 'other', name, empty: false };
  if (type === 'array') return { kind: 'other', name, empty: [] };
  if (type === 'object') return { kind: 'other', name, empty: {} };
  return { kind: 'text', name };
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

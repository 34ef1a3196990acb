// JSON rows → the names under which their fields can be asked for, and the text of each.
import { isObject } from '../../ground/is-object.ts';
import { partsOf } from '../../ground/json-text.ts';
import type { JsonRow } from '../../ticket.ts';
import { firstComment, isComments } from './json-comments.ts';
import { documentIn, isDocument, LANGUAGES, objectText, TEXT_KEYS } from './json-object-text.ts';

const MAX_DEPTH = 3;
const MAX_PATHS = 500;

/**
 * The top-level keys in the order in which they first appear, then the dotted paths to text, numbers
 * and lists of comments in nested objects (`requester.plan`, `custom_fields.3600123`).
 */
export function pathsOf(values: readonly Record<string, unknown>[]): string[] {
  const paths = new Set(values.flatMap((value) => Object.keys(value)));
  for (const value of values) {
    for (const path of nestedPaths(value, '', 1)) {
      if (paths.size >= MAX_PATHS) return [...paths];
      paths.add(path);
    }
  }
  return [...paths];
}

/**
 * The text at a path of `pathsOf`: '' where there is none, a number to the letter, of a list of comments
 * the customer's first, of other lists and objects what they stand for. Null where that is no text.
 */
export function textAt(row: JsonRow, path: string): string | null {
  const found = find(row.value, path);
  if (found === null) return '';
  const { value, keys } = found;
  if (typeof value === 'number') return numberText(row.text, keys, value);
  return textOf(value, row.value);
}

/** Whether an object stands there in whose parts the text should be looked for. */
export function isObjectAt(row: JsonRow, path: string): boolean {
  const value = find(row.value, path)?.value;
  return isObject(value) && !isDocument(value);
}

function textOf(value: unknown, ticket: object): string | null {
  if (value === null || value === undefined) return '';
  if (typeof value === 'string') return documentIn(value) ?? value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (!Array.isArray(value)) return isObject(value) ? objectText(value) : null;
  const comment = firstComment(value, ticket);
  if (comment !== null) return comment;
  const texts = value.map((part) => (Array.isArray(part) ? null : textOf(part, ticket)));
  return texts.includes(null) ? null : texts.filter((text) => text !== '').join('\n');
}

type Key = string | number;

interface Found {
  value: unknown;
  /** The way to it, key by key. */
  keys: Key[];
}

function* nestedPaths(value: object, prefix: string, depth: number): Generator<string> {
  for (const [key, inner] of Object.entries(value)) {
    const path = prefix + key;
    if (Array.isArray(inner)) {
      if (isComments(inner) || isTexts(inner)) yield path;
      else if (depth < MAX_DEPTH) yield* customPaths(inner, path);
    } else if (isDocument(inner)) yield path;
    else if (typeof inner === 'object' && inner !== null) {
      if (depth < MAX_DEPTH) yield* nestedPaths(inner, `${path}.`, depth + 1);
    } else yield path;
  }
}

function isTexts(list: readonly unknown[]): boolean {
  return list.length > 0 && list.every((part) => typeof part === 'string');
}

/** Zendesk's custom fields are a list of `{ id, value }`. */
function* customPaths(list: readonly unknown[], prefix: string): Generator<string> {
  for (const field of list) {
    if (!isCustomField(field)) continue;
    if (typeof field.value !== 'object' || field.value === null) yield `${prefix}.${field.id}`;
  }
}

/** A key that holds dots itself goes before a path through several. */
function find(value: unknown, path: string): Found | null {
  if (Array.isArray(value)) return findCustom(value, path);
  if (typeof value === 'string' && isForm(path)) return { value, keys: [] };
  if (!isObject(value)) return null;
  if (Object.hasOwn(value, path)) return { value: value[path], keys: [path] };
  for (let dot = path.lastIndexOf('.'); dot >= 0; dot = path.lastIndexOf('.', dot - 1)) {
    const key = path.slice(0, dot);
    const found = Object.hasOwn(value, key) ? find(value[key], path.slice(dot + 1)) : null;
    if (found !== null) return { value: found.value, keys: [key, ...found.keys] };
    if (dot === 0) break;
  }
  return null;
}

/** A text in several forms or languages may in a row be a plain one: `description.display_value`. */
function isForm(path: string): boolean {
  return TEXT_KEYS.includes(path) || LANGUAGES.includes(path);
}

function findCustom(list: readonly unknown[], id: string): Found | null {
  for (const [at, field] of list.entries()) {
    if (isCustomField(field) && String(field.id) === id) {
      return { value: field.value, keys: [at, 'value'] };
    }
  }
  return null;
}

/** As it stands in the row: parsed, a 19-digit id would be rounded and `1.0` become `1`. */
function numberText(text: string, keys: readonly Key[], value: number): string {
  const short = String(value);
  if (Number.isSafeInteger(value) && firstText(text, keys.at(-1)) === short) return short;
  const bytes = Buffer.from(text);
  let [from, to] = [Math.max(0, bytes.indexOf('{')), bytes.length];
  for (const key of keys) {
    for (const part of partsOf(bytes, from, to)) {
      // Of a key that stands twice the last counts, as for JSON.parse.
      if (part.key === key) [from, to] = [part.from, part.to];
    }
  }
  return bytes.toString('utf8', from, to);
}

/** What follows the first such key at any depth: mostly the number, without a look at the whole row. */
function firstText(text: string, key: Key | undefined): string | undefined {
  const name = `"${key}"`;
  const at = text.indexOf(name) + name.length;
  return /^\s*:\s*([^\s,}]+)/.exec(text.slice(at, at + 40))?.[1];
}

function isCustomField(field: unknown): field is { id: Key; value: unknown } {
  if (!isObject(field) || !Object.hasOwn(field, 'value')) return false;
  return typeof field.id === 'number' || typeof field.id === 'string';
}

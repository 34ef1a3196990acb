// A JSON object that stands for a text → that text: Jira's documents, texts in several forms or languages.
import { isObject } from '../../ground/is-object.ts';

/** Keys under which an object keeps the text that it stands for, best first. */
export const TEXT_KEYS = [
  '$oid',
  '$numberLong',
  '$numberInt',
  '$numberDecimal',
  '$numberDouble',
  '$uuid',
  '$date',
  'display_value',
  'displayValue',
  'rendered',
  'plain',
  'plain_text',
  'plaintext',
  'text',
  '#text',
  '_text',
  '$t',
  'value',
  'raw',
  'markdown',
  'html',
  'body',
  'content',
];
/** Of a text in several languages; the first of them that is there. */
export const LANGUAGES =
  `en en_us en_gb de fr es it pt pt_br nl pl sv da no nb fi cs ru uk tr ja zh zh_cn zh_tw ko ar he
  hi`.split(/\s+/);

const MAX_DEPTH = 100;

/** Null for an object that stands for no text. */
export function objectText(value: Record<string, unknown>, depth = 0): string | null {
  if (depth > MAX_DEPTH) return null;
  if (isDocument(value)) return documentText(value);
  for (const key of [...TEXT_KEYS, ...languagesOf(value)]) {
    if (!Object.hasOwn(value, key)) continue;
    const inner = value[key];
    const text = isObject(inner) ? objectText(inner, depth + 1) : inner;
    if (typeof text === 'string' || typeof text === 'number') return String(text);
  }
  return null;
}

/** Atlassian's document format, and that of editors on ProseMirror. */
export function isDocument(value: unknown): value is { content: readonly unknown[] } {
  return isObject(value) && value['type'] === 'doc' && Array.isArray(value['content']);
}

/** A document that stands in a table's cell, or in a string. */
export function documentIn(text: string): string | null {
  if (!/^\s*\{[^{]*"type"\s*:\s*"doc"/.test(text.slice(0, 200))) return null;
  try {
    const value: unknown = JSON.parse(text);
    return isDocument(value) ? documentText(value) : null;
  } catch {
    return null;
  }
}

function languagesOf(value: Record<string, unknown>): string[] {
  const keys = Object.keys(value);
  const place = (key: string) => LANGUAGES.indexOf(key.toLowerCase().replace('-', '_'));
  return keys.every((key) => place(key) >= 0) ? keys.toSorted((a, b) => place(a) - place(b)) : [];
}

interface Node {
  type: string;
  text: string;
  attrs: Record<string, unknown>;
  content: Node[];
}

const INLINE = new Set(
  `text hardBreak mention emoji date status inlineCard placeholder inlineExtension
  mediaInline`.split(/\s+/),
);
/** What a node that is no text shows of itself. */
const SHOWN = ['title', 'text', 'shortName', 'url', 'alt'];

function documentText({ content }: { content: readonly unknown[] }): string {
  return blocksText(nodesOf(content, 0), '\n\n');
}

function nodesOf(content: unknown, depth: number): Node[] {
  if (!Array.isArray(content) || depth > MAX_DEPTH) return [];
  return content.filter(isObject).map(({ type, text, attrs, content: inner }) => ({
    type: String(type),
    text: typeof text === 'string' ? text : '',
    attrs: isObject(attrs) ? attrs : {},
    content: nodesOf(inner, depth + 1),
  }));
}

/** @param gap between two blocks; what stands in a line follows without one */
function blocksText(nodes: readonly Node[], gap: string): string {
  let text = '';
  let wasInLine = true;
  for (const node of nodes) {
    const own = nodeText(node);
    const isInLine = INLINE.has(node.type);
    if (own === '') continue;
    text += text === '' || (isInLine && wasInLine) ? own : gap + own;
    wasInLine = isInLine;
  }
  return text;
}

function nodeText({ type, text, attrs, content }: Node): string {
  switch (type) {
    case 'text':
      return text;
    case 'hardBreak':
      return '\n';
    case 'date':
      return dateText(attrs['timestamp']);
    case 'bulletList':
      return itemsText(content, () => '-');
    case 'orderedList': {
      const first = typeof attrs['order'] === 'number' ? attrs['order'] : 1;
      return itemsText(content, (at) => `${first + at}.`);
    }
    case 'taskList':
    case 'decisionList':
      return itemsText(content, (at) => (content[at]?.attrs['state'] === 'DONE' ? '[x]' : '[ ]'));
    case 'tableRow':
      return content.map(nodeText).join(' | ');
    case 'tableCell':
    case 'tableHeader':
      return blocksText(content, ' ');
  }
  const shown = SHOWN.map((name) => attrs[name]).find((value) => typeof value === 'string');
  const inner = blocksText(content, type === 'doc' ? '\n\n' : '\n');
  return [shown, inner].filter((part) => part !== undefined && part !== '').join('\n');
}

/** Lists in a list stand further in. */
function itemsText(items: readonly Node[], mark: (at: number) => string): string {
  return items
    .map((item, at) => `${mark(at)} ${nodeText(item).replaceAll('\n', '\n  ')}`)
    .join('\n');
}

function dateText(timestamp: unknown): string {
  const date = new Date(Number(timestamp));
  return Number.isNaN(date.getTime()) ? '' : date.toISOString().slice(0, 10);
}

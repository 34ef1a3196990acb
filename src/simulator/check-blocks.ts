// Text content of a request in, blocks out, or the API's 400.

import { invalid } from './api-error.ts';
import type { Ttl } from './cache.ts';
import { readList, readObject, readText, refuseOthers } from './shape.ts';

export interface Block {
  text: string;
  mark: Ttl | null;
}

/** @param where `system`, or `messages` for a turn's content. */
export function checkContent(value: unknown, path: string, where: string): Block[] {
  if (typeof value === 'string') {
    if (value === '' && where === 'system') return [];
    return [{ text: nonEmpty(value, where), mark: null }];
  }
  return readList(value, path).map((block, i) => checkBlock(block, `${path}.${i}`, where));
}

export function readMark(value: unknown, path: string): Ttl | null {
  if (value === undefined || value === null) return null;
  const mark = readObject(value, path);
  refuseOthers(mark, MARK, `${path}.`);
  if (mark['type'] !== 'ephemeral') throw invalid(`${path}.type: Input should be 'ephemeral'`);
  const ttl = mark['ttl'] ?? '5m';
  if (ttl !== '5m' && ttl !== '1h')
    throw invalid(`${path}.ephemeral.ttl: Input should be '5m' or '1h'`);
  return ttl;
}

const MARK = new Set(['type', 'ttl']);
const TEXT_BLOCK = new Set(['type', 'text', 'cache_control', 'citations']);

function checkBlock(value: unknown, path: string, where: string): Block {
  const block = readObject(value, path);
  const type = readText(block['type'], `${path}.type`);
  if (type !== 'text') throw invalid(`${path}.type: only text blocks are simulated`);
  refuseOthers(block, TEXT_BLOCK, `${path}.text.`);
  const text = nonEmpty(readText(block['text'], `${path}.text.text`), where);
  return { text, mark: readMark(block['cache_control'], `${path}.text.cache_control`) };
}

function nonEmpty(text: string, where: string): string {
  if (text === '') throw invalid(`${where}: text content blocks must be non-empty`);
  if (text.trim() === '') {
    throw invalid(`${where}: text content blocks must contain non-whitespace text`);
  }
  return text;
}

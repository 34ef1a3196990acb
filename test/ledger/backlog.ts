// Tickets for tests of the ledger, made of the samples: foreign languages and patterns among them.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SAMPLES } from '../example.ts';

export interface Item {
  id?: string;
  subject?: string;
  body: string;
  account_tier?: string;
}

/** Forty tickets; one of them has no text. */
export async function sampleItems(): Promise<Item[]> {
  const lines = (await readFile(join(SAMPLES, 'tickets.jsonl'), 'utf8')).trimEnd().split('\n');
  return lines.map((line) => {
    const { id, subject, body, account_tier } = JSON.parse(line);
    return { id, subject, body, account_tier };
  });
}

/** So many tickets of different texts, and of every third one a duplicate further down. */
export async function backlog(texts: number): Promise<Item[]> {
  const samples = await sampleItems();
  const items: Item[] = [];
  for (let at = 0; at < texts; at++) {
    const { subject = '', body = '', account_tier = '' } = samples[at % samples.length] ?? {};
    const text = body === '' ? '' : `${body}\n\nRef. ${1000 + at}`;
    items.push({ id: `B-${at}`, subject, body: text, account_tier });
    if (at % 3 !== 2) continue;
    const copied = items[Math.floor(items.length / 2)];
    if (copied) items.push({ ...copied, id: `B-${at}-again` });
  }
  return items;
}

export function jsonLines(items: readonly Item[]): string {
  return items.map((item) => `${JSON.stringify(item)}\n`).join('');
}

/** From 0 to 1; the same ones for the same seed. */
export function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

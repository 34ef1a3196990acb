// Ledgers for tests, opened without a run: answers are put into them and looked for.
import { readFileSync } from 'node:fs';
import { valid } from '../example.ts';
import { textHash, type Asker } from '../../src/ground/keys.ts';
import type { Ledger } from '../../src/ledger/ledger.ts';
import { openLedger } from '../../src/ledger/open-ledger.ts';
import { hurriedClock } from '../program.ts';

const PROMPT_HASH = '0123456789abcdef'.repeat(4);
const PLAYBOOK = `support@${PROMPT_HASH.slice(0, 8)}`;

export const ASKER: Asker = { host: 'test', model: 'claude-haiku-4-5', promptHash: PROMPT_HASH };

export function openAt(path: string): Promise<Ledger> {
  const failed = (failure: Error) => {
    throw failure;
  };
  return openLedger({ path, simulated: false, failed, clock: hurriedClock() });
}

/** Keeps an answer whose summary is the text itself. */
export async function put(ledger: Ledger, text: string): Promise<void> {
  const ticket = { textHash: textHash(text), language: null };
  await ledger.keep({ ...valid(), summary: text }, ticket, ASKER, PLAYBOOK);
}

/** What it holds of a text; null: nothing. */
export function got(ledger: Ledger, text: string): string | null {
  const line = ledger.find(ASKER, textHash(text));
  return line?.status === 'valid' ? line.summary : null;
}

export async function withLedger<T>(path: string, use: (ledger: Ledger) => T): Promise<Awaited<T>> {
  const ledger = await openAt(path);
  try {
    return await use(ledger);
  } finally {
    await ledger.close();
  }
}

/** Summaries of the answers in a file whose lines are whole, in their order. */
export function wholeAnswers(path: string): string[] {
  const lines = readFileSync(path, 'utf8').split('\n').slice(0, -1);
  return lines.flatMap((line) => {
    try {
      const { kind, summary } = JSON.parse(line);
      return kind === 'answer' ? summary : [];
    } catch {
      return [];
    }
  });
}

// What requests and answers take in tokens, as long as no response has told it.
import type { Playbook } from '../playbook/playbook.ts';
import { toolFrom } from '../playbook/prompt.ts';

/** Of UTF-8: in English, characters. */
export const BYTES_PER_TOKEN = 4;

/** What a forced tool adds to each request. */
export const FORCED_TOOL_TOKENS = 588;

const ANSWER_TOKENS = 160;
/** Without summary and reason. */
const LEAN_ANSWER_TOKENS = 100;

export function answerTokens({ lean }: Pick<Playbook, 'lean'>): number {
  return lean ? LEAN_ANSWER_TOKENS : ANSWER_TOKENS;
}

export function guessTokens(text: string): number {
  return Math.round(Buffer.byteLength(text) / BYTES_PER_TOKEN);
}

/** What every request begins with, and is cached. */
export function prefixText({ system, labels, lean }: Playbook): string {
  return system + JSON.stringify(toolFrom(labels, lean));
}

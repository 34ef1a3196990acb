// What answers are remembered under: hashes of what was sent, and to whom.
import { hash } from 'node:crypto';

/** 128 bits as 32 hex digits: enough that no two texts of this world meet. */
const DIGITS = 32;

/** @param sent the ticket's text as Claude is sent it */
export function textHash(sent: string): string {
  return hash('sha256', sent, 'hex').slice(0, DIGITS);
}

/** The beginning of the text's hash in the id of a ticket without one; null for an id of its own. */
export function digitsOfMadeId(id: string): string | null {
  return /^text-([0-9a-f]{12})(?:-\d+)?$/.exec(id)?.[1] ?? null;
}

/** Who was asked, and with which instructions. */
export interface Asker {
  /** Host and port of the server; `simulator` for the built-in stand-in. */
  host: string;
  model: string;
  /** `Playbook.promptHash`. */
  promptHash: string;
}

/** Equal for equal questions: neither a threshold nor a rule nor a cache mark is in it. */
export function answerKey({ host, model, promptHash }: Asker, text: string): string {
  return hash('sha256', JSON.stringify([host, model, promptHash, text]), 'hex').slice(0, DIGITS);
}

export function askersFor(
  host: string,
  { promptHash }: { promptHash: string },
): (model: string) => Asker {
  return (model) => ({ host, model, promptHash });
}

// A ticket's id in; its verdicts, and the answers about its texts, out of the ledger.
import { realpath } from 'node:fs/promises';
import { failures } from '../ground/errors.ts';
import { digitsOfMadeId } from '../ground/keys.ts';
import { readAnswerLine, type AnswerLine, type LostLine, type SpentLine } from './format.ts';
import { lockFile } from '../ground/lock.ts';
import { removeDraft, rewriteLedger, type Cut } from './rewrite-ledger.ts';
import { notInLedger, scanLedger } from './scan-ledger.ts';

export interface Forgotten {
  verdicts: number;
  answers: number;
  /** Lines that can't be read, but name the ticket or one of its texts. */
  unreadable: number;
  /** Answers that stay, and the other tickets whose texts they are about as well. */
  shared: { answers: number; ids: string[] };
}

/**
 * @param id of the ticket; or one that was made from a text, which is about that text
 * @throws Failure if it is not there, or if the ledger is in use or can't be written
 */
export async function forgetTicket(path: string, id: string): Promise<Forgotten> {
  const file = await realpath(path).catch(() => {
    throw failures.ledgerMissing(path);
  });
  const lock = await lockFile(path);
  try {
    await removeDraft(file);
    const texts = await textsOf(id, file);
    const { mentions, sharers } = await mentionsOf(id, texts, file);
    if (mentions.length === 0) throw await notInLedger(file, id);
    const isShared = ({ text }: Mention) => text !== null && sharers.has(text);
    const going = mentions.filter((mention) => !isShared(mention));
    if (going.length > 0) await rewriteLedger(file, going);
    return counted(going, mentions.filter(isShared), sharers);
  } finally {
    await lock.release();
  }
}

/** A line to be taken out. */
interface Mention extends Cut {
  kind: 'verdict' | 'answer' | 'unreadable';
  /** Null if it is the ticket's own, whoever shares its text. */
  text: string | null;
}

async function textsOf(id: string, file: string): Promise<Set<string>> {
  const digits = digitsOfMadeId(id);
  const texts = new Set<string>();
  await scanLedger(file, (head, _, line) => {
    const isOfId = head?.kind === 'verdict' && head.id === id;
    const isOfText = head?.kind === 'answer' && digits !== null && head.text.startsWith(digits);
    if (isOfId || isOfText) texts.add(head.text);
    if (head === null) for (const text of textsIn(line, id, digits)) texts.add(text);
  });
  return texts;
}

async function mentionsOf(id: string, texts: Set<string>, file: string) {
  const mentions: Mention[] = [];
  /** By text, the first other ticket that has it. */
  const sharers = new Map<string, string>();
  await scanLedger(file, (head, place, line) => {
    const mention = { text: null, ...place, instead: '' };
    if (head?.kind === 'verdict') {
      if (head.id === id) mentions.push({ kind: 'verdict', ...mention });
      else if (texts.has(head.text) && !sharers.has(head.text)) sharers.set(head.text, head.id);
    } else if (head?.kind === 'answer' && texts.has(head.text)) {
      const instead = spendingOf(readAnswerLine(line));
      mentions.push({ kind: 'answer', ...mention, text: head.text, instead });
    } else if (head === null) {
      const text = namesTicket(line, id) ? null : hashesIn(line).find((hash) => texts.has(hash));
      if (text !== undefined) mentions.push({ kind: 'unreadable', ...mention, text });
    }
  });
  return { mentions, sharers };
}

/** Also where the line was torn right behind the id. */
function namesTicket(line: string, id: string): boolean {
  const quoted = JSON.stringify(id);
  // Another program may have written its letters by their numbers.
  const plain = line.replace(/\\u([0-9a-f]{4})/gi, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
  return [line, plain].some((text) => text.includes(quoted) || text.endsWith(quoted.slice(0, -1)));
}

/** Of a line that can't be read: what it says the ticket's text is. */
function textsIn(line: string, id: string, digits: string | null): string[] {
  const told = namesTicket(line, id) ? /"text"\s*:\s*"([0-9a-f]{32})"/.exec(line)?.[1] : undefined;
  const made = digits === null ? [] : hashesIn(line).filter((hash) => hash.startsWith(digits));
  return told === undefined ? made : [told, ...made];
}

function hashesIn(line: string): string[] {
  return line.match(/(?<![0-9a-f])[0-9a-f]{32}(?![0-9a-f])/g) ?? [];
}

/** Lines for the money alone: without it `--max-cost-per-day` would allow it once more. */
function spendingOf(answer: AnswerLine | null): string {
  if (answer === null) return '';
  const { time, model, cost_usd, unknown_cost_calls: calls } = answer;
  const at_most_usd = answer.unknown_cost_at_most_usd;
  const lines: (SpentLine | LostLine)[] = [{ kind: 'spent', time, model, cost_usd }];
  if (calls > 0) lines.push({ kind: 'lost', time, model, calls, at_most_usd });
  return lines.map((line) => `${JSON.stringify(line)}\n`).join('');
}

function counted(
  going: readonly Mention[],
  staying: readonly Mention[],
  sharers: ReadonlyMap<string, string>,
): Forgotten {
  const count = (mentions: readonly Mention[], wanted: Mention['kind']) =>
    mentions.filter(({ kind }) => kind === wanted).length;
  return {
    verdicts: count(going, 'verdict'),
    answers: count(going, 'answer'),
    unreadable: count(going, 'unreadable'),
    shared: { answers: count(staying, 'answer'), ids: [...new Set(sharers.values())] },
  };
}

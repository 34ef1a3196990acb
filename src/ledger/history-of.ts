// A ticket's id → every verdict on it, oldest first, each with the answers behind it.
import { failures } from '../ground/errors.ts';
import { digitsOfMadeId } from '../ground/keys.ts';
import { readAnswerLine, readVerdictLine, type AnswerLine, type VerdictLine } from './format.ts';
import { notInLedger, scanLedger } from './scan-ledger.ts';

export interface History {
  /** Whether the answers are a stand-in's. */
  simulated: boolean;
  verdicts: PastVerdict[];
}

export interface PastVerdict {
  verdict: VerdictLine;
  /** Those of `asked` that the ledger holds, in order. */
  answers: AnswerLine[];
}

/** @throws Failure if the ledger has no verdict on it, or the id names no single ticket */
export async function historyOf(path: string, id: string): Promise<History> {
  const texts = new Set<string>();
  let isRepeated = false;
  const { header } = await scanLedger(path, (head) => {
    if (head?.kind !== 'verdict' || head.id !== id) return;
    isRepeated ||= head.repeated;
    texts.add(head.text);
  });
  if (isRepeated) throw failures.ticketRepeated(id, path);
  const isUnknown = texts.size === 0;
  if (isUnknown && digitsOfMadeId(id) !== null) throw failures.ticketWithoutId(id);
  if (isUnknown) throw await notInLedger(path, id);

  // Asked again, a question has several answers: the last one before a verdict is behind it.
  const last = new Map<string, AnswerLine>();
  const verdicts: PastVerdict[] = [];
  await scanLedger(path, (head, _, line) => {
    if (head?.kind === 'answer' && texts.has(head.text)) {
      const answer = readAnswerLine(line);
      if (answer) last.set(answer.key, answer);
    } else if (head?.kind === 'verdict' && head.id === id) {
      const verdict = readVerdictLine(line);
      const answers = verdict?.asked.flatMap((key) => last.get(key) ?? []) ?? [];
      if (verdict) verdicts.push({ verdict, answers });
    }
  });
  return { simulated: header?.simulated ?? false, verdicts };
}

// Where answers stand in; what a ledger knows of a text, and what asking about texts costs, out.
import { answerKey, type Asker } from '../ground/keys.ts';
import { isOf, isOfOtherPlaybook, type Answers, type Source } from './answers.ts';
import { readAnswerLine, type AnswerLine } from './format.ts';

/** From so many answers their mean cost is taken. */
const COSTS = 500;

/** What can be looked up, in a ledger that is open for a run or only read. */
export interface KnownAnswers {
  answers: Answers;
  /** The newest answer to the asker's question about a text. */
  find: (asker: Asker, text: string) => AnswerLine | null;
  /** The newest of the asker's model at its host under another playbook. */
  findOfOtherPlaybook: (asker: Asker, text: string) => AnswerLine | null;
  /** All answers about a text, the newest first. */
  about: (text: string) => AnswerLine[];
  /** The asker's own answers, the newest first, at most so many. */
  newestOf: (asker: Asker, most: number) => AnswerLine[];
  /** Of a text that any model has answered about; undefined of another. */
  languageOf: (text: string) => string | null | undefined;
  /**
   * Texts that an asker's model answered at its host, but under other playbooks alone; and what
   * asking about them costs if it costs what it did, in US dollars, judged by some of them.
   */
  stale: (askers: readonly Asker[]) => { texts: number; cost: number };
}

/** @param read gives the line at an offset */
export function knownAnswers(answers: Answers, read: (offset: number) => string): KnownAnswers {
  // A ticket's text is looked up for its language first, and for its answer right after.
  let lastRead: { offset: number; line: AnswerLine | null } | null = null;

  function lineAt(offset: number): AnswerLine | null {
    if (lastRead?.offset !== offset) lastRead = { offset, line: readAnswerLine(read(offset)) };
    return lastRead.line;
  }

  /** The newest that can be read. */
  function newest(text: string, isMeant: (source: Source) => boolean): AnswerLine | null {
    for (const { source, offset } of answers.about(text)) {
      const line = isMeant(source) ? lineAt(offset) : null;
      if (line?.text === text) return line;
    }
    return null;
  }

  return {
    answers,
    find(asker, text) {
      const line = newest(text, (source) => isOf(source, asker));
      return line?.key === answerKey(asker, text) ? line : null;
    },
    findOfOtherPlaybook: (asker, text) =>
      newest(text, (source) => isOfOtherPlaybook(source, asker)),
    about: (text) => answers.about(text).flatMap(({ offset }) => lineAt(offset) ?? []),
    newestOf: (asker, most) =>
      answers.newestOf(asker, most).flatMap((offset) => readAnswerLine(read(offset)) ?? []),
    languageOf(text) {
      const line = newest(text, () => true);
      return line ? line.language : undefined;
    },
    stale(askers) {
      const stale = askers.flatMap((asker) => answers.stale(asker));
      const step = Math.ceil(stale.length / COSTS);
      const costs = stale
        .filter((_, at) => at % step === 0)
        .map(({ offset }) => lineAt(offset)?.cost_usd ?? 0);
      const sum = costs.reduce((all, cost) => all + cost, 0);
      const texts = new Set(stale.map(({ text }) => text)).size;
      return { texts, cost: (sum / Math.max(1, costs.length)) * stale.length };
    },
  };
}

// Where the answers of a ledger stand, by the text they are about: 26 bytes an answer.
import type { Asker } from '../ground/keys.ts';
import type { AnswerLine } from './format.ts';
import { createHashIndex, growing } from '../ground/hash-index.ts';

/** Who gave answers, and under which playbook. */
export type Source = Pick<AnswerLine, 'host' | 'model' | 'playbook'>;

export interface Noted {
  source: Source;
  /** Of the line in the ledger, in bytes. */
  offset: number;
}

type Note = Pick<AnswerLine, 'text' | 'host' | 'model' | 'playbook'>;

export interface Stale extends Noted {
  /** The beginning of its hash. */
  text: string;
}

export interface Answers {
  note: (answer: Note, offset: number) => void;
  /** All about a text, the newest first. */
  about: (text: string) => Noted[];
  /** Where the asker's own stand, the newest first, at most so many. */
  newestOf: (asker: Asker, most: number) => number[];
  size: () => number;
  /** One for each text that the asker's model answered at its host, but under other playbooks alone. */
  stale: (asker: Asker) => Stale[];
}

export function createAnswers(): Answers {
  const index = createHashIndex();
  const offsets = growing((length) => new Float64Array(length));
  const sourceOf = growing((length) => new Uint16Array(length));
  const sources: Source[] = [];
  const numbers = new Map<string, number>();

  function numberOf({ host, model, playbook }: Note): number {
    const name = `${host}\n${model}\n${playbook}`;
    const known = numbers.get(name);
    if (known !== undefined) return known;
    sources.push({ host, model, playbook });
    numbers.set(name, sources.length - 1);
    return sources.length - 1;
  }

  function notedAt(entry: number): Noted {
    const source = sources[sourceOf.get(entry)];
    if (!source) throw new Error(`entry ${entry} has no source`);
    return { source, offset: offsets.get(entry) };
  }

  function note(answer: Note, offset: number): void {
    const entry = index.add(answer.text);
    offsets.set(entry, offset);
    sourceOf.set(entry, numberOf(answer));
  }

  function about(text: string): Noted[] {
    return index.findAll(text).map(notedAt);
  }

  function newestOf(asker: Asker, most: number): number[] {
    const own = new Set(sources.filter((source) => isOf(source, asker)));
    const found: number[] = [];
    for (let entry = index.size() - 1; entry >= 0 && found.length < most; entry--) {
      const { source, offset } = notedAt(entry);
      if (own.has(source)) found.push(offset);
    }
    return found;
  }

  function stale(asker: Asker): Stale[] {
    const found: Stale[] = [];
    for (let entry = 0; entry < index.size(); entry++) {
      if (!isOfOtherPlaybook(notedAt(entry).source, asker)) continue;
      const text = index.hashOf(entry);
      const all = about(text);
      const newest = all.find(({ source }) => isOfOtherPlaybook(source, asker));
      if (newest?.offset !== offsets.get(entry)) continue;
      if (!all.some(({ source }) => isOf(source, asker))) found.push({ ...newest, text });
    }
    return found;
  }

  return { note, about, newestOf, size: index.size, stale };
}

/** Whether answers of this source are the asker's own. The digits of the playbook tell its prompt. */
export function isOf({ host, model, playbook }: Source, asker: Asker): boolean {
  const digits = playbook.slice(playbook.lastIndexOf('@') + 1);
  return host === asker.host && model === asker.model && asker.promptHash.startsWith(digits);
}

/** Whether the same model at the same host gave them with other instructions. */
export function isOfOtherPlaybook(source: Source, asker: Asker): boolean {
  return source.host === asker.host && source.model === asker.model && !isOf(source, asker);
}

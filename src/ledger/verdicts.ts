// Where the last verdict on each ticket stands, by the ticket's id: 29 bytes a ticket.
import { textHash } from '../keys.ts';
import type { VerdictLine } from './format.ts';
import { createHashIndex, growing } from '../hash-index.ts';

export interface Verdicts {
  note: (verdict: Noted, offset: number) => void;
  /** The number of a ticket's entry, made where it has none. */
  entryOf: (id: string) => number;
  /** Says that a row of this ticket is met in this run; false if one was before. */
  meet: (entry: number) => boolean;
  /** Says that the id stands on several rows of one input. */
  repeat: (entry: number) => void;
  isRepeated: (entry: number) => boolean;
  /** Of the last verdict's line, if it is about another text; null if not, or if there is none. */
  ofOtherText: (entry: number, text: string) => number | null;
  /** Of the last verdict's line; of a repeated id that of the last on the same text. */
  lastOffset: (verdict: Noted) => number | null;
}

type Noted = Pick<VerdictLine, 'id' | 'text' | 'repeated'>;

const MET = 1;
const REPEATED = 2;

export function createVerdicts(): Verdicts {
  const index = createHashIndex();
  /** 0, where the header stands: no verdict. */
  const offsets = growing((length) => new Float64Array(length));
  const texts = growing((length) => new Uint32Array(length));
  const flags = growing((length) => new Uint8Array(length));

  function entryOf(name: string): number {
    const hash = textHash(name);
    const entry = index.find(hash);
    return entry >= 0 ? entry : index.add(hash);
  }

  function raise(entry: number, flag: number): void {
    flags.set(entry, flags.get(entry) | flag);
  }

  function note(verdict: Noted, offset: number): void {
    if (verdict.repeated) raise(entryOf(verdict.id), REPEATED);
    const entry = entryOf(nameOf(verdict));
    offsets.set(entry, offset);
    texts.set(entry, bits(verdict.text));
  }

  function meet(entry: number): boolean {
    if ((flags.get(entry) & MET) !== 0) return false;
    raise(entry, MET);
    return true;
  }

  function ofOtherText(entry: number, text: string): number | null {
    return texts.get(entry) === bits(text) ? null : offsets.get(entry) || null;
  }

  return {
    note,
    entryOf,
    meet,
    repeat: (entry) => raise(entry, REPEATED),
    isRepeated: (entry) => (flags.get(entry) & REPEATED) !== 0,
    ofOtherText,
    lastOffset: (verdict) => offsets.get(entryOf(nameOf(verdict))) || null,
  };
}

/** Rows that share an id are told apart by their texts. */
function nameOf({ id, text, repeated }: Noted): string {
  return repeated ? `${id}\n${text}` : id;
}

function bits(hash: string): number {
  return Number.parseInt(hash.slice(0, 8), 16);
}

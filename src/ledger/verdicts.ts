// Where the last verdict on each ticket stands, by the ticket's id: 33 bytes a ticket.
import { textHash } from '../keys.ts';
import type { VerdictLine } from './format.ts';
import { createHashIndex, growing } from '../hash-index.ts';

export interface Verdicts {
  note: (verdict: VerdictLine, offset: number) => void;
  /** Says that a row with this id is met in this run; false if an earlier one was. */
  meet: (id: string) => boolean;
  /** Says that the id stands on several rows of one input. */
  repeat: (id: string) => void;
  isRepeated: (id: string) => boolean;
  /** The offset of the last verdict's line if it is about another text; null if not, or if there is none. */
  ofOtherText: (id: string, text: string) => number | null;
  /** Whether the last verdict says the same. Of a repeated id: the last on the same text. */
  isKnown: (verdict: VerdictLine) => boolean;
}

const MET = 1;
const REPEATED = 2;

export function createVerdicts(): Verdicts {
  const index = createHashIndex();
  /** 0, where the header stands: no verdict. */
  const offsets = growing((length) => new Float64Array(length));
  const texts = growing((length) => new Uint32Array(length));
  const digests = growing((length) => new Uint32Array(length));
  const flags = growing((length) => new Uint8Array(length));

  function entryOf(name: string): number {
    const hash = textHash(name);
    const entry = index.find(hash);
    return entry >= 0 ? entry : index.add(hash);
  }

  function has(id: string, flag: number): boolean {
    const entry = index.find(textHash(id));
    return entry >= 0 && (flags.get(entry) & flag) !== 0;
  }

  function raise(entry: number, flag: number): void {
    flags.set(entry, flags.get(entry) | flag);
  }

  function note(verdict: VerdictLine, offset: number): void {
    if (verdict.repeated) raise(entryOf(verdict.id), REPEATED);
    const entry = entryOf(nameOf(verdict));
    offsets.set(entry, offset);
    texts.set(entry, bits(verdict.text));
    digests.set(entry, digestOf(verdict));
  }

  function meet(id: string): boolean {
    const entry = entryOf(id);
    if ((flags.get(entry) & MET) !== 0) return false;
    raise(entry, MET);
    return true;
  }

  function ofOtherText(id: string, text: string): number | null {
    const entry = index.find(textHash(id));
    if (entry < 0 || offsets.get(entry) === 0 || texts.get(entry) === bits(text)) return null;
    return offsets.get(entry);
  }

  function isKnown(verdict: VerdictLine): boolean {
    const entry = index.find(textHash(nameOf(verdict)));
    return entry >= 0 && offsets.get(entry) !== 0 && digests.get(entry) === digestOf(verdict);
  }

  return {
    note,
    meet,
    repeat: (id) => raise(entryOf(id), REPEATED),
    isRepeated: (id) => has(id, REPEATED),
    ofOtherText,
    isKnown,
  };
}

/** Rows that share an id are told apart by their texts. */
function nameOf({ id, text, repeated }: VerdictLine): string {
  return repeated ? `${id}\n${text}` : id;
}

function digestOf(verdict: VerdictLine): number {
  const { text, team, ticket_type, urgency, sentiment, queue, model, triage } = verdict;
  const labels = [team, ticket_type, urgency, sentiment];
  return bits(textHash(JSON.stringify([text, labels, queue, model, triage?.reason])));
}

function bits(hash: string): number {
  return Number.parseInt(hash.slice(0, 8), 16);
}

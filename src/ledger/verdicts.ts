// Where the last verdict on each ticket stands, by the ticket's id: 33 bytes a ticket.
import { textHash } from '../ground/keys.ts';
import type { VerdictLine } from './format.ts';
import { createHashIndex, growing } from '../ground/hash-index.ts';

export interface Verdicts {
  note: (verdict: Told, offset: number) => void;
  /** The number of a ticket's entry, made where it has none. */
  entryOf: (id: string) => number;
  /** Whether a line says that the id stood on several rows of one input. */
  isRepeated: (entry: number) => boolean;
  /** Of the last verdict's line, if it is about another text; null if not, or if there is none. */
  ofOtherText: (entry: number, text: string) => number | null;
  /** Whether a ticket's last verdict says the same; of a repeated id: the last on the same text. */
  isKnown: (entry: number, verdict: Told) => boolean;
}

/** A ticket, and what its verdict says; see `saidBy`. */
export type Told = Pick<VerdictLine, 'id' | 'text' | 'repeated'> & { said: string };

type Said = Pick<
  VerdictLine,
  'queue' | 'rule' | 'sla_minutes' | 'team' | 'ticket_type' | 'urgency' | 'sentiment' | 'model'
>;

/** As it stands in the line: two verdicts are the same if this is. */
export function saidBy(verdict: Said): string {
  const { queue, rule, sla_minutes, team, ticket_type, urgency, sentiment, model } = verdict;
  const said = { queue, rule, sla_minutes, team, ticket_type, urgency, sentiment, model };
  return JSON.stringify(said).slice(1, -1);
}

export function createVerdicts(): Verdicts {
  const index = createHashIndex();
  /** 0, where the header stands: no verdict. */
  const offsets = growing((length) => new Float64Array(length));
  const texts = growing((length) => new Uint32Array(length));
  const digests = growing((length) => new Uint32Array(length));
  /** 1: a line says that the id is. */
  const repeated = growing((length) => new Uint8Array(length));

  function entryOf(name: string): number {
    const hash = textHash(name);
    const entry = index.find(hash);
    return entry >= 0 ? entry : index.add(hash);
  }

  function note(verdict: Told, offset: number): void {
    if (verdict.repeated) repeated.set(entryOf(verdict.id), 1);
    const entry = entryOf(nameOf(verdict));
    offsets.set(entry, offset);
    texts.set(entry, bits(verdict.text));
    digests.set(entry, digestOf(verdict));
  }

  function isRepeated(entry: number): boolean {
    return repeated.get(entry) === 1;
  }

  function ofOtherText(entry: number, text: string): number | null {
    return texts.get(entry) === bits(text) ? null : offsets.get(entry) || null;
  }

  function isKnown(entry: number, verdict: Told): boolean {
    const digest = digestOf(verdict);
    const isOf = (own: number) => offsets.get(own) !== 0 && digests.get(own) === digest;
    if (!verdict.repeated) return isOf(entry);
    // When the first of an id's rows was written, the others may not have been met.
    return isOf(entryOf(nameOf(verdict))) || (isRepeated(entry) && isOf(entry));
  }

  return {
    note,
    entryOf,
    isRepeated,
    ofOtherText,
    isKnown,
  };
}

/** Rows that share an id are told apart by their texts. */
function nameOf({ id, text, repeated }: Told): string {
  return repeated ? `${id}\n${text}` : id;
}

function digestOf({ text, said }: Told): number {
  return bits(textHash(text + said));
}

function bits(hash: string): number {
  return Number.parseInt(hash.slice(0, 8), 16);
}

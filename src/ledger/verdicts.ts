// Where the last verdict on each ticket stands, by the ticket's id: 33 bytes a ticket.
import { textHash } from '../ground/keys.ts';
import type { VerdictLine } from './format.ts';
import { createHashIndex, growing } from '../ground/hash-index.ts';

export interface Verdicts {
  note: (verdict: Told, offset: number) => void;
  /** The number of a ticket's entry, made where it has none. */
  entryOf: (id: string) => number;
  /** Says that a row of this ticket is met in this run; false if one was before. */
  meet: (entry: number) => boolean;
  /** Says that no row of this run has been met. */
  startOver: () => void;
  /** Says that the id stands on several rows of one input. */
  repeat: (entry: number) => void;
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

const MET = 1;
const REPEATED = 2;
/** A line of the ledger says that it is repeated. */
const TOLD = 4;

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

  function raise(entry: number, flag: number): void {
    flags.set(entry, flags.get(entry) | flag);
  }

  function note(verdict: Told, offset: number): void {
    if (verdict.repeated) raise(entryOf(verdict.id), REPEATED | TOLD);
    const entry = entryOf(nameOf(verdict));
    offsets.set(entry, offset);
    texts.set(entry, bits(verdict.text));
    digests.set(entry, digestOf(verdict));
  }

  function meet(entry: number): boolean {
    if ((flags.get(entry) & MET) !== 0) return false;
    raise(entry, MET);
    return true;
  }

  function startOver(): void {
    for (let entry = 0; entry < index.size(); entry++) {
      flags.set(entry, (flags.get(entry) & TOLD) === 0 ? 0 : REPEATED | TOLD);
    }
  }

  function ofOtherText(entry: number, text: string): number | null {
    return texts.get(entry) === bits(text) ? null : offsets.get(entry) || null;
  }

  function isKnown(entry: number, verdict: Told): boolean {
    const digest = digestOf(verdict);
    const isOf = (own: number) => offsets.get(own) !== 0 && digests.get(own) === digest;
    if (!verdict.repeated) return isOf(entry);
    // When the first of an id's rows was written, the others may not have been met.
    return isOf(entryOf(nameOf(verdict))) || ((flags.get(entry) & TOLD) !== 0 && isOf(entry));
  }

  return {
    note,
    entryOf,
    meet,
    startOver,
    repeat: (entry) => raise(entry, REPEATED),
    isRepeated: (entry) => (flags.get(entry) & REPEATED) !== 0,
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

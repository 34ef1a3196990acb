// Rows in, what a run would ask about them out: the cascade's own way, with the ledger alone to answer.
import type { Said, Step } from '../cascade/decide.ts';
import { escalateUnasked } from '../cascade/escalate.ts';
import { survey, type SurveyOptions } from '../cascade/survey.ts';
import { BYTES_PER_TOKEN } from '../claude/token-guess.ts';
import { createHashIndex } from '../ground/hash-index.ts';
import { findIn, staleAnswer, type KnownOptions } from '../ledger/remember.ts';
import type { Playbook } from '../playbook/playbook.ts';
import { ticketText } from '../playbook/prompt.ts';
import type { Answer, Decision, Find, Row, Ticket, ValidAnswer, InvalidAnswer } from '../ticket.ts';

/** Texts to ask one model about, and their sizes together in bytes of UTF-8 as sent. */
export interface Texts {
  count: number;
  bytes: number;
}

/** What answers that are there took beside their text. */
export interface Overhead {
  answers: number;
  /** Input tokens that were not cached, less those that the text is guessed to have. */
  tokens: number;
}

/** Each ticket is in one of the first nine. */
export interface Forecast {
  inLedger: number;
  /** Their text is that of an earlier one, which brings their answer. */
  duplicates: number;
  /** Rows that get the verdict of the first of their ticket. */
  shared: number;
  empty: number;
  unreadable: number;
  /** Asked of the fast model; then of the strong one, where that is unsure. */
  fast: Texts;
  /** Asked of the fast model alone: what the strong one says is known. */
  fastAlone: Texts;
  /** Asked of the strong model, since what the fast one says is known and not sure enough. */
  unsure: Texts;
  /** Straight to the strong model. */
  straight: Texts;
  /** Of `straight`; a ticket with both causes counts under both. */
  straightBy: { language: number; pattern: number };
  /** Of those to be asked, the ones answered under another playbook, at which the run would stop. */
  otherPlaybook: number;
  /** All texts that can be asked about, each once. */
  texts: Texts;
  /** Texts whose fast answer is known, and how many of them it leaves to the strong model. */
  known: { texts: number; escalated: number };
  /** By model. */
  overheads: Map<string, Overhead>;
}

export interface ForecastOptions extends KnownOptions, Omit<SurveyOptions, 'find'> {
  /** Told of each text whose fast answer is known. */
  onKnown?: (text: KnownText) => void;
}

type Known = ValidAnswer | InvalidAnswer;

export interface KnownText {
  ticket: Ticket;
  fast: Known;
  /** Of UTF-8, as sent. */
  bytes: number;
}

export async function forecast(
  rows: AsyncIterable<Row>,
  options: ForecastOptions,
): Promise<Forecast> {
  const { ledger, playbook, askerOf, policy, onKnown } = options;
  const find = findIn(options);
  const found = nothing();
  const seen = createHashIndex();

  for await (const surveyed of survey(rows, { ...options, find })) {
    const { ticket } = surveyed;
    if (surveyed.kind === 'first') found.shared += 1;
    if (surveyed.kind === 'kept') found.inLedger += 1;
    if (surveyed.kind !== 'looked up') continue;
    const { step, said } = surveyed;
    const unasked = step.kind === 'decided' ? unaskedOf(step.decision) : null;
    if (unasked !== null) {
      found[unasked] += 1;
      continue;
    }
    const isSeen = seen.find(ticket.textHash) >= 0;
    if (step.kind === 'decided') found.inLedger += 1;
    else if (isSeen) found.duplicates += 1;
    if (isSeen) continue;

    seen.add(ticket.textHash);
    const bytes = bytesOf(ticket);
    add(found.texts, bytes);
    const after = step.kind === 'ask' ? afterwards(ticket, step, find, playbook) : null;
    for (const answer of [said.fast, said.strong, after]) learn(found.overheads, answer, bytes);
    tellKnown(ticket, said, step, bytes);
    if (step.kind === 'decided') continue;
    const question = questionOf(step, after);
    add(found[question], bytes);
    if (question === 'straight') countCauses(found, ticket, playbook);
    const asker = askerOf(playbook.models[step.role]);
    if (staleAnswer(ledger, asker, ticket.textHash, policy)) found.otherPlaybook += 1;
  }
  return found;

  /** Counts a text whose fast answer is known, and is not asked of the strong model straight away. */
  function tellKnown(ticket: Ticket, { fast }: Said, step: Step, bytes: number): void {
    const isStraight = escalateUnasked(ticket, playbook).length > 0;
    if (fast === null || fast.kind === 'none' || isStraight) return;
    const isEscalated = step.kind === 'ask' || step.decision.escalated;
    found.known.texts += 1;
    if (isEscalated) found.known.escalated += 1;
    onKnown?.({ ticket, fast, bytes });
  }
}

/** Why nobody is asked about a ticket; null if somebody is. */
function unaskedOf({ triage }: Decision): 'empty' | 'unreadable' | null {
  return triage?.reason === 'empty' || triage?.reason === 'unreadable' ? triage.reason : null;
}

/** What the strong model is known to say, where the fast one has to be asked first. */
function afterwards(
  ticket: Ticket,
  { role, isStraight }: Extract<Step, { kind: 'ask' }>,
  find: Find,
  playbook: Playbook,
): Answer | null {
  return role === 'fast' && !isStraight ? find(playbook.models.strong, ticket) : null;
}

/** As if `factor` times as many rows had been looked at. */
export function scaled(found: Forecast, factor: number): Forecast {
  const times = (value: number) => Math.round(value * factor);
  const texts = ({ count, bytes }: Texts) => ({ count: times(count), bytes: times(bytes) });
  return {
    ...found,
    inLedger: times(found.inLedger),
    duplicates: times(found.duplicates),
    shared: times(found.shared),
    empty: times(found.empty),
    unreadable: times(found.unreadable),
    fast: texts(found.fast),
    fastAlone: texts(found.fastAlone),
    unsure: texts(found.unsure),
    straight: texts(found.straight),
    texts: texts(found.texts),
  };
}

export function ticketsIn(found: Forecast): number {
  const { inLedger, duplicates, shared, empty, unreadable } = found;
  const { fast, fastAlone, unsure, straight } = found;
  const asked = fast.count + fastAlone.count + unsure.count + straight.count;
  return inLedger + duplicates + shared + empty + unreadable + asked;
}

function nothing(): Forecast {
  return {
    inLedger: 0,
    duplicates: 0,
    shared: 0,
    empty: 0,
    unreadable: 0,
    fast: { count: 0, bytes: 0 },
    fastAlone: { count: 0, bytes: 0 },
    unsure: { count: 0, bytes: 0 },
    straight: { count: 0, bytes: 0 },
    straightBy: { language: 0, pattern: 0 },
    otherPlaybook: 0,
    texts: { count: 0, bytes: 0 },
    known: { texts: 0, escalated: 0 },
    overheads: new Map(),
  };
}

/** The first question without an answer is certain; what follows from a fast answer hangs on it. */
function questionOf(
  { role, isStraight }: Extract<Step, { kind: 'ask' }>,
  after: Answer | null,
): 'fast' | 'fastAlone' | 'unsure' | 'straight' {
  if (role === 'strong') return isStraight ? 'straight' : 'unsure';
  return isStraight || after !== null ? 'fastAlone' : 'fast';
}

function countCauses({ straightBy }: Forecast, ticket: Ticket, playbook: Playbook): void {
  const causes = new Set(escalateUnasked(ticket, playbook).map(({ by }) => by));
  if (causes.has('language')) straightBy.language += 1;
  if (causes.has('pattern')) straightBy.pattern += 1;
}

function bytesOf({ accountTier, subject, body }: Ticket): number {
  return Buffer.byteLength(ticketText({ account_tier: accountTier, subject, body }));
}

function add(texts: Texts, bytes: number): void {
  texts.count += 1;
  texts.bytes += bytes;
}

function learn(overheads: Forecast['overheads'], answer: Answer | null, bytes: number): void {
  if (answer === null || answer.kind === 'none') return;
  const { model, usage } = answer;
  const overhead = overheads.get(model) ?? { answers: 0, tokens: 0 };
  overhead.answers += 1;
  overhead.tokens += usage.input - bytes / BYTES_PER_TOKEN;
  overheads.set(model, overhead);
}

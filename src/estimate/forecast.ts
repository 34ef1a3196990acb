// Rows in, what a run would ask about them out: the cascade's own way, with the ledger alone to answer.
import type { Policy } from '../settings/ledger-policy.ts';
import { decide } from '../cascade/decide.ts';
import { firstPerTicket } from '../cascade/first-per-ticket.ts';
import { BYTES_PER_TOKEN } from '../claude/token-guess.ts';
import { createHashIndex } from '../ground/hash-index.ts';
import type { Asker } from '../ground/keys.ts';
import { askLedger } from '../ledger/ask-ledger.ts';
import type { KnownAnswers } from '../ledger/ledger.ts';
import { staleAnswer } from '../ledger/remember.ts';
import type { Playbook } from '../playbook/playbook.ts';
import { ticketText } from '../playbook/prompt.ts';
import type { Answer, Ask, Decision, Row, Ticket, ValidAnswer, InvalidAnswer } from '../ticket.ts';

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

export interface ForecastOptions {
  ledger: KnownAnswers;
  playbook: Playbook;
  askerOf: (model: string) => Asker;
  policy: Policy;
  toTicket: (row: Row) => Ticket;
  firstPerTicket: boolean;
  /** Told of each text whose fast answer is known. */
  onKnown?: (text: KnownText) => Promise<void>;
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
  const { ledger, playbook, askerOf, policy, toTicket, onKnown } = options;
  const ask: Ask = askLedger(options);
  const decideEach = options.firstPerTicket ? firstPerTicket(decideOne) : decideOne;
  const found = nothing();
  const seen = createHashIndex();

  async function decideOne(ticket: Ticket) {
    return { ...(await decide(ticket, ask, playbook)), past: null };
  }

  for await (const row of rows) {
    const decision = await decideEach(toTicket(row));
    const { ticket, asked, triage } = decision;
    const [first] = asked;
    if (!first) {
      if (triage?.reason === 'empty') found.empty += 1;
      else if (triage?.reason === 'unreadable') found.unreadable += 1;
      else found.shared += 1;
      continue;
    }
    const isSeen = seen.find(ticket.textHash) >= 0;
    const missing = asked.find(isMissing);
    if (!missing) found.inLedger += 1;
    else if (isSeen) found.duplicates += 1;
    if (isSeen) continue;

    seen.add(ticket.textHash);
    const bytes = bytesOf(ticket);
    add(found.texts, bytes);
    for (const answer of asked) if (!isMissing(answer)) learn(found.overheads, answer, bytes);
    if (!isMissing(first) && !isStraight(decision)) {
      found.known.texts += 1;
      if (decision.escalations.length > 0) found.known.escalated += 1;
      await onKnown?.({ ticket, fast: first, bytes });
    }
    if (!missing) continue;
    add(found[questionOf(decision)], bytes);
    countCauses(found, decision);
    if (staleAnswer(ledger, askerOf(missing.model), ticket.textHash, policy)) {
      found.otherPlaybook += 1;
    }
  }
  return found;
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

export function ticketsOf(found: Forecast): number {
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

/**
 * Of a ticket that something must be asked about. The first question without an answer is certain;
 * what follows a missing answer of the fast model hangs on it.
 */
function questionOf(decision: Decision): 'fast' | 'fastAlone' | 'unsure' | 'straight' {
  const [first, second] = decision.asked;
  const isFirst = first !== undefined && isMissing(first);
  if (isStraight(decision)) return isFirst ? 'straight' : 'fastAlone';
  if (!isFirst) return 'unsure';
  return second && isMissing(second) && second.model !== first.model ? 'fast' : 'fastAlone';
}

function isStraight({ escalations }: Decision): boolean {
  return escalations.some(({ by }) => by === 'language' || by === 'pattern');
}

function countCauses({ straightBy }: Forecast, decision: Decision): void {
  if (questionOf(decision) !== 'straight') return;
  const causes = new Set(decision.escalations.map(({ by }) => by));
  if (causes.has('language')) straightBy.language += 1;
  if (causes.has('pattern')) straightBy.pattern += 1;
}

function isMissing(answer: Answer): answer is Extract<Answer, { kind: 'none' }> {
  return answer.kind === 'none';
}

function bytesOf({ accountTier, subject, body }: Ticket): number {
  return Buffer.byteLength(ticketText({ account_tier: accountTier, subject, body }));
}

function add(texts: Texts, bytes: number): void {
  texts.count += 1;
  texts.bytes += bytes;
}

function learn(overheads: Forecast['overheads'], { model, usage }: Known, bytes: number): void {
  const overhead = overheads.get(model) ?? { answers: 0, tokens: 0 };
  overhead.answers += 1;
  overhead.tokens += usage.input - bytes / BYTES_PER_TOKEN;
  overheads.set(model, overhead);
}

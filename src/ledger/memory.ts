// What was decided about a ticket before; what is decided now, for the next time.
import type { Playbook } from '../playbook/playbook.ts';
import {
  FIELDS,
  type Decision,
  type Past,
  type Routed,
  type Ticket,
  type ValidAnswer,
} from '../ticket.ts';
import { answerOfLine } from './answer-line.ts';
import { readVerdictLine, type VerdictLine } from './format.ts';
import { growing } from '../ground/hash-index.ts';
import type { Ledger } from './ledger.ts';
import type { LedgerReader } from './open-ledger.ts';
import { saidBy } from './verdicts.ts';

export interface Recalled {
  /** Null for a ticket that is new or has its text still, or whose id names no single ticket. */
  past: Past | null;
  /** What is to stand; null: the ticket is decided anew. */
  kept: Decision | null;
}

export interface Memory {
  recall: (ticket: Ticket) => Recalled;
  record: (routed: Routed) => void;
  /** The answer to a question about a text; null if it is not there any more. */
  answerTo: (textHash: string, key: string) => ValidAnswer | null;
}

const NOTHING: Recalled = { past: null, kept: null };

export interface MemoryOptions {
  /** One that is only read remembers nothing. */
  ledger: Pick<LedgerReader, 'verdicts' | 'about' | 'read'> & Partial<Pick<Ledger, 'keepVerdict'>>;
  playbook: Playbook;
  /** Whether a ticket keeps its verdict though its text has changed. */
  keepFirst: boolean;
  now: () => number;
}

/** Of one run over one input: whether an id stands on several rows is learnt anew in each. */
export function memoryOf(options: MemoryOptions): Memory {
  const { ledger, playbook, keepFirst, now } = options;
  const { verdicts } = ledger;
  const met = growing((length) => new Uint8Array(length));

  function recall(ticket: Ticket): Recalled {
    const { id, textHash, hasOwnId } = ticket;
    if (!hasOwnId) return NOTHING;
    const entry = verdicts.entryOf(id);
    met.set(entry, Math.min(2, met.get(entry) + 1));
    const offset = isRepeated(entry) ? null : verdicts.ofOtherText(entry, textHash);
    const last = offset === null ? null : readVerdictLine(ledger.read(offset));
    if (last?.id !== id) return NOTHING;
    const newPatterns = ticket.patterns.filter((name) => !last.patterns.includes(name));
    const kept = keepFirst && newPatterns.length === 0 ? decisionFrom(last, ticket) : null;
    const { text, queue } = last;
    return { past: { textHash: text, queue, kept: kept !== null, newPatterns }, kept };
  }

  function isRepeated(entry: number): boolean {
    return met.get(entry) > 1 || verdicts.isRepeated(entry);
  }

  function answerTo(textHash: string, key: string): ValidAnswer | null {
    const line = ledger.about(textHash).find((answer) => answer.key === key);
    const answer = line && answerOfLine(line);
    return answer?.kind === 'valid' ? answer : null;
  }

  /** Null where it has no answer, or none that still means something. */
  function decisionFrom(line: VerdictLine, ticket: Ticket): Decision | null {
    const known = new Map(ledger.about(line.text).map((answer) => [answer.key, answer]));
    const asked = line.asked.flatMap((key) => known.get(key) ?? []).map(answerOfLine);
    const counting = line.answer === null ? null : known.get(line.answer);
    const answer = counting ? answerOfLine(counting) : null;
    if (answer?.kind !== 'valid' || !hasLabelsOf(answer, playbook)) return null;
    const { escalations, triage } = line;
    const escalated = escalations.length > 0;
    return { ticket, answer, asked, escalated, escalations, triage, ofFirstRow: false };
  }

  function record(routed: Routed): void {
    const { ticket, past } = routed;
    if (!ticket.hasOwnId || routed.ofFirstRow) return;
    const entry = verdicts.entryOf(ticket.id);
    const of = {
      id: ticket.id,
      text: past?.kept ? past.textHash : ticket.textHash,
      repeated: isRepeated(entry),
    };
    const said = sayingOf(routed);
    if (verdicts.isKnown(entry, { ...of, said: saidBy(said) })) return;
    const time = new Date(now()).toISOString();
    ledger.keepVerdict?.({
      kind: 'verdict',
      ...of,
      ...said,
      ...reasonsFor(routed, playbook),
      time,
    });
  }

  return { recall, record, answerTo };
}

function hasLabelsOf({ labels }: ValidAnswer, playbook: Playbook): boolean {
  return FIELDS.every((field) => playbook.labels[field].some(({ name }) => name === labels[field]));
}

function sayingOf({ answer, queue, rule, slaMinutes }: Routed) {
  return {
    queue,
    rule,
    sla_minutes: slaMinutes,
    team: answer?.labels.team ?? null,
    ticket_type: answer?.labels.ticket_type ?? null,
    urgency: answer?.labels.urgency ?? null,
    sentiment: answer?.labels.sentiment ?? null,
    model: answer?.model ?? null,
  };
}

function reasonsFor({ ticket, answer, asked, escalations, triage }: Routed, playbook: Playbook) {
  return {
    playbook: playbook.identity,
    asked: asked.flatMap(({ kind, key }) => (kind === 'none' ? [] : (key ?? []))),
    answer: answer && answer.key,
    escalations,
    triage,
    patterns: ticket.patterns,
  };
}

// The life of a ticket as types: Row → Ticket → Answer → Verdict → Routed.

/** What is asked about every ticket. The names are those of the tool's fields and of our columns. */
export const FIELDS = ['team', 'ticket_type', 'urgency', 'sentiment'] as const;
export type Field = (typeof FIELDS)[number];

/** The name under which a field's confidence stands in the tool and in our columns. */
export const CONFIDENCE_OF = {
  team: 'team_confidence',
  ticket_type: 'type_confidence',
  urgency: 'urgency_confidence',
  sentiment: 'sentiment_confidence',
} as const satisfies Record<Field, string>;

/** What a ticket needs of its row. */
export const COLUMN_FIELDS = ['id', 'subject', 'body', 'account_tier'] as const;
export type ColumnField = (typeof COLUMN_FIELDS)[number];

export type InputFormat = 'csv' | 'tsv' | 'jsonl';

/** What all inputs of a run share: as they were read, a table is written again. */
export interface Shape {
  format: InputFormat;
  /** Of a table. */
  delimiter: string;
  /** Of UTF-8. */
  bom: boolean;
  lineEnd: '\n' | '\r\n' | '\r';
  /** Column names in order, repeated ones too; of JSON the top-level keys of the first rows. */
  names: string[];
}

/** One record as read. Both kinds keep all that is needed to write it out again. */
export type Row = TableRow | JsonRow;

interface RowBase {
  /** Path as given, or `stdin`. */
  file: string;
  /** 1-based line on which the record begins. */
  line: number;
  /** Size of the record in the input, in bytes. */
  bytes: number;
  /** What is wrong with the record as such: not JSON, more cells than the header. */
  fault: string | null;
}

export interface TableRow extends RowBase {
  kind: 'table';
  /** In header order, padded to the header's length; cells beyond it are kept. */
  cells: string[];
}

export interface JsonRow extends RowBase {
  kind: 'json';
  /** The record's own text, to the letter. */
  text: string;
  /** The parsed object; empty where `fault` says that there is none. */
  value: Record<string, unknown>;
}

export interface Ticket {
  /** 0-based place in the input; calls that wait are served in this order. */
  place: number;
  id: string;
  /** False for an id that was made from the text. */
  hasOwnId: boolean;
  /** Of the text as sent; see `textHash`. Equal for tickets that need be asked about only once. */
  textHash: string;
  /** As sent: no control characters, the body cut to the playbook's length. */
  subject: string;
  body: string;
  accountTier: string;
  /** ISO 639-1 code, or null where no detector can be trusted. */
  language: string | null;
  /** Names of the playbook's patterns that the uncut text matches. */
  patterns: string[];
  /** Why this is no ticket that can be asked about, in words for the user; null if it is one. */
  fault: string | null;
  row: Row;
}

/** Tokens as the API counts them: `input` excludes what was read from or written to the cache. */
export interface Usage {
  input: number;
  cacheRead: number;
  cacheWrite: number;
  output: number;
}

/** What asking one model about one ticket came to, whether or not there is an answer. */
interface Asked {
  /** Under which it is remembered; null where it is not. */
  key: string | null;
  /** The model that was asked. */
  model: string;
  /** Requests sent, retries included. */
  attempts: number;
  /** Requests that may have been paid for without our learning their usage: dropped, timed out, garbled. */
  unknown: number;
  /** What these can have cost at most, in half nano-dollars. */
  unknownCost: number;
  /** Of the last response that had one. */
  requestId: string | null;
  /** True if the answer comes from the built-in simulator and means nothing. */
  simulated: boolean;
  /** True if no call was made for it: it was there, or another ticket's call brought it. */
  reused: boolean;
  /** True if an earlier row of this run shows the same answer: its cost stands there. */
  shared: boolean;
}

interface Paid extends Asked {
  usage: Usage;
  /** In half nano-dollars, the smallest whole unit of every price. */
  cost: number;
  /** Of the request that was answered, in milliseconds; null for one of a batch. */
  latencyMs: number | null;
  /** Id of the batch that brought it; null for a live call. */
  batch: string | null;
  /** ISO 8601, UTC. */
  answeredAt: string;
}

/** What one model said of one text. */
export interface ValidAnswer extends Paid {
  kind: 'valid';
  labels: Record<Field, string>;
  /** 0 to 1. */
  confidence: Record<Field, number>;
  summary: string;
  routingReason: string;
}

/** Paid for all the same, and counted, but no answer. */
export interface InvalidAnswer extends Paid {
  kind: 'invalid';
  why: string;
}

/** No response came that could be used, for all our retries. */
export interface NoAnswer extends Asked {
  kind: 'none';
  why: string;
}

export type Answer = ValidAnswer | InvalidAnswer | NoAnswer;

/**
 * The hinge: a model and a ticket in, an answer (or the reason there is none) out. A live call, a
 * simulated one, a remembered one: the cascade can't tell. Rejects only with what ends the run.
 */
export type Ask = (model: string, ticket: Ticket) => Promise<Answer>;

/** What is known of a model's answer without asking; null: it has to be asked. */
export type Find = (model: string, ticket: Ticket) => Answer | null;

/** Why the strong model was asked. */
export type Escalation =
  | { by: 'field'; field: Field; team: string; confidence: number; threshold: number }
  | { by: 'language'; language: string }
  | { by: 'pattern'; pattern: string }
  | { by: 'failure'; why: string };

export interface Triage {
  reason: 'empty' | 'unreadable' | 'unsure' | 'strong_failed' | 'both_failed';
  detail: string;
}

/** The verdict that stood when the ticket's text was another. */
export interface Past {
  textHash: string;
  queue: string;
  /** Whether it still counts, as `--keep-first` has it. */
  kept: boolean;
  /** Patterns that match now and did not then. */
  newPatterns: string[];
}

/** What asking came to. */
export interface Decision {
  ticket: Ticket;
  /** The answer that counts; null where there is none. */
  answer: ValidAnswer | null;
  /** All answers behind it, for what they cost; their order says nothing. */
  asked: Answer[];
  /** Whether the strong model was asked, and why. */
  escalated: boolean;
  escalations: Escalation[];
  /** Why a human must look; null if none must. */
  triage: Triage | null;
  /** Whether it is that of the first row of the ticket's id, and this row was not asked about. */
  ofFirstRow: boolean;
}

export interface Verdict extends Decision {
  /** Null for a ticket that is new or has its text still. */
  past: Past | null;
}

export interface Routed extends Verdict {
  queue: string;
  /** Name of the rule that matched; empty for human triage. */
  rule: string;
  slaMinutes: number;
}

/** Of the four, the lowest: 0 to 1. */
export function lowestConfidence(answer: ValidAnswer): number {
  return Math.min(...FIELDS.map((field) => answer.confidence[field]));
}

/** As it stands in the column: `team 0.62 < 0.75; pattern breach`. */
export function escalationText(escalations: readonly Escalation[]): string {
  return escalations.map(reasonText).join('; ');
}

function reasonText(escalation: Escalation): string {
  switch (escalation.by) {
    case 'field':
      return `${escalation.field} ${escalation.confidence} < ${escalation.threshold}`;
    case 'language':
      return `language ${escalation.language}`;
    case 'pattern':
      return `pattern ${escalation.pattern}`;
    case 'failure':
      return `fast model failed: ${escalation.why}`;
  }
}

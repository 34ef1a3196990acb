// What a support desk decides, as data: read from a folder and checked whole.
import type { Field } from '../ticket.ts';

export interface Label {
  name: string;
  description: string;
  /** A team's own threshold; the higher of it and the field's counts. */
  threshold: number | null;
}

export interface Pattern {
  name: string;
  regex: RegExp;
  /** Whether it stands in a playbook of ours: such ones end on any text. */
  isBuiltIn: boolean;
}

/** What a rule can ask about. */
export type Condition = Field | 'account_tier';

export interface Rule {
  name: string;
  /** All must hold; a condition holds if the ticket has one of its values. Empty: matches everything. */
  when: { [C in Condition]?: string[] | undefined };
  /** May hold `{team}`, `{ticket_type}`, `{urgency}`, `{sentiment}`, `{account_tier}`. */
  queue: string;
  slaMinutes: number;
}

/** US dollars per million tokens. */
export interface GivenPrices {
  input: number;
  output: number;
  cache_write: number;
  cache_read: number;
}

export interface WorkedExample {
  ticket: { account_tier: string; subject: string; body: string };
  answer: Record<string, string | number>;
}

export interface Playbook {
  name: string;
  version: string;
  /** `name@` and the first digits of `promptHash`: a threshold or a rule does not change it. */
  identity: string;
  /** Of what Claude is sent with every ticket: the system prompt and the tool. */
  promptHash: string;
  /** Claude is asked for neither summary nor reason. */
  lean: boolean;
  /** What `identity` would be if `lean` were the other way round. */
  twin: string;
  /** Where it was read from, and whether it is the built-in one. */
  folder: string;
  labels: Record<Field, Label[]>;
  models: { fast: string; strong: string; prices: Record<string, GivenPrices> };
  /** 0 to 1. A field without one of its own takes `default`. */
  thresholds: { default: number } & { [F in Field]?: number | undefined };
  /** ISO 639-1 codes of the languages that the fast model is trusted with. */
  nativeLanguages: string[];
  patterns: Pattern[];
  rules: Rule[];
  /** A final answer with a lower confidence goes to a human; null: none does. */
  reviewBelow: number | null;
  /** Whether tickets may be sent in batches, which are kept by the server for a while. */
  allowBatch: boolean;
  /** In UTF-16 units, as JavaScript counts. */
  maxBodyChars: number;
  /** Those that the system prompt shows. */
  examples: WorkedExample[];
  /** The rendered system prompt. */
  system: string;
}

/** Human triage is the program's own queue: no playbook changes it. */
export const HUMAN_TRIAGE = { queue: 'needs-human-triage', slaMinutes: 60 } as const;

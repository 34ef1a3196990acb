// The lines of a ledger: flat, so that jq and DuckDB can query them. Documented in docs/ledger.md.
import { z } from 'zod';
import { isObject } from '../ground/is-object.ts';

export const FORMAT = 'ticket-classify.ledger';
export const VERSION = 1;

/** By this a torn header is told from a file of somebody else's. */
export const HEADER_START = `{"format":"${FORMAT}"`;

const TIME = /^[+-]?\d{4,6}-\d\d-\d\dT[\d:.]+Z$/;

const text = z.string();
/** As `toISOString` gives it, whatever the year. */
const time = text.refine((told) => TIME.test(told) && !Number.isNaN(Date.parse(told)));
const count = z.uint32();
const share = z.number().min(0).max(1);
/** No sum of it is beyond count. */
const dollars = z.number().nonnegative().max(1e9);

const headerSchema = z.object({
  format: z.literal(FORMAT),
  version: z.number(),
  /** True if the answers are the simulator's and mean nothing; one ledger holds one kind. */
  simulated: z.boolean(),
  created_at: text,
});
export type Header = z.infer<typeof headerSchema>;

const said = {
  team: text,
  team_confidence: share,
  ticket_type: text,
  type_confidence: share,
  urgency: text,
  urgency_confidence: share,
  sentiment: text,
  sentiment_confidence: share,
  summary: text,
  routing_reason: text,
};

const paid = {
  kind: z.literal('answer'),
  /** See `answerKey`. */
  key: text,
  /** See `textHash`. */
  text,
  host: text,
  model: text,
  /** Its identity, `name@hash`. */
  playbook: text,
  /** ISO 8601, UTC. */
  time,
  /** Of the text, as it was detected; ISO 639-1. */
  language: text.nullable(),
  input_tokens: count,
  cache_read_tokens: count,
  cache_write_tokens: count,
  output_tokens: count,
  /** Exact: every price is a whole number of half nano-dollars a token. */
  cost_usd: dollars,
  /** Null where it came by a batch. */
  latency_ms: z.number().nonnegative().nullable(),
  attempts: count,
  /** Of `attempts`, those that may have been paid for as well; and what they cost at most. */
  unknown_cost_calls: count,
  unknown_cost_at_most_usd: dollars,
  request_id: text.nullable(),
  /** Id of the batch that brought it; left out where none did. */
  batch: text.optional(),
  via: z.enum(['live', 'batch', 'simulated']),
};

const answerSchema = z.discriminatedUnion('status', [
  z.object({ ...paid, status: z.literal('valid'), ...said }),
  z.object({ ...paid, status: z.literal('invalid'), why: text }),
]);
/** One paid response. */
export type AnswerLine = z.infer<typeof answerSchema>;

const lostSchema = z.object({
  kind: z.literal('lost'),
  time,
  model: text,
  calls: count,
  at_most_usd: dollars,
});
/** Calls that may have been paid for without any answer. */
export type LostLine = z.infer<typeof lostSchema>;

const spentSchema = z.object({
  kind: z.literal('spent'),
  time,
  model: text,
  cost_usd: dollars,
});
/** What an answer cost that was forgotten: the money stays spent. */
export type SpentLine = z.infer<typeof spentSchema>;

const unansweredSchema = z.object({
  kind: z.literal('unanswered'),
  /** See `answerKey` and `textHash`. */
  key: text,
  text,
  host: text,
  model: text,
  time,
  /** Id of the batch. */
  batch: text,
  why: text,
  /** Whether the next batch may do better. */
  passing: z.boolean(),
});
/** What a batch did not answer; what that may have cost all the same is in a `lost` line. */
export type UnansweredLine = z.infer<typeof unansweredSchema>;

const ofBatch = {
  kind: z.literal('batch'),
  time,
  /** Our own name for it, with which the `custom_id` of each of its requests begins. */
  batch: text,
};
const batchSchema = z.discriminatedUnion('event', [
  /** On the disk before the batch is sent. */
  z.object({
    ...ofBatch,
    event: z.literal('intended'),
    host: text,
    model: text,
    /** Identity, and the whole hash of what goes out with each ticket. */
    playbook: text,
    prompt: text,
    at_most_usd: dollars,
    /** Of each request, in order: the hash of its text, and the text's language. */
    texts: z.array(text),
    languages: z.array(text.nullable()),
  }),
  /** Carried out, under this id. */
  z.object({ ...ofBatch, event: z.literal('sent'), id: text }),
  /** Nothing came of it. */
  z.object({ ...ofBatch, event: z.literal('dropped'), why: text }),
  /** Its answers are in the ledger. */
  z.object({
    ...ofBatch,
    event: z.literal('collected'),
    id: text,
    answered: count,
    errored: count,
    expired: count,
    canceled: count,
    /** Whether it stays with the server until that forgets it. What it cost is in its answers. */
    kept: z.boolean(),
  }),
  /** Gone from the server. */
  z.object({ ...ofBatch, event: z.literal('deleted'), id: text }),
  /** A job by batch is complete: what it gave up is tried again by the next. `batch` is empty. */
  z.object({ ...ofBatch, event: z.literal('finished') }),
]);
export type BatchLine = z.infer<typeof batchSchema>;
export type IntendedLine = Extract<BatchLine, { event: 'intended' }>;

const field = z.enum(['team', 'ticket_type', 'urgency', 'sentiment']);
const escalation = z.discriminatedUnion('by', [
  z.object({
    by: z.literal('field'),
    field,
    team: text,
    confidence: share,
    threshold: share,
  }),
  z.object({ by: z.literal('language'), language: text }),
  z.object({ by: z.literal('pattern'), pattern: text }),
  z.object({ by: z.literal('failure'), why: text }),
]);

const verdictSchema = z.object({
  kind: z.literal('verdict'),
  id: text,
  text,
  /** True if the id stood on several rows of one input: then it names no single ticket. */
  repeated: z.boolean(),
  queue: text,
  rule: text,
  sla_minutes: z.number().nonnegative(),
  /** Null where there is no answer. */
  team: text.nullable(),
  ticket_type: text.nullable(),
  urgency: text.nullable(),
  sentiment: text.nullable(),
  model: text.nullable(),
  playbook: text,
  /** Keys of all answers behind it, in order; `answer` is the one that counts. */
  asked: z.array(text),
  answer: text.nullable(),
  escalations: z.array(escalation),
  triage: z
    .object({
      reason: z.enum(['empty', 'unreadable', 'unsure', 'strong_failed', 'both_failed']),
      detail: text,
    })
    .nullable(),
  /** Names of the playbook's patterns that matched. */
  patterns: z.array(text),
  time,
});
/** What a ticket came to: written when it is new or differs from the last. */
export type VerdictLine = z.infer<typeof verdictSchema>;

export type Line = AnswerLine | VerdictLine | LostLine | SpentLine | BatchLine | UnansweredLine;

const schemas = {
  answer: answerSchema,
  verdict: verdictSchema,
  lost: lostSchema,
  spent: spentSchema,
  batch: batchSchema,
  unanswered: unansweredSchema,
};

/** Null for a line that is torn, or of a kind that a later version has added. */
export function readLine(line: string): Line | null {
  const value = parsed(line);
  const kind = isObject(value) ? value['kind'] : null;
  if (typeof kind !== 'string' || !isKind(kind)) return null;
  return schemas[kind].safeParse(value).data ?? null;
}

function isKind(kind: string): kind is keyof typeof schemas {
  return Object.hasOwn(schemas, kind);
}

export function readAnswerLine(line: string): AnswerLine | null {
  return answerSchema.safeParse(parsed(line)).data ?? null;
}

export function readVerdictLine(line: string): VerdictLine | null {
  return verdictSchema.safeParse(parsed(line)).data ?? null;
}

export function readHeader(line: string): Header | null {
  return headerSchema.safeParse(parsed(line)).data ?? null;
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}

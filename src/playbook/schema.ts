// The form of playbook.yaml and examples.yaml; what their parts say of each other is in mistakes.ts.
import { z } from 'zod';
import { parseDuration } from '../ground/duration.ts';

const name = z
  .string()
  .regex(
    /^[a-z0-9][a-z0-9_-]*$/i,
    'must be letters, digits, - and _ (it becomes part of queue names)',
  );
const share = z.number().min(0).max(1);
const price = z
  .number()
  .nonnegative()
  .multipleOf(
    0.001,
    'must be a multiple of 0.001, so that costs stay whole numbers in batches too',
  );

const label = z.strictObject({
  name,
  description: z.string().min(1),
  threshold: share.optional(),
});
const plainLabel = label.omit({ threshold: true });
const oneOrMore = z
  .union([z.string(), z.array(z.string()).min(1)], 'must be a label or a list of labels')
  .transform((value) => (Array.isArray(value) ? value : [value]));

const duration = z.string().transform((text, context) => {
  const seconds = parseDuration(text);
  if (seconds === null || seconds < 60 || seconds % 60 !== 0) {
    context.addIssue({ code: 'custom', message: 'must be whole minutes, such as 15m, 8h or 3d' });
    return z.NEVER;
  }
  return seconds / 60;
});

const regex = z.string().transform((source, context) => {
  try {
    const strict = new RegExp(source, 'iu');
    // V8 takes thirty times as long for `iu` as for `i`, and only these need it.
    return /\\p|\\u\{|[\u{10000}-\u{10ffff}]/iu.test(source) ? strict : new RegExp(source, 'i');
  } catch (error) {
    context.addIssue({ code: 'custom', message: error instanceof Error ? error.message : source });
    return z.NEVER;
  }
});

export const playbookSchema = z.strictObject({
  name,
  version: z.union([z.string(), z.number()]).transform(String),
  models: z.strictObject({
    fast: z.string().min(1),
    strong: z.string().min(1),
    prices: z
      .record(
        z.string(),
        z.strictObject({ input: price, output: price, cache_write: price, cache_read: price }),
      )
      .default({}),
  }),
  thresholds: z
    .strictObject({
      default: share.default(0.75),
      team: share.optional(),
      ticket_type: share.optional(),
      urgency: share.optional(),
      sentiment: share.optional(),
    })
    .default({ default: 0.75 }),
  native_languages: z
    .array(z.string().regex(/^[a-z]{2}$/, 'must be a two-letter code (ISO 639-1), such as en'))
    .min(1),
  max_body_chars: z.number().int().min(100).default(8000),
  review_below: share.optional(),
  allow_batch: z.boolean().default(true),
  teams: z.array(label).min(1),
  ticket_types: z.array(plainLabel).min(1),
  urgencies: z.array(plainLabel).min(1),
  sentiments: z.array(plainLabel).min(1),
  escalate_patterns: z.array(z.strictObject({ name, pattern: regex })).default([]),
  routing: z
    .array(
      z.strictObject({
        name,
        when: z
          .strictObject({
            team: oneOrMore.optional(),
            ticket_type: oneOrMore.optional(),
            urgency: oneOrMore.optional(),
            sentiment: oneOrMore.optional(),
            account_tier: oneOrMore.optional(),
          })
          .default({}),
        queue: z.string().min(1),
        sla: duration,
      }),
    )
    .min(1),
});
export type PlaybookFile = z.output<typeof playbookSchema>;

export const examplesSchema = z.array(
  z.strictObject({
    ticket: z.strictObject({
      account_tier: z.string().default('standard'),
      subject: z.string().default(''),
      body: z.string().default(''),
    }),
    answer: z.strictObject({
      team: z.string(),
      team_confidence: share,
      ticket_type: z.string(),
      type_confidence: share,
      urgency: z.string(),
      urgency_confidence: share,
      sentiment: z.string(),
      sentiment_confidence: share,
      summary: z.string().min(1).max(120),
      routing_reason: z.string().min(1),
    }),
  }),
);
export type ExamplesFile = z.output<typeof examplesSchema>;

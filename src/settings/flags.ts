// Flags as typed → checked and typed. Flags carry no defaults, so that environment and playbook can speak.
import { z } from 'zod';
import { halfNanosOf } from '../ground/money.ts';
import { parseDuration } from '../ground/duration.ts';
import { failures } from '../ground/errors.ts';
import { FIELDS, COLUMN_FIELDS } from '../ticket.ts';

const share = z.coerce
  .number('must be a number from 0 to 1')
  .min(0, 'must be a number from 0 to 1')
  .max(1, 'must be a number from 0 to 1');
const count = z.coerce.number('must be a whole number').int('must be a whole number');

const column = z.string().transform((text, context) => {
  const [field, ...name] = text.split('=');
  const known = COLUMN_FIELDS.find((candidate) => candidate === field);
  // An empty name is that of a column without one.
  if (known && text.includes('=')) return { field: known, column: name.join('=') };
  const message = `must be <field>=<column>, with one of ${COLUMN_FIELDS.join(', ')} as the field`;
  context.addIssue({ code: 'custom', message });
  return z.NEVER;
});

const threshold = z.string().transform((text, context) => {
  const [before, after] = text.includes('=') ? text.split('=', 2) : ['default', text];
  const field = (['default', ...FIELDS] as const).find((candidate) => candidate === before);
  const value = share.safeParse(after?.trim() === '' ? undefined : after);
  if (field && value.success) return { field, value: value.data };
  const message = `must be a number from 0 to 1, or <field>=<number> with one of ${FIELDS.join(', ')}`;
  context.addIssue({ code: 'custom', message });
  return z.NEVER;
});

const wait = z.string().transform((text, context) => {
  const seconds = parseDuration(text);
  if (seconds !== null) return { seconds, text };
  context.addIssue({ code: 'custom', message: 'must be a duration, such as 90s, 10m or 2h' });
  return z.NEVER;
});

/** A timer of Node's is over at once if it is to last for weeks. */
const timeout = wait.refine(
  ({ seconds }) => seconds >= 1 && seconds <= 86_400,
  'must be a duration from 1s to 24h',
);

/** A date or a time, or how long ago: milliseconds since 1970. */
const time = z.string().transform((text, context) => {
  const seconds = parseDuration(text);
  const at = seconds === null ? Date.parse(text) : Date.now() - seconds * 1000;
  if (at <= Date.now()) return at;
  const isAhead = at > Date.now();
  context.addIssue({
    code: 'custom',
    message: isAhead
      ? 'lies in the future: every run would ask everything again'
      : 'must be a date, a time such as 2026-11-22T08:00:00Z, or how long ago, such as 30d',
  });
  return z.NEVER;
});

const DOLLARS = 'must be a number of US dollars over 0, such as 25 or 0.50';

const money = z.coerce.string().transform((text, context) => {
  const cost = costFrom(text);
  if (cost === null) context.addIssue({ code: 'custom', message: DOLLARS });
  return cost;
});

const moneyOrNone = z.coerce.string().transform((text, context) => {
  const cost = costFrom(text);
  if (cost !== null || text === 'none') return cost;
  context.addIssue({ code: 'custom', message: `${DOLLARS}, or none` });
  return z.NEVER;
});

const allowance = z.string().transform((text, context) => {
  const match = /^(\d+(?:\.\d+)?)(%?)$/.exec(text.trim());
  if (match?.[2] === '%') return { share: Number(match[1]) / 100 };
  if (match && /^\d+$/.test(match[1] ?? '')) return { tickets: Number(match[1]) };
  context.addIssue({
    code: 'custom',
    message: 'must be a number of tickets or a share, such as 20 or 1%',
  });
  return z.NEVER;
});

const delimiter = z
  .string()
  .transform((text) => (text === '\\t' || text === 'tab' ? '\t' : text))
  .refine((text) => text.length === 1, 'must be one character, or tab');

const flagsSchema = z.strictObject({
  output: z.string().min(1, 'must name a file').optional(),
  inputFormat: z
    .enum(['csv', 'tsv', 'jsonl', 'json'], 'must be csv, tsv, jsonl or json')
    // One reader reads JSON in all its forms.
    .transform((format) => (format === 'json' ? 'jsonl' : format))
    .optional(),
  outputFormat: z.enum(['csv', 'tsv', 'jsonl'], 'must be csv, tsv or jsonl').optional(),
  columns: z.array(column).default([]),
  subjectOnly: z.boolean().default(false),
  cutQuotes: z.boolean().default(false),
  lean: z.boolean().default(false),
  encoding: z.string().min(1).optional(),
  delimiter: delimiter.optional(),
  prefix: z.string().default('ai_'),
  playbook: z.string().default('support'),
  fastModel: z.string().min(1).optional(),
  strongModel: z.string().min(1).optional(),
  threshold: z.array(threshold).default([]),
  concurrency: count.min(1, 'must be at least 1').max(1000, 'must be at most 1000').default(100),
  limit: count.min(1, 'must be at least 1').optional(),
  sample: count.min(1, 'must be at least 1').optional(),
  seed: count.default(1),
  firstPerTicket: z.boolean().default(false),
  replace: z.boolean().default(false),
  excel: z.boolean().default(false),
  maxWait: wait.default({ seconds: 600, text: '10m' }),
  timeout: timeout.default({ seconds: 60, text: '60s' }),
  // In half nano-dollars; null for no cap.
  maxCost: moneyOrNone.default(halfNanosOf(25)),
  maxCostPerDay: money.default(null),
  // False for `--no-ledger`; commander gives `true` where neither was typed.
  ledger: z.union([z.string().min(1, 'must name a file'), z.boolean()]).default(true),
  reask: z.boolean().default(false),
  keepAnswers: z.boolean().default(false),
  fresh: z.boolean().default(false),
  newerThan: time.optional(),
  keepFirst: z.boolean().default(false),
  retryTriage: z.boolean().default(false),
  retryTriageBefore: time.optional(),
  batch: z.boolean().default(false),
  // False for `--no-wait`.
  wait: z.boolean().default(true),
  batchSize: count
    .min(1, 'must be at least 1')
    .max(100_000, 'must be at most 100000, which is all that a batch takes')
    .optional(),
  keepBatches: z.boolean().default(false),
  simulate: z.boolean().default(false),
  summary: z.string().min(1).optional(),
  allowTriage: allowance.default({ tickets: 0 }),
  quiet: z.boolean().default(false),
  verbose: z.boolean().default(false),
  progress: z.boolean().default(true),
  id: z.string().optional(),
  json: z.boolean().default(false),
});
export type Flags = z.output<typeof flagsSchema>;

/** @throws Failure that names every flag with a wrong value. */
export function checkFlags(given: Record<string, unknown>): Flags {
  const result = flagsSchema.safeParse(given);
  if (result.success) return withoutContradiction(result.data);
  const complaints = result.error.issues.map(({ path, message }) => {
    if (path.length === 0) return message;
    const name = String(path[0] ?? '');
    const flag = name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    const value = given[name];
    const shown = Array.isArray(value) ? value[Number(path[1] ?? 0)] : value;
    return `--${flag} ${String(shown)}: ${message}`;
  });
  throw failures.usage(complaints);
}

function withoutContradiction(flags: Flags): Flags {
  if (flags.reask && flags.keepAnswers) {
    throw failures.usage('--reask and --keep-answers contradict each other.', 'Give one of them.');
  }
  if (flags.ledger === false && flags.maxCostPerDay !== null) {
    throw failures.usage(
      '--max-cost-per-day needs a ledger: without one, nobody knows what the day has cost.',
      'Leave out --no-ledger, or take --max-cost.',
    );
  }
  if (flags.ledger === false && flags.keepFirst) {
    throw failures.usage(
      '--keep-first needs a ledger: without one, no verdict is remembered.',
      'Leave out --no-ledger.',
    );
  }
  return withoutBatchContradiction(flags);
}

function withoutBatchContradiction(flags: Flags): Flags {
  const { batch, ledger, simulate, batchSize, keepBatches } = flags;
  const isBrief = !flags.wait;
  const again = flags.fresh ? '--fresh' : flags.retryTriage ? '--retry-triage' : null;
  if (batch && ledger === false) {
    throw failures.usage(
      '--batch needs a ledger: without one, a batch that is interrupted is lost, and paid for.',
      'Leave out --no-ledger.',
    );
  }
  if (!batch && (isBrief || batchSize !== undefined || keepBatches)) {
    const name = isBrief ? '--no-wait' : keepBatches ? '--keep-batches' : '--batch-size';
    throw failures.usage(`${name} means something with --batch alone.`, 'Add --batch.');
  }
  if (isBrief && again !== null) {
    const instead = flags.fresh ? '--newer-than' : '--retry-triage-before';
    throw failures.usage(
      `--no-wait with ${again}: each call would ask everything again.`,
      `Give the time at which the job began: ${instead} <time>.`,
    );
  }
  if (simulate && isBrief) {
    throw failures.usage(
      '--simulate with --no-wait: the batches of the built-in stand-in end with the run.',
      'Leave out --no-wait.',
    );
  }
  return flags;
}

/** In half nano-dollars; null for what is no sum of money. */
function costFrom(text: string): number | null {
  const digits = text.trim().replace(/^\$/, '');
  const cost = halfNanosOf(digits === '' ? Number.NaN : Number(digits));
  return cost > 0 && Number.isSafeInteger(cost) ? cost : null;
}

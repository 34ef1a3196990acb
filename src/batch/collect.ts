// A batch that has ended → its answers in the ledger.
import { halfNanosOf } from '../ground/money.ts';
import type { BatchResult, BatchState, ClaudeBatches } from '../claude/batches.ts';
import { billOf } from '../claude/cost.ts';
import { inBatches, pricedModel, tariff } from '../claude/models.ts';
import { readAnswer } from '../claude/read-answer.ts';
import { answerKey } from '../ground/keys.ts';
import type { OpenBatch } from '../ledger/open-batches.ts';
import type { BatchLine, UnansweredLine } from '../ledger/format.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Playbook } from '../playbook/playbook.ts';
import type { InvalidAnswer, ValidAnswer } from '../ticket.ts';
import { batchHead } from './out.ts';
import { textOf } from './settle.ts';

export interface CollectOptions {
  claude: Pick<ClaudeBatches, 'results'>;
  ledger: Ledger;
  playbook: Playbook;
  /** Whether the answers are a stand-in's. */
  simulated: boolean;
  /** Whether the batch stays on the server. */
  keep: boolean;
  now: () => number;
  /** Told of each answer when it is in the ledger. */
  came: (answer: ValidAnswer | InvalidAnswer) => void;
}

export type CollectedLine = Extract<BatchLine, { event: 'collected' }>;

/** So many equal refusals, and nothing else, are not the tickets' own. */
const EQUAL_REFUSALS = 20;

/** So many answers are written at once. */
const GROUP = 500;

const NO_RESULT = { kind: 'errored', why: 'no result', passing: true } as const;

/** Costs are in half nano-dollars. */
export interface Collected {
  line: CollectedLine;
  /** Of all its answers. */
  cost: number;
  /** Of those that were not in the ledger yet. */
  paid: number;
  /** Why all of it was refused for one reason that another batch meets as well; null if it was not. */
  lasting: string | null;
}

/** Goes on where an earlier run was cut off: what is in the ledger is not written again. */
export async function collect(
  batch: OpenBatch,
  state: BatchState,
  options: CollectOptions,
): Promise<Collected> {
  const { ledger } = options;
  const asker = askerOf(batch);
  const languages = new Map(batch.texts.map((text, at) => [text, batch.languages[at] ?? null]));
  const counts = { answered: 0, errored: 0, expired: 0, canceled: 0 };
  const sum = { all: 0, paid: 0 };
  const unanswered: UnansweredLine[] = [];
  const writing: Promise<void>[] = [];

  for await (const result of options.claude.results(state)) {
    const text = textOf(result.customId);
    const language = languages.get(text);
    if (language === undefined) continue;
    // Results come twice where their stream broke off.
    languages.delete(text);
    counts[result.kind] += 1;
    if (result.kind === 'errored' || result.kind === 'expired') {
      unanswered.push(unansweredLine(result, text, batch, state.id, options.now()));
    }
    if (result.kind !== 'answered') continue;
    const answer = answerOfResult(result, text, batch, state, options);
    sum.all += answer.cost;
    if (ledger.find(asker, text)?.batch === state.id) continue;
    sum.paid += answer.cost;
    const kept = ledger.keep(answer, { textHash: text, language }, asker, batch.playbook);
    writing.push(kept.then(() => options.came(answer)));
    if (writing.length === GROUP) await Promise.all(writing.splice(0));
  }
  await Promise.all(writing);
  for (const text of languages.keys()) {
    counts.errored += 1;
    unanswered.push(unansweredLine(NO_RESULT, text, batch, state.id, options.now()));
  }
  const lasting = counts.answered === 0 ? lastingOf(unanswered) : null;
  if (lasting === null) for (const line of unanswered) ledger.keepBatch(line);
  const line = collectedLine(batch, state.id, counts, options);
  ledger.keepBatch(line);
  await ledger.sync();
  return { line, cost: sum.all, paid: sum.paid, lasting };
}

/** One that the server knows no more: nothing will come of it, and the next one asks again. */
export function writeOff(batch: OpenBatch, id: string, options: CollectOptions): void {
  const { ledger, now } = options;
  const lost = batch.texts.filter((text) => ledger.find(askerOf(batch), text)?.batch !== id);
  const result = { kind: 'errored', why: 'the batch is gone', passing: true } as const;
  for (const text of lost) ledger.keepBatch(unansweredLine(result, text, batch, id, now()));
  const answered = batch.texts.length - lost.length;
  const counts = { answered, errored: lost.length, expired: 0, canceled: 0 };
  ledger.keepBatch(collectedLine(batch, id, counts, { ...options, keep: true }));
  // What it did may have been paid for all the same.
  ledger.keepLost({
    model: batch.model,
    unknown: lost.length,
    unknownCost: halfNanosOf(batch.at_most_usd),
  });
}

function lastingOf(unanswered: readonly UnansweredLine[]): string | null {
  const [first] = unanswered;
  if (!first || first.passing || unanswered.length < EQUAL_REFUSALS) return null;
  return unanswered.every(({ why }) => why === first.why) ? first.why : null;
}

function askerOf({ host, model, prompt }: OpenBatch) {
  return { host, model, promptHash: prompt };
}

function answerOfResult(
  { message }: Extract<BatchResult, { kind: 'answered' }>,
  text: string,
  batch: OpenBatch,
  { id, endedAt }: BatchState,
  { ledger, playbook, simulated, now }: CollectOptions,
): ValidAnswer | InvalidAnswer {
  const key = answerKey(askerOf(batch), text);
  // The model may be another than the playbook's two of today.
  const facts = pricedModel(batch.model, playbook.models.prices);
  const bill = billOf(message, batch.model, tariff(new Map([[batch.model, facts]]), inBatches));
  const most = Math.ceil(halfNanosOf(batch.at_most_usd) / batch.texts.length);
  return {
    // The labels of another playbook are not known here.
    ...readAnswer(message, bill.by, playbook, batch.playbook === playbook.identity),
    model: batch.model,
    key,
    attempts: 1 + (ledger.batches.unanswered(key)?.times ?? 0),
    unknown: bill.cost === null ? 1 : 0,
    unknownCost: bill.cost === null ? most : 0,
    requestId: message.id,
    simulated,
    usage: bill.usage,
    cost: bill.cost ?? 0,
    latencyMs: null,
    batch: id,
    // By the server's clock, but never older than the question by ours: `--fresh` would ask for ever.
    answeredAt: timeOf(Math.max(endedAt ?? now(), Date.parse(batch.time))),
    reused: false,
    shared: false,
  };
}

function unansweredLine(
  result: { kind: 'errored'; why: string; passing: boolean } | { kind: 'expired' | 'canceled' },
  text: string,
  batch: OpenBatch,
  id: string,
  now: number,
) {
  const { host, model } = batch;
  const { why, passing } = result.kind === 'errored' ? result : { why: result.kind, passing: true };
  const key = answerKey(askerOf(batch), text);
  const time = timeOf(now);
  return { kind: 'unanswered', key, text, host, model, time, batch: id, why, passing } as const;
}

function collectedLine(
  { batch }: OpenBatch,
  id: string,
  counts: Pick<CollectedLine, 'answered' | 'errored' | 'expired' | 'canceled'>,
  { keep, now }: CollectOptions,
): CollectedLine {
  return { ...batchHead(batch, 'collected', now()), id, ...counts, kept: keep };
}

function timeOf(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}

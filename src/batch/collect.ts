// A batch that has ended → its answers in the ledger, and the batch closed.
import type { BatchResult } from '../claude/batch-results.ts';
import type { BatchState, ClaudeBatches } from '../claude/batches.ts';
import { billOf } from '../claude/cost.ts';
import { inBatches, pricedModel, tariff } from '../claude/models.ts';
import { readAnswer } from '../claude/read-answer.ts';
import { answerKey } from '../ground/keys.ts';
import type { OpenBatch } from '../ledger/open-batches.ts';
import type { Playbook } from '../playbook/playbook.ts';
import type { InvalidAnswer, ValidAnswer } from '../ticket.ts';
import {
  askerOf,
  closeBatch,
  EQUAL_REFUSALS,
  isKept,
  mostOf,
  type Closed,
  type CloseOptions,
  type Lacking,
} from './close-batch.ts';
import type { Judge } from './judge.ts';
import { textOf } from './settle.ts';

export interface CollectOptions extends CloseOptions {
  claude: Pick<ClaudeBatches, 'results'>;
  playbook: Playbook;
  /** It is given up: what can't be read now never will be. */
  isLast: boolean;
  /** Told of each answer as it is read. */
  hear: Judge['hear'];
}

export interface Collected extends Closed {
  /** Of all its answers, in half nano-dollars. */
  cost: number;
}

/** So many answers are written at once. */
const GROUP = 500;

const NO_RESULT = { customId: '', kind: 'unreadable', why: 'there is none' } as const;

/** None of many results can be read, for the reason that the message gives: all of them are paid for. */
export class ResultsUnreadable extends Error {}

/**
 * Goes on where an earlier run was cut off: what is in the ledger is not written again.
 * @throws ResultsMissing or ResultsUnreadable; then it is still open
 */
export async function collect(
  batch: OpenBatch,
  state: BatchState,
  options: CollectOptions,
): Promise<Collected> {
  const { ledger, claude } = options;
  let cost = 0;
  const left = new Map(batch.texts.map((text, at) => [text, batch.languages[at] ?? null]));
  const lacking = new Map<string, Lacking>();
  const writing: Promise<void>[] = [];
  try {
    // How many there should be is ours to know, whatever the server counts.
    for await (const result of claude.results({ ...state, requests: left.size })) {
      const text = textOf(result.customId);
      const language = left.get(text);
      if (language === undefined) continue;
      left.delete(text);
      if (result.kind !== 'answered') {
        lacking.set(text, result);
        continue;
      }
      const answer = answerOfResult(result, text, batch, state, options);
      cost += answer.cost;
      if (isKept(text, batch, ledger)) continue;
      writing.push(kept(answer, { textHash: text, language }, batch, options));
      if (writing.length === GROUP) await Promise.all(writing.splice(0));
    }
  } finally {
    await Promise.all(writing);
  }
  for (const text of left.keys()) lacking.set(text, NO_RESULT);
  if (!options.isLast) refuseUnreadable(batch, lacking);
  return { ...(await closeBatch(batch, lacking, options)), cost };
}

async function kept(
  answer: ValidAnswer | InvalidAnswer,
  ticket: { textHash: string; language: string | null },
  batch: OpenBatch,
  { ledger, came }: CollectOptions,
): Promise<void> {
  await ledger.keep(answer, ticket, askerOf(batch), batch.playbook);
  came(answer);
}

/** Another version of this program may read what this one can't. */
function refuseUnreadable({ texts }: OpenBatch, lacking: ReadonlyMap<string, Lacking>): void {
  if (lacking.size < Math.max(texts.length, EQUAL_REFUSALS)) return;
  const reasons = [...lacking.values()].map((one) => (one.kind === 'unreadable' ? one.why : null));
  if (reasons.every((why) => why !== null)) throw new ResultsUnreadable(reasons[0]);
}

function answerOfResult(
  { message }: Extract<BatchResult, { kind: 'answered' }>,
  text: string,
  batch: OpenBatch,
  { id, endedAt }: BatchState,
  { ledger, playbook, simulated, now, hear }: CollectOptions,
): ValidAnswer | InvalidAnswer {
  const key = answerKey(askerOf(batch), text);
  // By the server's clock, but never older than the question by ours: `--fresh` would ask for ever.
  const answeredAt = Math.max(endedAt ?? now(), Date.parse(batch.time));
  // The model may be another than the playbook's two of today.
  const facts = pricedModel(batch.model, playbook.models.prices);
  const bill = billOf(message, batch.model, tariff(new Map([[batch.model, facts]]), inBatches));
  // The labels of another playbook are not known here.
  const isOfPlaybook = batch.playbook === playbook.identity;
  const reading = readAnswer(message, bill.by, playbook, isOfPlaybook);
  hear(batch.model, { message, bill, reading });
  return {
    ...reading,
    model: batch.model,
    key,
    attempts: 1 + (ledger.batches.unanswered(key)?.times ?? 0),
    unknown: bill.cost === null ? 1 : 0,
    unknownCost: bill.cost === null ? mostOf(batch, 1) : 0,
    requestId: message.id,
    simulated,
    usage: bill.usage,
    cost: bill.cost ?? 0,
    latencyMs: null,
    batch: id,
    answeredAt: new Date(answeredAt).toISOString(),
    reused: false,
    shared: false,
  };
}

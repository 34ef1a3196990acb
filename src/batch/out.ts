// What is out with a server's batches, and the money set aside for it: all that becomes of one is in the ledger first.
import { randomBytes } from 'node:crypto';
import type { ClaudeBatches } from '../claude/batches.ts';
import type { Budget, Reservation } from '../claude/budget.ts';
import type { Clock } from '../ground/clock.ts';
import { halfNanosOf, usd } from '../ground/money.ts';
import type { BatchLine } from '../ledger/format.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { OpenBatch } from '../ledger/open-batches.ts';
import type { Playbook } from '../playbook/playbook.ts';
import type { Flags } from '../settings/flags.ts';
import type { Answer } from '../ticket.ts';
import type { Chunk } from './chunk.ts';

/** What all parts of a job by batch share. */
export interface BatchJob {
  claude: ClaudeBatches;
  ledger: Ledger;
  budget: Budget;
  playbook: Playbook;
  /** `wait` false: sends and collects what can be done now, and waits for nothing. */
  flags: Pick<Flags, 'batchSize' | 'keepBatches' | 'maxWait' | 'simulate' | 'wait'>;
  /** Whether a cap on the money was asked for: then a server that does not tell its usage ends the run. */
  isCapped: boolean;
  /** Under which answers are remembered; see `Asker`. */
  host: string;
  clock: Clock;
  stop: AbortSignal;
  note: (text: string) => void;
  /** Told of each answer when it is in the ledger, and of each request of unknown cost. */
  came: (answer: Answer) => void;
}

export interface Out {
  /** Those of another server are not known here, and can't be looked at. */
  open: () => OpenBatch[];
  /** Requests in all of them. */
  requests: () => number;
  /** Resolves when it is on the disk, so that whatever goes out is known. @returns our name for it */
  intend: (chunk: Chunk) => Promise<string>;
  /** Resolves when its id is on the disk. */
  sent: (batch: string, id: string) => Promise<void>;
  /** Nothing came of it. */
  drop: (batch: string, why: string) => void;
  /** It is out no more. @param cost and, of what nobody will ever know, the most; in half nano-dollars */
  close: (batch: string, cost: number, most: number) => void;
}

export function openOut({ ledger, budget, playbook, host, clock }: BatchJob): Out {
  const held = new Map<string, Reservation>();
  const open = () => ledger.batches.open().filter((batch) => batch.host === host);
  // What an earlier run has sent is out, whether or not there is room for it.
  for (const { batch, at_most_usd } of open()) hold(batch, halfNanosOf(at_most_usd));

  function hold(batch: string, most: number): void {
    held.set(batch, budget.setAside(most));
  }

  async function intend(chunk: Chunk): Promise<string> {
    const batch = randomBytes(6).toString('hex');
    const tickets = chunk.entries.map(({ question }) => question.ticket);
    ledger.keepBatch({
      ...batchHead(batch, 'intended', clock.now()),
      host,
      model: chunk.model,
      playbook: playbook.identity,
      prompt: playbook.promptHash,
      at_most_usd: Number(usd(chunk.most())),
      texts: tickets.map(({ textHash }) => textHash),
      languages: tickets.map(({ language }) => language),
    });
    hold(batch, chunk.most());
    await ledger.sync();
    return batch;
  }

  async function sent(batch: string, id: string): Promise<void> {
    ledger.keepBatch({ ...batchHead(batch, 'sent', clock.now()), id });
    await ledger.sync();
  }

  function drop(batch: string, why: string): void {
    ledger.keepBatch({ ...batchHead(batch, 'dropped', clock.now()), why });
    close(batch, 0, 0);
  }

  function close(batch: string, cost: number, most: number): void {
    if (most > 0) budget.setAside(most).keep();
    held.get(batch)?.settle(cost);
    held.delete(batch);
  }

  return {
    open,
    requests: () => open().reduce((sum, { texts }) => sum + texts.length, 0),
    intend,
    sent,
    drop,
    close,
  };
}

/** How each line about a batch begins. @param now milliseconds since 1970 */
export function batchHead<Event extends BatchLine['event']>(
  batch: string,
  event: Event,
  now: number,
) {
  return { kind: 'batch', event, time: new Date(now).toISOString(), batch } as const;
}

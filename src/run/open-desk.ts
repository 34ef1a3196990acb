// Settings → all that a run asks and remembers with, opened once and closed by itself.
import { openBudget, type Budget } from '../claude/budget.ts';
import type { Clock } from '../ground/clock.ts';
import { failures } from '../ground/errors.ts';
import { askersFor, type Asker } from '../ground/keys.ts';
import type { AnswerLine } from '../ledger/format.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { openLedger } from '../ledger/open-ledger.ts';
import { memoryOf, type Memory } from '../ledger/memory.ts';
import { findOrStop, remember, type RememberOptions } from '../ledger/remember.ts';
import { ledgerPath, policyOf } from '../settings/ledger-policy.ts';
import type { Settings } from '../settings/resolve.ts';
import type { Answer, Ask, Find } from '../ticket.ts';
import { addressOf, connect, expectsSimulated, type Connection } from './connect.ts';

export interface DeskOptions {
  startedAt: Date;
  clock: Clock;
  /** Aborted: nothing new goes out; what is in the air may finish. */
  stop: AbortController;
  /** Aborted: what is in the air is dropped as well. */
  leave: AbortSignal;
  /** Tells the user something, once. */
  note: (...lines: string[]) => void;
  /** Tells those who want to know it all. No text of a ticket, at any level. */
  log: (text: string) => void;
  /** Told of each answer that was asked for, or of why there is none, when it is kept. */
  came: (answer: Answer) => void;
}

export interface Desk extends Omit<DeskOptions, 'leave' | 'log'> {
  settings: Settings;
  ledger: Ledger;
  budget: Budget;
  connection: Connection;
  askerOf: (model: string) => Asker;
  /** Of a model's prompt as the ledger's answers tell it, in tokens; 0 where they don't. */
  prefixTokens: (model: string) => number;
  /** What the ledger knows; ends the run where that is another playbook's. */
  find: Find;
  /** What the ledger does not know is asked of Claude, and remembered. */
  ask: Ask;
  /** For one run over one input. */
  newMemory: () => Memory;
  /** Resolves when nothing that was asked is outstanding any more. */
  settled: () => Promise<void>;
  /** Nothing new goes out; what is in the air is waited for, and kept. May be called twice. */
  close: () => Promise<void>;
}

/** Of so many answers the most prompt tokens are taken. */
const NEWEST = 20;

/**
 * @throws Failure if the ledger is in use or is none, without credentials, or for a host that may not
 *   be used; nothing is sent, and nothing stays open.
 */
export async function openDesk(settings: Settings, options: DeskOptions): Promise<Desk> {
  const { clock, stop } = options;
  const ledger = await openLedger({
    path: ledgerPath(settings.flags),
    simulated: expectsSimulated(settings),
    failed: (failure) => stop.abort(failure),
    clock,
  });
  try {
    return await connected(settings, ledger, options);
  } catch (error) {
    await ledger.close();
    throw error;
  }
}

async function connected(
  settings: Settings,
  ledger: Ledger,
  { leave, log, ...options }: DeskOptions,
): Promise<Desk> {
  const { flags, playbook } = settings;
  const { clock, stop, note, came } = options;
  const end = (reason: Error) => stop.abort(reason);
  const askerOf = askersFor(addressOf(settings).host, playbook);
  const prefixTokens = (model: string) => cachedTokens(ledger.newestOf(askerOf(model), NEWEST));
  const budget = openBudget({
    caps: { perRun: flags.maxCost, perDay: flags.maxCostPerDay },
    spentBefore: ledger.spent,
    now: clock.now,
    stop: stop.signal,
  });
  const connection = await connect(settings, {
    clock,
    note,
    log,
    end,
    budget,
    prefixTokens,
    leave,
    stop: stop.signal,
    abandoned(asked) {
      ledger.keepLost(asked);
      came(asked);
    },
  });
  const policy = policyOf(flags, options.startedAt.getTime());
  const remembering = { ledger, playbook, askerOf, policy, end, came };
  const asking = watchAsking(remember(live(connection, flags.batch, remembering), remembering));
  const { keepFirst } = flags;
  return {
    ...options,
    settings,
    ledger,
    budget,
    connection,
    askerOf,
    prefixTokens,
    find: findOrStop(remembering),
    ask: asking.ask,
    newMemory: () =>
      memoryOf({
        ledger,
        playbook,
        keepFirst,
        now: clock.now,
      }),
    settled: asking.settled,
    async close() {
      stop.abort();
      await asking.settled();
      await connection.close();
      await ledger.close();
    },
  };
}

/** What a batch was asked, and paid for, is not asked live as well. */
function live(
  { ask, host }: Connection,
  byBatch: boolean,
  { ledger, end }: Pick<RememberOptions, 'ledger' | 'end'>,
): Ask {
  if (byBatch) return ask;
  return async (model, ticket) => {
    const batch = ledger.batches.asking(host, ticket.textHash);
    if (!batch) return ask(model, ticket);
    const failure = failures.textInBatch(batch.id ?? 'of unknown fate', ledger.path ?? '');
    end(failure);
    throw failure;
  };
}

/** Tells when nothing that was asked is outstanding any more. */
function watchAsking(ask: Ask): { ask: Ask; settled: () => Promise<void> } {
  const outstanding = new Set<Promise<unknown>>();
  return {
    async ask(model, ticket) {
      const asked = ask(model, ticket);
      outstanding.add(asked);
      try {
        return await asked;
      } finally {
        outstanding.delete(asked);
      }
    },
    async settled() {
      await Promise.allSettled(outstanding);
    },
  };
}

/** Of the prompt: the most that any of the answers read from the cache or wrote to it. */
function cachedTokens(answers: readonly AnswerLine[]): number {
  return Math.max(0, ...answers.map((line) => line.cache_read_tokens + line.cache_write_tokens));
}

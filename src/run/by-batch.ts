// A run by batch, up to where the ledger has all its answers; from there on it is like any other.
import type { Readable } from 'node:stream';
import { askersFor } from '../ground/keys.ts';
import { askBatches, Unasked } from '../batch/ask-batches.ts';
import { mostText, runningText } from '../batch/batch-text.ts';
import { entryMaker, type Chunk, type Entry } from '../batch/chunk.ts';
import { answerByBatch } from '../batch/rounds.ts';
import { survey, type Question } from '../batch/survey.ts';
import type { Budget } from '../claude/budget.ts';
import { inBatches } from '../claude/models.ts';
import { mostCost } from '../claude/most-cost.ts';
import { requestMaker } from '../claude/request.ts';
import { guessTokens, prefixText } from '../claude/token-guess.ts';
import type { Clock } from '../ground/clock.ts';
import type { Connection } from './connect.ts';
import { Failure, failures } from '../ground/errors.ts';
import { createHashIndex } from '../ground/hash-index.ts';
import { openIntake } from '../intake/open-intake.ts';
import { pickedTickets } from './picked-tickets.ts';
import { attach, type Attached } from './attach.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { refuseLateClash } from '../output/earlier-output.ts';
import type { Settings } from '../settings/resolve.ts';
import { shellWord } from '../ground/shell-word.ts';
import type { Answer, Ask } from '../ticket.ts';
import { intakeOptions } from './intake-options.ts';
import { run, type Job, type Ran } from './run.ts';

export interface ByBatchOptions {
  settings: Settings;
  inputs: readonly string[];
  /** The same each time it is called. */
  stdin: () => Readable;
  ledger: Ledger;
  connection: Connection;
  budget: Budget;
  startedAt: Date;
  prefixTokens: (model: string) => number;
  clock: Clock;
  stop: AbortController;
  note: (text: string) => void;
  /** Told of each answer as it comes. */
  came: (answer: Answer) => void;
}

/** Of fewer, the live price of one is more than they save. */
const WORTH_WARMING = 50;

/** @param job without what is only there when nothing is left to ask */
export async function runByBatch(
  job: Omit<Job, 'intake' | 'attached'>,
  options: ByBatchOptions,
): Promise<Ran> {
  const { settings, inputs, stdin, ledger, clock } = options;
  try {
    const attached = await answersByBatch(options);
    const intake = await openIntake(intakeOptions(settings, inputs), stdin());
    const ran = await run({ ...job, intake, attached });
    if (ran.ended === null) finish(ledger, clock.now());
    return ran;
  } catch (error) {
    await job.destination.abandon(false);
    if (!(error instanceof Failure)) throw error;
    error.aftermath = leftBehind(ledger, clock.now());
    return { rows: { read: 0, written: 0 }, ended: error };
  }
}

/** The next job tries again what this one gave up. */
function finish({ batches, keepBatch }: Ledger, now: number): void {
  if (!batches.hasUnanswered()) return;
  const time = new Date(now).toISOString();
  keepBatch({ kind: 'batch', event: 'finished', time, batch: '' });
}

/**
 * Resolves when nothing is left to ask.
 * @returns what the pipeline is to ask, and what remembers
 * @throws Failure for what ends the run before
 */
async function answersByBatch(options: ByBatchOptions): Promise<Attached> {
  const { settings, ledger, connection, clock, stop } = options;
  const { playbook, flags } = settings;
  const { host } = connection;
  const askerOf = askersFor(host, playbook);
  const attaching = {
    ledger,
    flags,
    playbook,
    host,
    now: clock.now,
    startedAt: options.startedAt.getTime(),
    end: (reason: Error) => stop.abort(reason),
  };
  const attached = attach(askBatches(ledger.batches, askerOf), attaching);
  const ofThisRun = createHashIndex();
  const entries = entriesOf(options);
  const came = (answer: Answer) => {
    if (answer.key !== null) ofThisRun.add(answer.key);
    entries.learn(answer);
    options.came(answer);
  };
  await answerByBatch({
    claude: connection.batches,
    ledger,
    budget: options.budget,
    playbook,
    flags,
    host,
    clock,
    came,
    survey: () => surveyOf(options, attached),
    entryOf: entries.entryOf,
    warm: warmer(options, attach(connection.ask, attaching).ask, came),
    stop: stop.signal,
    note: options.note,
  });
  attached.memory.startOver();
  return { ...attached, ask: complete(attached.ask, ofThisRun) };
}

/** What goes on without this program; empty if nothing does. */
function leftBehind({ batches, path }: Ledger, now: number): string {
  const open = batches.open();
  if (open.length === 0) return '';
  const named = path === null ? '' : ` --ledger ${shellWord(path)}`;
  return (
    `${runningText(open, now)}, and will cost at most ${mostText(open)}.\n` +
    `  ${open.length === 1 ? 'It goes' : 'They go'} on without this program. To give up what is not answered:\n` +
    `    ticket-classify batches cancel${named}`
  );
}

async function surveyOf(
  { settings, inputs, stdin, ledger }: ByBatchOptions,
  { ask, memory }: Attached,
): Promise<AsyncIterable<Question>> {
  const { flags, playbook } = settings;
  const intake = await openIntake(intakeOptions(settings, inputs), stdin());
  const { rows, toTicket } = pickedTickets(intake, settings, ledger.languageOf);
  const { firstPerTicket, prefix } = flags;
  const stations = { toTicket, ask, memory, playbook, firstPerTicket };
  return survey(refuseLateClash(rows, prefix), stations);
}

/** What each model's questions are sent as; `learn` is told of each answer. */
function entriesOf({ settings, prefixTokens }: ByBatchOptions) {
  const { playbook, models } = settings;
  const mosts = new Map(
    [...models].map(([name, model]) => [name, mostCost(inBatches(model), prefixTokens(name))]),
  );
  const makers = new Map(
    [...models].map(([name, model]) => {
      const makeRequest = requestMaker(playbook, () => model.forcedTool, '1h');
      const most = mosts.get(name) ?? mostCost(model);
      return [name, entryMaker(({ ticket }) => makeRequest(name, ticket), most)];
    }),
  );
  return {
    entryOf(question: Question): Entry {
      const make = makers.get(question.model);
      if (!make) throw new Error(`no facts about the model ${question.model}`);
      return make(question);
    },
    learn(answer: Answer): void {
      if (answer.kind !== 'none') mosts.get(answer.model)?.learn(answer.usage);
    },
  };
}

/**
 * Asks a chunk's first question live, once for each model, where that pays: what it writes to the
 * cache, the batch's requests find there.
 */
function warmer({ settings, budget }: ByBatchOptions, ask: Ask, came: (answer: Answer) => void) {
  const { playbook, models } = settings;
  const prefix = guessTokens(prefixText(playbook));
  const warmed = new Set<string>();
  return async ({ model, entries }: Chunk): Promise<Entry | null> => {
    const [first] = entries;
    const facts = models.get(model);
    const isWorthIt =
      entries.length >= WORTH_WARMING && prefix >= (facts?.smallestCacheablePrefix ?? 0);
    if (!first || warmed.has(model) || !isWorthIt) return null;
    warmed.add(model);
    // Live, the one costs twice what it does in the batch.
    const left = budget.left();
    if (left !== null && left < 2 * first.most()) return null;
    const answer = await ask(model, first.question.ticket);
    came(answer);
    return answer.kind === 'none' ? null : first;
  };
}

/** What is answered by now; an answer of this run counts as such on the first row that shows it. */
function complete(ask: Ask, ofThisRun: ReturnType<typeof createHashIndex>): Ask {
  const shown = createHashIndex();
  return async (model, ticket) => {
    const answer = await ask(model, ticket).catch((error: unknown) => {
      throw error instanceof Unasked ? failures.inputGrew() : error;
    });
    const { key } = answer;
    if (key === null || ofThisRun.find(key) < 0 || shown.find(key) >= 0) return answer;
    shown.add(key);
    return { ...answer, reused: false };
  };
}

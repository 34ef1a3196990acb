// A run by batch, up to where the ledger has all its answers; from there on it is like any other.
import { leftText } from '../batch/batch-text.ts';
import { entryMaker, type Chunk, type Entry, type Question } from '../batch/chunk.ts';
import { answerByBatch } from '../batch/rounds.ts';
import { survey } from '../cascade/survey.ts';
import { inBatches } from '../claude/models.ts';
import { mostCost } from '../claude/most-cost.ts';
import { requestMaker } from '../claude/request.ts';
import { guessTokens, prefixText } from '../claude/token-guess.ts';
import { Failure, failures } from '../ground/errors.ts';
import { createHashIndex } from '../ground/hash-index.ts';
import { answerKey } from '../ground/keys.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Answer, Ask, Find, Ticket } from '../ticket.ts';
import type { Desk } from './open-desk.ts';
import type { Plan } from './plan.ts';
import { run, type Ran, type Sink } from './run.ts';
import { openInputs, ticketsToWrite } from './tickets.ts';

/** Of fewer, the live price of one is more than they save. */
const WORTH_WARMING = 50;

export async function runByBatch(desk: Desk, plan: Plan, sinks: readonly Sink[]): Promise<Ran> {
  const { settings, ledger, clock } = desk;
  try {
    const ask = await answersByBatch(desk, plan);
    const intake = await openInputs(settings, plan.inputs, plan.stdin());
    const ran = await run(desk, ticketsToWrite(intake, desk), sinks, ask);
    if (ran.ended === null) finish(ledger, clock.now());
    return ran;
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    const open = ledger.batches.open();
    const isTold = error.aftermath.length > 0 || open.length === 0;
    if (!isTold) error.aftermath = leftText(open, ledger.path, clock.now());
    return { rows: { read: 0, written: 0 }, ended: error, hasBegun: false };
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
 * @returns what knows all the answers
 * @throws Failure for what ends the run before
 */
async function answersByBatch(desk: Desk, plan: Plan): Promise<Ask> {
  const { settings, ledger, connection, askerOf } = desk;
  const { playbook, flags } = settings;
  const find: Find = (model, ticket) =>
    desk.find(model, ticket) ??
    ledger.batches.givenUp(answerKey(askerOf(model), ticket.textHash), model);
  const ofThisRun = createHashIndex();
  const entries = entriesOf(desk);
  const learn = (answer: Answer) => {
    if (answer.key !== null) ofThisRun.add(answer.key);
    entries.learn(answer);
  };
  await answerByBatch({
    ledger,
    playbook,
    flags,
    claude: connection.batches,
    isCapped: settings.isCapped,
    host: connection.host,
    clock: desk.clock,
    came(answer) {
      learn(answer);
      desk.came(answer);
    },
    budget: desk.budget,
    survey: () => questionsOf(desk, plan, find),
    entryOf: entries.entryOf,
    warm: warmer(desk, learn),
    stop: desk.stop.signal,
    note: desk.note,
  });
  return complete(find, ofThisRun);
}

/** Reads the input once more: what must be asked next, at most one question a ticket. */
async function* questionsOf(desk: Desk, plan: Plan, find: Find): AsyncGenerator<Question> {
  const { settings } = desk;
  const { playbook, flags } = settings;
  const intake = await openInputs(settings, plan.inputs, plan.stdin());
  const { rows, toTicket } = ticketsToWrite(intake, desk);
  const memory = desk.newMemory();
  const kept = (ticket: Ticket) => memory.recall(ticket).kept;
  const { firstPerTicket } = flags;
  const options = { toTicket, find, kept, playbook, firstPerTicket };
  for await (const surveyed of survey(rows, options)) {
    if (surveyed.kind !== 'looked up' || surveyed.step.kind !== 'ask') continue;
    yield { model: playbook.models[surveyed.step.role], ticket: surveyed.ticket };
  }
}

/** What each model's questions are sent as; `learn` is told of each answer. */
function entriesOf({ settings, prefixTokens }: Desk) {
  const { playbook, models } = settings;
  const mosts = new Map(
    [...models].map(([name, model]) => [name, mostCost(inBatches(model), prefixTokens(name))]),
  );
  const makers = new Map(
    [...models].map(([name, model]) => {
      const makeRequest = requestMaker(playbook, () => model, '1h');
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
function warmer({ settings, budget, ask }: Desk, learn: (answer: Answer) => void) {
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
    learn(answer);
    return answer.kind === 'none' ? null : first;
  };
}

/** What is answered by now; an answer of this run counts as such on the first row that shows it. */
function complete(find: Find, ofThisRun: ReturnType<typeof createHashIndex>): Ask {
  const shown = createHashIndex();
  return async (model, ticket) => {
    const answer = find(model, ticket);
    if (answer === null) throw failures.inputGrew();
    const { key } = answer;
    if (key === null || ofThisRun.find(key) < 0 || shown.find(key) >= 0) return answer;
    shown.add(key);
    return { ...answer, reused: false };
  };
}

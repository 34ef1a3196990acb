// A backlog by batch: what the ledger lacks is sent, waited for and collected, until nothing is lacking.
import { createChunk, MOST_REQUESTS, type Chunk, type Entry, type Question } from './chunk.ts';
import { openOut, type BatchJob, type Out } from './out.ts';
import { batchSender, type Sender, type Warm } from './sender.ts';
import { watchBatches, type Watcher } from './watcher.ts';

export interface RoundsOptions extends BatchJob {
  /** Reads the input once more: what must be asked next. */
  survey: () => AsyncIterable<Question>;
  entryOf: (question: Question) => Entry;
  warm: Warm;
}

/**
 * Resolves when every question has its answer in the ledger, or was given up.
 * @throws Failure for what ends the run before; 75 in one that does not wait while batches run
 */
export async function answerByBatch(options: RoundsOptions): Promise<void> {
  const { claude, ledger, stop } = options;
  const { simulated } = await claude.probe();
  ledger.isFor(simulated);
  stop.throwIfAborted();
  const out = openOut(options);
  const watcher = watchBatches(options, out, simulated);
  const sender = batchSender(options, out, watcher, options.warm);

  await watcher.removeLeft();
  for (let round = 0; ; round++) {
    await watcher.look();
    if (round === 0 || out.open().length === 0) {
      const found = await sendWanted(options, out, watcher, sender);
      if (found === 0 && out.open().length === 0) break;
    }
    if (out.open().length > 0) await watcher.pause();
  }
}

/** Sends what is lacking and not out. @returns how many questions that were */
async function sendWanted(
  options: RoundsOptions,
  out: Out,
  watcher: Watcher,
  sender: Sender,
): Promise<number> {
  const { ledger, budget, flags, host, stop } = options;
  const chunks = createChunks(flags.batchSize ?? MOST_REQUESTS);
  let found = 0;
  for await (const question of options.survey()) {
    stop.throwIfAborted();
    const { model, ticket } = question;
    if (ledger.batches.asking(host, ticket.textHash)) continue;
    if (chunks.has(ticket.textHash)) continue;
    found += 1;
    const entry = options.entryOf(question);
    if (!chunks.of(model).fits(entry)) await sender.send(chunks.taken(model));
    while (chunks.most() + entry.most() > (budget.left() ?? Number.POSITIVE_INFINITY)) {
      // What a first answer tells of the prompt's size leaves room for more.
      if (await warmOne(chunks, sender)) continue;
      if (chunks.most() > 0) await sendAll(chunks, sender);
      else if (out.open().length > 0) await watcher.waitForNews();
      else throw budget.refusal(entry.most());
    }
    chunks.of(model).add(entry);
  }
  await sendAll(chunks, sender);
  return found;
}

async function warmOne(chunks: Chunks, { warm }: Sender): Promise<boolean> {
  for (const chunk of chunks.all()) if (await warm(chunk)) return true;
  return false;
}

async function sendAll(chunks: Chunks, { send }: Sender): Promise<void> {
  for (const { model } of chunks.all()) await send(chunks.taken(model));
}

/** What waits to be sent, a chunk for each model. */
interface Chunks {
  all: () => Chunk[];
  of: (model: string) => Chunk;
  /** Taken out, to be sent. */
  taken: (model: string) => Chunk;
  has: (text: string) => boolean;
  /** The most that all of it can cost, in half nano-dollars. */
  most: () => number;
}

function createChunks(mostRequests: number): Chunks {
  const chunks = new Map<string, Chunk>();
  const all = () => [...chunks.values()];

  function of(model: string): Chunk {
    const chunk = chunks.get(model) ?? createChunk(model, mostRequests);
    chunks.set(model, chunk);
    return chunk;
  }

  function taken(model: string): Chunk {
    const chunk = of(model);
    chunks.delete(model);
    return chunk;
  }

  return {
    all,
    of,
    taken,
    has: (text) => all().some((chunk) => chunk.has(text)),
    most: () => all().reduce((sum, chunk) => sum + chunk.most(), 0),
  };
}

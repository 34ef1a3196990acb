// A backlog by batch: what the ledger lacks is sent, waited for and collected, until nothing is lacking.
import { randomBytes } from 'node:crypto';
import { halfNanosOf, usd } from '../ground/money.ts';
import type { Budget, Reservation } from '../claude/budget.ts';
import type { BatchState, ClaudeBatches, Sending } from '../claude/batches.ts';
import type { Clock } from '../ground/clock.ts';
import { Failure, failures } from '../ground/errors.ts';
import type { OpenBatch } from '../ledger/open-batches.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { plural } from '../ground/figures.ts';
import { createChunk, type Chunk, type Entry } from './chunk.ts';
import { collect, writeOff, type CollectOptions } from './collect.ts';
import { customIdOf } from './custom-id.ts';
import { collectedText } from './batch-text.ts';
import { settle } from './settle.ts';
import type { Question } from './survey.ts';

export interface RoundsOptions extends Omit<CollectOptions, 'claude' | 'now' | 'simulated'> {
  claude: ClaudeBatches;
  ledger: Ledger;
  budget: Budget;
  /** Under which answers are remembered; see `Asker`. */
  host: string;
  promptHash: string;
  /** Reads the input once more: what must be asked next. */
  survey: () => Promise<AsyncIterable<Question>>;
  entryOf: (question: Question) => Entry;
  /** Asks one question live, so that a batch finds the prompt cached; it may stay without an answer. */
  warm: (chunk: Chunk) => Promise<Entry | null>;
  mostRequests: number;
  /** The built-in stand-in answers, and forgets its batches with each run. */
  isStandIn: boolean;
  /** Sends and collects what can be done now, and waits for nothing. */
  isBrief: boolean;
  maxWait: { seconds: number; text: string };
  clock: Clock;
  stop: AbortSignal;
  note: (text: string) => void;
}

/** So many requests are out at once, at most: half of what the lowest tier may have in its queue. */
const MOST_OUT = 100_000;

/** Said once for each ledger. */
const RETENTION =
  'Batches stay on the server until they are collected, and are not eligible for zero data retention.';

/** Between two looks at the server: at first, and at most. */
const LOOK_MS = 2_000;
const LONGEST_LOOK_MS = 60_000;

/**
 * Resolves when every question has its answer in the ledger, or was given up.
 * @throws Failure for what ends the run before; 75 in a brief one while batches run
 */
export async function answerByBatch(options: RoundsOptions): Promise<void> {
  const { claude, ledger, budget, clock, stop, note } = options;
  const { batches } = ledger;
  const { simulated } = await claude.probe();
  ledger.isFor(simulated);
  stop.throwIfAborted();
  const collecting: CollectOptions = { ...options, simulated, now: clock.now };
  /** What is set aside for open batches, by our names for them. */
  const held = new Map<string, Reservation>();
  /** Since when nobody waits for an answer to a create of unknown fate, by our names for the batches. */
  const heard = new Map<string, number>();
  /** Since when each create has been of unknown fate; null: the last was not. */
  let unclearSince: number | null = null;
  let looks = 0;
  let isRemoving = !options.keep;

  for (const batch of open()) hold(batch.batch, halfNanosOf(batch.at_most_usd));
  await removeLeft();
  for (let round = 0; ; round++) {
    await look();
    if (round === 0 || open().length === 0) {
      const found = await sendWanted();
      if (found === 0 && open().length === 0) break;
    }
    if (open().length > 0) await pause();
  }

  /** Sends what is lacking and not out. @returns how many questions that were */
  async function sendWanted(): Promise<number> {
    const chunks = new Map<string, Chunk>();
    const pending = () => [...chunks.values()].reduce((sum, chunk) => sum + chunk.most(), 0);
    let found = 0;

    function chunkOf(model: string): Chunk {
      const chunk = chunks.get(model) ?? createChunk(model, options.mostRequests);
      chunks.set(model, chunk);
      return chunk;
    }

    async function sendAll(): Promise<void> {
      for (const [model, chunk] of chunks) {
        chunks.delete(model);
        await send(chunk);
      }
    }

    for await (const question of await options.survey()) {
      stop.throwIfAborted();
      const { model, ticket } = question;
      if (batches.asking(options.host, ticket.textHash)) continue;
      if ([...chunks.values()].some((chunk) => chunk.has(ticket.textHash))) continue;
      found += 1;
      const entry = options.entryOf(question);
      if (!chunkOf(model).fits(entry)) {
        const full = chunkOf(model);
        chunks.delete(model);
        await send(full);
      }
      while (pending() + entry.most() > (budget.left() ?? Number.POSITIVE_INFINITY)) {
        // What a first answer tells of the prompt's size leaves room for more.
        if (await warmOne(chunks)) continue;
        if (pending() > 0) await sendAll();
        else if (open().length > 0) await waitForNews();
        else throw budget.refusal(entry.most());
      }
      chunkOf(model).add(entry);
    }
    await sendAll();
    return found;
  }

  async function warmOne(chunks: ReadonlyMap<string, Chunk>): Promise<boolean> {
    for (const chunk of chunks.values()) if (await warm(chunk)) return true;
    return false;
  }

  async function warm(chunk: Chunk): Promise<boolean> {
    const warmed = await options.warm(chunk);
    if (warmed) chunk.take(warmed);
    chunk.reprice();
    return warmed !== null;
  }

  async function send(chunk: Chunk): Promise<void> {
    await settleAll();
    while (out() + chunk.entries.length > MOST_OUT && out() > 0) await waitForNews();
    await warm(chunk);
    // What the warming has cost may be missing for the last ones: they wait for the next batch.
    const left = budget.left() ?? Number.POSITIVE_INFINITY;
    for (const entry of chunk.entries.toReversed()) if (chunk.most() > left) chunk.take(entry);
    if (chunk.entries.length === 0) return;
    if (batches.ids().size === 0) note(RETENTION);
    const since = clock.now();
    for (let attempt = 1; ; attempt++) {
      const sending = await sendOnce(chunk);
      if (sending.kind !== 'unclear') unclearSince = null;
      if (sending.kind === 'made') return;
      if (sending.kind === 'unclear') {
        unclearSince ??= clock.now();
        refuseForEver(unclearSince, 0, sending.why);
        note(
          `It is not known whether a batch was made (${sending.why}); that is looked into first.`,
        );
        return settleAll();
      }
      if (sending.failure) throw sending.failure;
      const wait = Math.max(sending.retryAfter ?? 0, Math.min(60, 2 ** attempt)) * 1_000;
      // Its queue may be full of what is out: that is no reason to give up.
      if (open().length === 0) refuseForEver(since, wait, sending.why);
      else if (options.isBrief) throw failures.batchesRunning();
      await clock.sleep(wait, stop);
      await look();
    }
  }

  /** @throws Failure for a wait that ends too long after `since`, all in milliseconds */
  function refuseForEver(since: number, wait: number, why: string): void {
    const { seconds, text } = options.maxWait;
    if (clock.now() + wait - since > seconds * 1_000) throw failures.noSuccess(text, why);
  }

  /** The intent is on the disk before anything goes out, and what came of it right after. */
  async function sendOnce(chunk: Chunk): Promise<Sending> {
    stop.throwIfAborted();
    const batch = randomBytes(6).toString('hex');
    const { model, entries } = chunk;
    const { host, promptHash: prompt } = options;
    const tickets = entries.map(({ question }) => question.ticket);
    const texts = tickets.map(({ textHash }) => textHash);
    const languages = tickets.map(({ language }) => language);
    const playbook = options.playbook.identity;
    const at_most_usd = Number(usd(chunk.most()));
    ledger.keepBatch({
      ...head(batch, 'intended'),
      host,
      model,
      playbook,
      prompt,
      at_most_usd,
      texts,
      languages,
    });
    await ledger.sync();
    if (stop.aborted) drop(batch, 'interrupted before it was sent');
    stop.throwIfAborted();
    hold(batch, chunk.most());
    const sending = await claude.send(
      entries.map(({ request }, at) => ({ customId: customIdOf(batch, texts[at] ?? ''), request })),
    );
    if (sending.kind === 'made') {
      ledger.keepBatch({ ...head(batch, 'sent'), id: sending.id });
      await ledger.sync();
      note(`sent ${sending.id}: ${plural(entries.length, 'ticket')} for ${model}`);
    } else if (sending.kind === 'refused') {
      drop(batch, sending.why);
    } else {
      heard.set(batch, clock.now());
    }
    return sending;
  }

  /** @returns how many have been collected */
  async function look(): Promise<number> {
    let news = 0;
    for (const batch of open()) {
      stop.throwIfAborted();
      const id = batch.id ?? (await settled(batch));
      if (id === null) continue;
      const state = await claude.look(id);
      if (state?.isEnded === false) continue;
      await take(batch, id, state);
      news += 1;
    }
    if (news > 0) looks = 0;
    return news;
  }

  async function take(batch: OpenBatch, id: string, state: BatchState | null): Promise<void> {
    if (state === null) {
      // A key of another workspace does not see it either, and all of it would be paid for twice.
      if (!options.isStandIn) throw failures.batchGone(id, ledger.path ?? '');
      writeOff(batch, id, collecting);
      release(batch.batch, 0);
      return;
    }
    const { line, cost, paid, lasting } = await collect(batch, state, collecting);
    release(batch.batch, paid);
    note(collectedText(line, cost, simulated));
    if (lasting === null) return removeLeft();
    // Once that is mended, all that was refused is asked again.
    ledger.keepBatch({ ...head('', 'finished') });
    throw failures.batchErrored(id, lasting);
  }

  /** What has been collected is no longer kept by the server; if it refuses, that ends no run. */
  async function removeLeft(): Promise<void> {
    for (const { batch, id, host } of batches.left()) {
      if (!isRemoving || host !== options.host) continue;
      try {
        await claude.remove(id);
      } catch (error) {
        stop.throwIfAborted();
        if (!(error instanceof Failure)) throw error;
        isRemoving = false;
        note(`${id} is collected, but stays on the server for now. ${error.message}`);
        return;
      }
      ledger.keepBatch({ ...head(batch, 'deleted'), id });
    }
  }

  /** The id under which a batch of unknown fate runs; null as long as that is not known, or for ever. */
  async function settled(batch: OpenBatch): Promise<string | null> {
    const now = clock.now();
    const since = heard.get(batch.batch) ?? now;
    heard.set(batch.batch, since);
    const fate = await settle(batch, claude, batches.ids(), now, since);
    if (fate.kind === 'none') drop(batch.batch, 'it never arrived');
    if (fate.kind !== 'found') return null;
    ledger.keepBatch({ ...head(batch.batch, 'sent'), id: fate.id });
    await ledger.sync();
    return fate.id;
  }

  /** Nothing is sent as long as it is not known what became of what was. */
  async function settleAll(): Promise<void> {
    while (open().some(({ id }) => id === null)) await waitForNews();
  }

  async function waitForNews(): Promise<void> {
    const before = open().length;
    await look();
    if (open().length === before) await pause();
  }

  async function pause(): Promise<void> {
    if (options.isBrief) throw failures.batchesRunning();
    const wait = Math.min(LONGEST_LOOK_MS, LOOK_MS * 1.5 ** looks);
    looks += 1;
    await clock.sleep(wait, stop);
  }

  /** Those of another server are not known here, and can't be looked at. */
  function open(): OpenBatch[] {
    return batches.open().filter(({ host }) => host === options.host);
  }

  function out(): number {
    return open().reduce((sum, { texts }) => sum + texts.length, 0);
  }

  function hold(batch: string, most: number): void {
    // What an earlier run has sent is out, whether or not there is room for it.
    held.set(batch, budget.setAside(most));
  }

  function release(batch: string, paid: number): void {
    held.get(batch)?.settle(paid);
    held.delete(batch);
  }

  function drop(batch: string, why: string): void {
    ledger.keepBatch({ ...head(batch, 'dropped'), why });
    release(batch, 0);
  }

  function head<Event extends string>(batch: string, event: Event) {
    const time = new Date(clock.now()).toISOString();
    return { kind: 'batch', event, time, batch } as const;
  }
}

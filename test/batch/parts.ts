// What the parts of a run by batch are tested with: a server, a ledger, and one clock for both.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { customIdOf } from '../../src/batch/settle.ts';
import type { Question } from '../../src/batch/chunk.ts';
import { claudeBatches, type BatchState, type ClaudeBatches } from '../../src/claude/batches.ts';
import { openClient } from '../../src/claude/client.ts';
import { requestMaker } from '../../src/claude/request.ts';
import { textHash } from '../../src/ground/keys.ts';
import type { OpenBatch } from '../../src/ledger/open-batches.ts';
import type { Ledger } from '../../src/ledger/ledger.ts';
import { openLedger } from '../../src/ledger/open-ledger.ts';
import type { Playbook } from '../../src/playbook/playbook.ts';
import {
  startSimulator,
  type Simulator,
  type SimulatorOptions,
} from '../simulator/faulty-server.ts';
import { supportPlaybook, ticket } from '../example.ts';
import { hurriedClock } from '../program.ts';

export const FAST = 'claude-haiku-4-5';
export const STRONG = 'claude-sonnet-4-6';
export const MINUTE = 60_000;

export interface Parts {
  simulator: Simulator;
  clock: ReturnType<typeof hurriedClock>;
  stop: AbortController;
  claude: ClaudeBatches;
  host: string;
  playbook: Playbook;
  ledger: Ledger;
  /** The ledger's path. */
  path: string;
  request: (question: Question) => ReturnType<ReturnType<typeof requestMaker>>;
  /** Intends and sends a batch, and nothing more: as if the run had ended there. */
  sent: (asked: readonly Question[], changes?: Partial<OpenBatch>) => Promise<OpenBatch>;
  state: (batch: OpenBatch) => Promise<BatchState>;
  pass: (ms: number) => Promise<void>;
}

export async function openParts(options: SimulatorOptions = {}): Promise<Parts> {
  const clock = hurriedClock();
  const simulator = await startSimulator({ now: clock.now, record: true, ...options });
  const folder = await mkdtemp(join(tmpdir(), 'parts-'));
  const path = join(folder, 'ledger.jsonl');
  const stop = new AbortController();
  const failed = (failure: Error) => stop.abort(failure);
  const ledger = await openLedger({ path, simulated: true, failed, clock });
  onTestFinished(async () => {
    await ledger.close();
    await simulator.close();
    await rm(folder, { recursive: true });
  });
  const access = { apiKey: 'test', authToken: null, baseURL: simulator.url };
  const claude = claudeBatches({
    client: await openClient({ ...access, log: () => {} }),
    clock,
    stop: stop.signal,
    leave: stop.signal,
    maxWait: { seconds: 600, text: '10m' },
  });
  const { host } = new URL(simulator.url);
  const playbook = await supportPlaybook();
  const make = requestMaker(playbook, () => ({ forcedTool: true }), '1h');
  const request = ({ model, ticket: of }: Question) => make(model, of);
  let names = 0;

  async function sent(
    asked: readonly Question[],
    changes: Partial<OpenBatch> = {},
  ): Promise<OpenBatch> {
    const batch = String((names += 1)).padStart(12, '0');
    const tickets = asked.map((question) => question.ticket);
    const intent = {
      batch,
      time: new Date(clock.now()).toISOString(),
      host,
      model: asked[0]?.model ?? FAST,
      playbook: playbook.identity,
      prompt: playbook.promptHash,
      at_most_usd: 1,
      texts: tickets.map((each) => each.textHash),
      languages: tickets.map((each) => each.language),
      ...changes,
    };
    ledger.keepBatch({ kind: 'batch', event: 'intended', ...intent });
    const sending = await claude.send(
      asked.map((question) => ({
        customId: customIdOf(batch, question.ticket.textHash),
        request: request(question),
      })),
    );
    if (sending.kind !== 'made') throw new Error(sending.why);
    return { ...intent, id: sending.id };
  }

  async function state({ id }: OpenBatch): Promise<BatchState> {
    const found = await claude.look(id ?? '');
    if (found === null) throw new Error(`${id} is gone`);
    return found;
  }

  return {
    simulator,
    clock,
    stop,
    claude,
    host,
    playbook,
    ledger,
    path,
    request,
    sent,
    state,
    pass: (ms) => clock.sleep(ms, new AbortController().signal),
  };
}

/** So many of different texts. */
export function questions(count: number, about = 'the reports', model = FAST): Question[] {
  return Array.from({ length: count }, (_, at) => {
    const body = `How do we change the language of ${about}? Room ${at}.`;
    return { model, ticket: ticket({ id: `T-${at}`, body, textHash: textHash(body) }) };
  });
}

// What a program can import: the same pipeline without the terminal. Experimental.
import { usd } from './ground/money.ts';
import { realClock } from './ground/clock.ts';
import { Failure } from './ground/errors.ts';
import { inTurns } from './intake/open-intake.ts';
import { ticketMaker } from './intake/to-ticket.ts';
import { statusOf, type Status } from './output/columns.ts';
import { askOnce } from './ledger/remember.ts';
import { classify } from './pipeline.ts';
import { openDesk } from './run/open-desk.ts';
import { readEnvironment } from './ground/environment.ts';
import { resolveSettings } from './settings/resolve.ts';
import { type Field, type JsonRow, type Routed, escalationText } from './ticket.ts';

export { Failure };
export type { Field, Status };

export interface TicketInput {
  id?: string;
  subject?: string;
  body?: string;
  accountTier?: string;
}

export interface TicketVerdict {
  /** As given, else made from the text. */
  id: string;
  /** `simulated` for what the built-in stand-in answered: it means nothing. */
  status: Status;
  queue: string;
  /** The rule that matched; empty for human triage. */
  rule: string;
  slaMinutes: number;
  /** Null where no model gave an answer. */
  labels: Record<Field, string> | null;
  /** 0 to 1. */
  confidence: Record<Field, number> | null;
  summary: string;
  routingReason: string;
  /** Why a human must look; empty if none must. */
  triageReason: string;
  modelUsed: string;
  escalated: boolean;
  /** As in the column: `team 0.62 < 0.75`. */
  escalationReason: string;
  /** ISO 639-1; null where it can't be told. */
  language: string | null;
  /** US dollars, of all answers behind the verdict. */
  costUsd: number;
}

export interface ClassifyOptions {
  /** A folder, or the name of a built-in playbook. Default: `support`. */
  playbook?: string;
  fastModel?: string;
  strongModel?: string;
  /** Leave quoted replies and signatures out of bodies. Default: false. */
  cutQuotes?: boolean;
  /** No summary and no reason, which stay empty: fewer tokens to pay for. Default: false. */
  lean?: boolean;
  /** Calls in the air at once, at most. Default: 100. */
  concurrency?: number;
  /** US dollars that this run may spend, null for no cap; then the iteration throws. Default: 25. */
  maxCost?: number | null;
  /** A file that remembers answers between runs. Default: none. */
  ledger?: string;
  /** A built-in stand-in answers: no key, no cost, no meaning. */
  simulate?: boolean;
  /** Nothing new is asked once it is aborted; the iteration then ends with its reason. */
  signal?: AbortSignal;
}

/**
 * Classifies tickets as they come and yields their verdicts in the same order. Credentials come from
 * where the Anthropic SDK takes them. What is wrong with one ticket is in its verdict.
 * @experimental the names may still change
 * @throws Failure for what ends the whole run: no credentials, a broken playbook, a spend limit
 */
export async function* classifyTickets(
  tickets: AsyncIterable<TicketInput> | Iterable<TicketInput>,
  { signal, maxCost, ...flags }: ClassifyOptions = {},
): AsyncGenerator<TicketVerdict> {
  const given = Object.fromEntries(
    Object.entries({
      ledger: false,
      ...flags,
      maxCost: maxCost === null ? 'none' : maxCost,
    }).filter(([, value]) => value !== undefined),
  );
  const settings = await resolveSettings(given, readEnvironment(process.env, process.cwd()));
  const stop = new AbortController();
  const onAbort = () => stop.abort(signal?.reason);
  if (signal?.aborted) onAbort();
  signal?.addEventListener('abort', onAbort);
  const desk = await openDesk(settings, {
    startedAt: new Date(realClock.now()),
    clock: realClock,
    stop,
    leave: new AbortController().signal,
    note: () => {},
    log: () => {},
    came: () => {},
  });
  const { playbook } = settings;
  const columns = { id: 'id', subject: 'subject', body: 'body', account_tier: 'accountTier' };
  const stations = {
    toTicket: ticketMaker(settings, { columns, header: [] }, desk.ledger),
    ask: askOnce(desk.ask),
    memory: desk.newMemory(),
    playbook,
    firstPerTicket: false,
    stop,
  };
  try {
    for await (const routed of classify(inTurns(rowsFrom(tickets)), stations))
      yield verdictOf(routed);
  } finally {
    signal?.removeEventListener('abort', onAbort);
    await desk.close();
  }
}

async function* rowsFrom(
  tickets: AsyncIterable<TicketInput> | Iterable<TicketInput>,
): AsyncGenerator<JsonRow> {
  let line = 0;
  for await (const ticket of tickets) {
    const value = { ...ticket };
    const text = JSON.stringify(value);
    line++;
    yield { kind: 'json', file: 'tickets', line, bytes: text.length, text, value, fault: null };
  }
}

function verdictOf(routed: Routed): TicketVerdict {
  const { ticket, answer, asked, triage, escalated, escalations } = routed;
  const cost = asked.reduce((sum, one) => sum + (one.kind === 'none' ? 0 : one.cost), 0);
  return {
    id: ticket.id,
    status: statusOf(routed),
    queue: routed.queue,
    rule: routed.rule,
    slaMinutes: routed.slaMinutes,
    labels: answer?.labels ?? null,
    confidence: answer?.confidence ?? null,
    summary: answer?.summary ?? '',
    routingReason: answer?.routingReason ?? '',
    triageReason: triage?.detail ?? '',
    modelUsed: answer?.model ?? '',
    escalated,
    escalationReason: escalationText(escalations),
    language: ticket.language,
    costUsd: Number(usd(cost)),
  };
}

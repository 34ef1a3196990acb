// A ticket in, one model's answer out: in its turn, within the cap on all calls, and again where that helps.
import type { LimitFunction } from 'p-limit';
import type { Answer, NoAnswer, Ticket } from '../ticket.ts';
import { watchHealth, type HealthOptions } from './health.ts';
import { BOUNDS, openLane, type Lane, type Outcome } from './lane.ts';
import { modelOf } from './models.ts';
import { watchAnswers } from './notices.ts';
import type { Request } from './request.ts';
import { MAX_ATTEMPTS, waitBefore } from './retry.ts';
import { openSender, type Answered, type Failed, type SendOptions, type Tried } from './send.ts';

export interface LineOptions extends SendOptions, HealthOptions {
  /** Calls in the air at once, at most. */
  concurrency: number;
  /** Tells the user something, once. */
  note: (text: string) => void;
  /** Tells those who want to know it all. No text of a ticket, at any level. */
  log: (text: string) => void;
  /** Told of requests whose ticket the end of the run leaves without an answer. */
  abandoned: (asked: NoAnswer) => void;
}

export interface Line {
  ask: (ticket: Ticket) => Promise<Answer>;
  waited: Lane['waited'];
}

const ABANDONED = { why: 'the run ended', requestId: null, simulated: false };

/** @param underCap the cap on the calls of all models */
export function openLine(
  name: string,
  makeRequest: (model: string, ticket: Ticket) => Request,
  underCap: LimitFunction,
  options: LineOptions,
): Line {
  const { clock, stop } = options;
  const send = openSender(name, makeRequest, watchHealth(name, options), options);
  const noticesOf = watchAnswers(name, modelOf(options.models, name));
  const lane = openLane({
    most: options.concurrency,
    clock,
    stop,
    paused(by, seconds) {
      const text = `${name}: all calls pause for ${seconds.toFixed(1)} s: ${BOUNDS.get(by)}`;
      if (seconds > options.maxWait.seconds) options.note(text);
      else options.log(text);
    },
  });

  async function ask(ticket: Ticket): Promise<Answer> {
    const tried: Tried = { attempts: 0, unknown: 0, unknownCost: 0 };
    let failed = 0;
    try {
      while (true) {
        const came = await inTurn(ticket, tried);
        if (came.kind === 'answered') return answerOf(came, name, tried, clock.now());
        if (came.isOwn) failed++;
        if (!came.passing || failed === MAX_ATTEMPTS) return noAnswer(came, name, tried);
        options.log(`${ticket.id}: ${name}: ${came.why}; asked again`);
        // For what is not the ticket's own the lane waits, with all its calls.
        if (came.isOwn) {
          await clock.sleep(waitBefore(failed, came.retryAfter, clock.random), stop);
        }
      }
    } catch (error) {
      if (tried.attempts > 0) options.abandoned(noAnswer(ABANDONED, name, tried));
      throw error;
    }
  }

  /**
   * Waits for its turn in the lane, in input order, and then under the cap on all calls, in the order in
   * which the lanes let them go; a wait between tries holds no place.
   */
  async function inTurn(
    ticket: Ticket,
    tried: Tried,
  ): Promise<Answered | (Failed & { isOwn: boolean })> {
    const pass = await lane.enter(ticket.place);
    try {
      const came = await underCap(() => send(ticket, tried));
      const isOwn = pass.leave(outcomeOf(came, options.timeoutSeconds));
      if (came.kind === 'failed') return { ...came, isOwn };
      for (const notice of noticesOf(came.message, came.bill)) options.note(notice);
      return came;
    } finally {
      pass.leave({ kind: 'refused' });
    }
  }

  return { ask, waited: lane.waited };
}

/** An answer that took so much of its time shows that more at once would be too many. */
const SLOW = 1 / 4;

function outcomeOf(came: Answered | Failed, timeoutSeconds: number): Outcome {
  if (came.kind === 'answered') {
    const slow = came.latencyMs > timeoutSeconds * 1_000 * SLOW;
    return { kind: 'answered', usage: came.bill.usage, limits: came.limits, slow };
  }
  const { tells, retryAfter, limits } = came;
  if (tells === 'limited') return { kind: 'limited', retryAfter, limits };
  if (tells === 'refused') return { kind: 'refused' };
  return { kind: 'failed', overload: tells === 'overload', late: tells === 'late', retryAfter };
}

function answerOf(
  { reading, bill, requestId, simulated, latencyMs }: Answered,
  model: string,
  tried: Tried,
  now: number,
): Answer {
  return {
    ...reading,
    ...tried,
    model,
    requestId,
    simulated,
    latencyMs,
    usage: bill.usage,
    cost: bill.cost ?? 0,
    answeredAt: new Date(now).toISOString(),
    batch: null,
    reused: false,
    shared: false,
    key: null,
  };
}

function noAnswer(
  { why, requestId, simulated }: Pick<NoAnswer, 'why' | 'requestId' | 'simulated'>,
  model: string,
  tried: Tried,
): NoAnswer {
  return {
    kind: 'none',
    model,
    why,
    requestId,
    simulated,
    ...tried,
    reused: false,
    shared: false,
    key: null,
  };
}

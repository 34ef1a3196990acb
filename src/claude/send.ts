// A ticket and one model → one request within the budget, and what came of it.
import type Anthropic from '@anthropic-ai/sdk';
import type { Clock } from '../ground/clock.ts';
import { Failure, failures } from '../ground/errors.ts';
import type { Playbook } from '../playbook/playbook.ts';
import type { NoAnswer, Ticket } from '../ticket.ts';
import type { Budget, Reservation } from './budget.ts';
import { call, type Received } from './call.ts';
import { hostOf } from './client.ts';
import { billOf, type Bill } from './cost.ts';
import { shown } from './error-words.ts';
import type { Health } from './health.ts';
import { modelOf, type Model } from './models.ts';
import { mostCost } from './most-cost.ts';
import { readAnswer, type Reading } from './read-answer.ts';
import type { Request } from './request.ts';
import { problemOf, runFailureOf, type Problem } from './retry.ts';

export interface SendOptions {
  client: Anthropic;
  playbook: Playbook;
  /** All of which a price is known, as the requests are billed. */
  models: ReadonlyMap<string, Model>;
  /** Of a model's prompt as an earlier run learnt it; 0 where none did. */
  prefixTokens: (model: string) => number;
  /** What is set aside for calls, and what they cost. */
  budget: Budget;
  /** Whether a cap on the money was asked for: then a server that does not tell its usage ends the run. */
  isCapped: boolean;
  clock: Clock;
  /** Of one call. */
  timeoutSeconds: number;
  /** Aborted: nothing new goes out; what is in the air may finish. */
  stop: AbortSignal;
  /** Aborted: what is in the air is dropped as well. */
  leave: AbortSignal;
  /** Called with what must end the whole run; aborts `stop`. */
  end: (failure: Failure) => void;
}

/** Of one ticket and model so far, as in `Answer`. */
export type Tried = Pick<NoAnswer, 'attempts' | 'unknown' | 'unknownCost'>;

export interface Answered extends Received {
  kind: 'answered';
  bill: Bill;
  reading: Reading;
}

export interface Failed extends Problem {
  kind: 'failed';
}

/** @throws what ends the run; its cost is booked all the same */
export type Send = (ticket: Ticket, tried: Tried) => Promise<Answered | Failed>;

export function openSender(
  name: string,
  makeRequest: (model: string, ticket: Ticket) => Request,
  health: Health,
  options: SendOptions,
): Send {
  const { client, playbook, models, budget, clock, stop, leave, end } = options;
  const most = mostCost(modelOf(models, name), options.prefixTokens(name));
  const host = hostOf(client);

  async function send(ticket: Ticket, tried: Tried): Promise<Answered | Failed> {
    stop.throwIfAborted();
    const request = makeRequest(name, ticket);
    const atMost = most.of(request);
    const money = await reserve(ticket.place, atMost);
    const sentAt = clock.now();
    tried.attempts++;
    try {
      const received = await call(request, options);
      const bill = billOf(received.message, name, models);
      most.learn(bill.usage);
      if (bill.cost === null) countUnknown(tried, atMost);
      else money.settle(bill.cost);
      return judged({ kind: 'answered', ...received, bill }, ticket);
    } catch (error) {
      if (leave.aborted) countUnknown(tried, atMost);
      leave.throwIfAborted();
      const sent = [ticket.subject, ticket.body];
      const problem = problemOf(error, options.timeoutSeconds, sent);
      if (problem.unknownCost) countUnknown(tried, atMost);
      else money.settle(0);
      const failure = runFailureOf(error, host, name, sent) ?? health.failed(problem, sentAt);
      if (failure) endWith(failure);
      return { kind: 'failed', ...problem };
    } finally {
      // Says nothing new of what is settled.
      money.keep();
    }
  }

  /** What ends the run leaves an answer as it is: it is paid for, and kept. */
  function judged(came: Omit<Answered, 'reading'>, { subject, body }: Ticket): Answered {
    const { message, bill } = came;
    const read = readAnswer(message, bill.by, playbook);
    // A model may give a ticket's words for a label.
    const reading =
      read.kind === 'valid' ? read : { ...read, why: shown(read.why, [subject, body]) };
    const failure =
      message.usage === null && options.isCapped
        ? failures.costUntold(name, host)
        : health.answered(reading);
    if (failure) end(failure);
    return { ...came, reading };
  }

  /** At once, before the money that is free again lets another go out. */
  function endWith(failure: Failure): never {
    end(failure);
    // Several calls may find it out; the first one's word stands.
    stop.throwIfAborted();
    throw failure;
  }

  /**
   * Who waits for money keeps its place among the calls. If they all wait, nothing is in the air that
   * could make room, and the budget says so.
   */
  async function reserve(place: number, atMost: number): Promise<Reservation> {
    try {
      const money = await budget.reserve(place, atMost);
      if (stop.aborted) money.settle(0);
      stop.throwIfAborted();
      return money;
    } catch (error) {
      if (error instanceof Failure && !stop.aborted) end(error);
      stop.throwIfAborted();
      throw error;
    }
  }

  return send;
}

function countUnknown(tried: Tried, cost: number): void {
  tried.unknown++;
  tried.unknownCost += cost;
}

// A model and a ticket in, Claude's answer out: the live way to provide `ask`.
import { setMaxListeners } from 'node:events';
import type Anthropic from '@anthropic-ai/sdk';
import pLimit from 'p-limit';
import type { Clock } from '../ground/clock.ts';
import { Failure, failures } from '../ground/errors.ts';
import type { Playbook } from '../playbook/playbook.ts';
import type { Answer, Ask, NoAnswer, Ticket } from '../ticket.ts';
import type { Budget, Reservation } from './budget.ts';
import { watchCache } from './cache-watch.ts';
import { call, type Received as Called } from './call.ts';
import { billOf, type Bill } from './cost.ts';
import { BOUNDS, openLane, type Bound, type Lane, type LaneOptions, type Outcome } from './lane.ts';
import { modelOf, type Model } from './models.ts';
import { mostCost, type MostCost } from './most-cost.ts';
import { readAnswer } from './read-answer.ts';
import { requestMaker, type CacheTime } from './request.ts';
import { MAX_ATTEMPTS, problemOf, runFailureOf, waitBefore, type Problem } from './retry.ts';

/** So many equal refusals in a row, without a success, are the run's failure and not the tickets'. */
const EQUAL_REFUSALS = 20;

export interface ClaudeOptions {
  client: Anthropic;
  playbook: Playbook;
  models: ReadonlyMap<string, Model>;
  /** Calls in the air at once, at most. */
  concurrency: number;
  maxWait: { seconds: number; text: string };
  /** Five minutes if left out; for an hour only where `models` have the prices of that. */
  cachedFor?: CacheTime | undefined;
  /** Of a model's prompt as an earlier run learnt it; 0 where none did. */
  prefixTokens: (model: string) => number;
  /** What is set aside for calls, and what they cost. */
  budget: Budget;
  clock: Clock;
  /** Tells the user something, once. */
  note: (text: string) => void;
  /** Tells those who want to know it all. No text of a ticket, at any level. */
  log: (text: string) => void;
  /** Aborted: nothing new goes out; what is in the air may finish. */
  stop: AbortSignal;
  /** Aborted: what is in the air is dropped as well. */
  leave: AbortSignal;
  /** Called with what must end the whole run; aborts `stop`. */
  end: (failure: Failure) => void;
  /** Told of requests whose ticket the end of the run leaves without an answer. */
  abandoned: (asked: NoAnswer) => void;
}

const TIMEOUT_SECONDS = 60;

type Received = Called & { bill: Bill };

/** Of one ticket and model so far, as in `Answer`. */
interface Sent {
  attempts: number;
  unknown: number;
  unknownCost: number;
}

const ABANDONED = { why: 'the run ended', requestId: null, simulated: false };

export interface Claude {
  ask: Ask;
  /** By model: milliseconds in which calls waited, by what for. */
  waited: () => ReadonlyMap<string, ReadonlyMap<Bound, number>>;
}

export function askClaude(options: ClaudeOptions): Claude {
  const { client, playbook, models, clock, stop, leave } = options;
  // Each call in the air listens to both.
  setMaxListeners(0, stop, options.leave);
  const limit = pLimit(options.concurrency);
  const health = watchHealth(options);
  const makeRequest = requestMaker(
    playbook,
    (name) => modelOf(models, name).forcedTool,
    options.cachedFor,
  );
  const lanes = new Map<
    string,
    { calls: Lane; lookAtCache: ReturnType<typeof watchCache>; most: MostCost }
  >();

  return {
    ask,
    waited: () => new Map([...lanes].map(([name, { calls }]) => [name, calls.waited()])),
  };

  async function ask(name: string, ticket: Ticket): Promise<Answer> {
    const sent: Sent = { attempts: 0, unknown: 0, unknownCost: 0 };
    let failed = 0;
    try {
      while (true) {
        const outcome = await send(name, ticket, sent);
        if ('message' in outcome) return answerOf(outcome, name, sent);
        if (outcome.isOwn) failed++;
        if (!outcome.passing || failed === MAX_ATTEMPTS) return noAnswer(outcome, name, sent);
        options.log(`${ticket.id}: ${name}: ${outcome.why}; asked again`);
        // For what is not the ticket's own the lane waits, with all its calls.
        if (outcome.isOwn) {
          await clock.sleep(waitBefore(failed, outcome.retryAfter, clock.random), stop);
        }
      }
    } catch (error) {
      if (sent.attempts > 0) options.abandoned(noAnswer(ABANDONED, name, sent));
      throw error;
    }
  }

  /**
   * Waits for its turn in the lane, in input order, and then under the cap on all calls, in the order in
   * which the lanes let them go; a wait between tries holds no place.
   */
  async function send(
    name: string,
    ticket: Ticket,
    sent: Sent,
  ): Promise<Received | (Problem & { isOwn: boolean })> {
    const pass = await laneOf(name).calls.enter(ticket.place);
    try {
      const came = await limit(() => sendNow(name, ticket, sent));
      const isOwn = pass.leave(outcomeOf(came));
      return 'message' in came ? came : { ...came, isOwn };
    } finally {
      pass.leave({ kind: 'refused' });
    }
  }

  async function sendNow(name: string, ticket: Ticket, sent: Sent): Promise<Received | Problem> {
    stop.throwIfAborted();
    const request = makeRequest(name, ticket);
    const { most } = laneOf(name);
    const mostPaid = most.of(request);
    const reservation = await reserve(ticket.place, mostPaid);
    sent.attempts++;
    try {
      const received = await call(request, {
        client,
        clock,
        timeoutSeconds: TIMEOUT_SECONDS,
        leave,
      });
      const bill = billOf(received.message, name, models);
      most.learn(bill.usage);
      if (bill.cost === null) countUnknown(sent, mostPaid);
      else reservation.settle(bill.cost);
      health.succeeded();
      return { ...received, bill };
    } catch (error) {
      if (options.leave.aborted) countUnknown(sent, mostPaid);
      options.leave.throwIfAborted();
      const problem = problemOf(error, TIMEOUT_SECONDS);
      if (problem.unknownCost) countUnknown(sent, mostPaid);
      else reservation.settle(0);
      stopIfHopeless(error, problem, name);
      return problem;
    } finally {
      // Says nothing new of what is settled.
      reservation.keep();
    }
  }

  /**
   * Who waits for money keeps its place among the calls. If they all wait, nothing is in the air that
   * could make room, and the budget says so.
   */
  async function reserve(place: number, most: number): Promise<Reservation> {
    try {
      const reservation = await options.budget.reserve(place, most);
      if (stop.aborted) reservation.settle(0);
      stop.throwIfAborted();
      return reservation;
    } catch (error) {
      if (error instanceof Failure && !stop.aborted) options.end(error);
      stop.throwIfAborted();
      throw error;
    }
  }

  function stopIfHopeless(error: unknown, problem: Problem, name: string): void {
    const failure = runFailureOf(error, options.client.baseURL, name) ?? health.failed(problem);
    if (!failure) return;
    options.end(failure);
    // Several calls may find it out; the first one's word stands.
    stop.throwIfAborted();
    throw failure;
  }

  function answerOf(received: Received, name: string, sent: Sent): Answer {
    const { message, limits: _, bill, ...rest } = received;
    const notice = laneOf(name).lookAtCache(bill.usage);
    if (notice) options.note(notice);
    return {
      ...readAnswer(message, bill.by, playbook),
      ...rest,
      ...sent,
      model: name,
      usage: bill.usage,
      cost: bill.cost ?? 0,
      answeredAt: new Date(clock.now()).toISOString(),
      batch: null,
      reused: false,
      shared: false,
      key: null,
    };
  }

  function laneOf(name: string) {
    const lane = lanes.get(name) ?? {
      calls: openLane({ most: options.concurrency, clock, stop, paused: pausedOf(name) }),
      lookAtCache: watchCache(name, modelOf(models, name)),
      most: mostCost(modelOf(models, name), options.prefixTokens(name)),
    };
    lanes.set(name, lane);
    return lane;
  }

  function pausedOf(name: string): LaneOptions['paused'] {
    return (by, seconds) =>
      options.log(`${name}: all calls pause for ${seconds.toFixed(1)} s: ${BOUNDS.get(by)}`);
  }
}

function outcomeOf(came: Received | Problem): Outcome {
  if ('message' in came) return { kind: 'answered', usage: came.bill.usage, limits: came.limits };
  const { tells, retryAfter, limits } = came;
  if (tells === 'limited') return { kind: 'limited', retryAfter, limits };
  if (tells === 'refused') return { kind: 'refused' };
  return { kind: 'failed', overload: tells === 'overload', retryAfter };
}

function countUnknown(sent: Sent, cost: number): void {
  sent.unknown++;
  sent.unknownCost += cost;
}

function noAnswer(
  { why, requestId, simulated }: Pick<Problem, 'why' | 'requestId' | 'simulated'>,
  model: string,
  sent: Sent,
): NoAnswer {
  return {
    kind: 'none',
    model,
    why,
    requestId,
    simulated,
    ...sent,
    reused: false,
    shared: false,
    key: null,
  };
}

/** Tells a server or an account that refuses everything from a ticket that fails. */
function watchHealth({ maxWait, clock }: ClaudeOptions) {
  // Not since the last success: a slow pipe may be silent for hours without anything being wrong.
  let failingSince: number | null = null;
  let refusal = { why: '', times: 0 };
  return {
    succeeded() {
      failingSince = null;
      refusal = { why: '', times: 0 };
    },
    failed({ why, tells, retryAfter }: Problem): Failure | null {
      if (tells === 'refused') {
        refusal = { why, times: refusal.why === why ? refusal.times + 1 : 1 };
        if (refusal.times >= EQUAL_REFUSALS) return failures.refusedAgain(refusal.times, why);
      }
      if (retryAfter !== null && retryAfter > maxWait.seconds) {
        return failures.waitTooLong(retryAfter, maxWait.text);
      }
      failingSince ??= clock.now();
      const silence = (clock.now() - failingSince) / 1000;
      return silence > maxWait.seconds ? failures.noSuccess(maxWait.text, why) : null;
    },
  };
}

// A model and a ticket in, Claude's answer out: the live way to provide `ask`.
import { setMaxListeners } from 'node:events';
import type Anthropic from '@anthropic-ai/sdk';
import PQueue from 'p-queue';
import type { Clock } from '../clock.ts';
import { failures, type Failure } from '../errors.ts';
import type { Playbook } from '../playbook/playbook.ts';
import type { Answer, Ask, NoAnswer, Ticket } from '../ticket.ts';
import { watchCache } from './cache-watch.ts';
import { call, TIMEOUT_SECONDS, type Received } from './call.ts';
import { costOf } from './cost.ts';
import { openLane, type Lane } from './lane.ts';
import type { Model } from './models.ts';
import { readAnswer } from './read-answer.ts';
import { requestMaker } from './request.ts';
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
}

export function askClaude(options: ClaudeOptions): Ask {
  const { playbook, models, clock, stop } = options;
  // Each call in the air listens to both.
  setMaxListeners(0, stop, options.leave);
  const queue = new PQueue({ concurrency: options.concurrency });
  const health = watchHealth(options);
  const makeRequest = requestMaker(playbook, (name) => modelOf(name).forcedTool);
  const lanes = new Map<string, { enter: Lane; lookAtCache: ReturnType<typeof watchCache> }>();

  return function ask(name, ticket) {
    return laneOf(name).enter(() => askUntilAnswered(name, ticket));
  };

  async function askUntilAnswered(name: string, ticket: Ticket): Promise<Answer> {
    let unknown = 0;
    for (let attempts = 1; ; attempts++) {
      const outcome = await send(name, ticket);
      if ('message' in outcome) {
        return answerFrom(outcome, name, { attempts, unknown });
      }
      if (outcome.unknownCost) unknown++;
      if (!outcome.passing || attempts === MAX_ATTEMPTS) {
        return noAnswer(outcome, name, { attempts, unknown });
      }
      const wait = waitBefore(attempts, outcome.retryAfter, clock.random);
      const seconds = (wait / 1000).toFixed(1);
      options.log(`${ticket.id}: ${name}: ${outcome.why}; asked again in ${seconds} s`);
      await clock.sleep(wait, stop);
    }
  }

  /** Waits for its turn (input order) under the cap on calls; a wait between tries holds no place. */
  async function send(name: string, ticket: Ticket): Promise<Received | Problem> {
    stop.throwIfAborted();
    return queue.add(
      async () => {
        stop.throwIfAborted();
        try {
          const received = await call(
            options.client,
            makeRequest(name, ticket),
            clock,
            options.leave,
          );
          health.succeeded();
          return received;
        } catch (error) {
          options.leave.throwIfAborted();
          const problem = problemOf(error, TIMEOUT_SECONDS);
          const failure =
            runFailureOf(error, options.client.baseURL, name) ?? health.failed(problem);
          if (failure) {
            options.end(failure);
            throw failure;
          }
          return problem;
        }
      },
      { priority: -ticket.place },
    );
  }

  function answerFrom(
    received: Received,
    name: string,
    sent: { attempts: number; unknown: number },
  ): Answer {
    const { message, ...rest } = received;
    const notice = laneOf(name).lookAtCache(received.usage);
    if (notice) options.note(notice);
    return {
      ...readAnswer(message, playbook),
      ...rest,
      ...sent,
      model: name,
      cost: costOf(received.usage, modelOf(name)),
      answeredAt: new Date(clock.now()).toISOString(),
      reused: false,
    };
  }

  function laneOf(name: string) {
    const lane = lanes.get(name) ?? {
      enter: openLane(),
      lookAtCache: watchCache(name, modelOf(name)),
    };
    lanes.set(name, lane);
    return lane;
  }

  function modelOf(name: string): Model {
    const model = models.get(name);
    if (!model) throw new Error(`no facts about the model ${name}`);
    return model;
  }
}

function noAnswer(
  { why, requestId, simulated }: Problem,
  model: string,
  sent: { attempts: number; unknown: number },
): NoAnswer {
  return { kind: 'none', model, why, requestId, simulated, ...sent };
}

/** Tells a server or an account that refuses everything from a ticket that fails. */
function watchHealth({ maxWait, clock }: ClaudeOptions) {
  let lastSuccess = clock.now();
  let refusal = { why: '', times: 0 };
  return {
    succeeded() {
      lastSuccess = clock.now();
      refusal = { why: '', times: 0 };
    },
    failed({ why, refused, retryAfter }: Problem): Failure | null {
      if (refused) {
        refusal = { why, times: refusal.why === why ? refusal.times + 1 : 1 };
        if (refusal.times >= EQUAL_REFUSALS) return failures.refusedAgain(refusal.times, why);
      }
      if (retryAfter !== null && retryAfter > maxWait.seconds) {
        return failures.waitTooLong(retryAfter, maxWait.text);
      }
      const silence = (clock.now() - lastSuccess) / 1000;
      return silence > maxWait.seconds ? failures.noSuccess(maxWait.text, why) : null;
    },
  };
}

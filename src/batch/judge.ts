// The answers of batches, one by one → what a user should know of them all, and what must end the run.
import type { Bill } from '../claude/cost.ts';
import { watchHealth } from '../claude/health.ts';
import type { Message } from '../claude/message.ts';
import { pricedModel } from '../claude/models.ts';
import { watchAnswers } from '../claude/notices.ts';
import type { Reading } from '../claude/read-answer.ts';
import { failures, type Failure } from '../ground/errors.ts';
import type { BatchJob } from './out.ts';

export interface Heard {
  message: Message;
  bill: Bill;
  reading: Reading;
}

export interface Judge {
  hear: (model: string, heard: Heard) => void;
  /** Of all that was heard so far, the first. */
  failure: () => Failure | null;
}

type JudgeOptions = Pick<BatchJob, 'host' | 'playbook' | 'flags' | 'isCapped' | 'clock' | 'note'>;

/** As for live calls: what came is kept, and no more of it is asked for. */
export function judgeAnswers(options: JudgeOptions): Judge {
  const { host, playbook, flags, isCapped, clock, note } = options;
  const models = new Map<string, ReturnType<typeof open>>();
  let failure: Failure | null = null;

  function open(model: string) {
    const { maxWait } = flags;
    return {
      noticesOf: watchAnswers(model, pricedModel(model, playbook.models.prices)),
      health: watchHealth(model, { host, maxWait, clock }),
    };
  }

  function hear(model: string, { message, bill, reading }: Heard): void {
    const { noticesOf, health } = models.get(model) ?? open(model);
    models.set(model, { noticesOf, health });
    for (const notice of noticesOf(message, bill)) note(notice);
    const isUntold = message.usage === null && isCapped;
    failure ??= isUntold ? failures.costUntold(model, host) : health.answered(reading);
  }

  return { hear, failure: () => failure };
}

// Wraps `ask`: what was answered before is not asked, and what is being asked is not asked twice.
import type { Policy } from '../settings/ledger-policy.ts';
import { failures, type Failure } from '../ground/errors.ts';
import { answerKey, type Asker } from '../ground/keys.ts';
import type { Playbook } from '../playbook/playbook.ts';
import { FIELDS, type Answer, type Ask, type Find, type NoAnswer, type Ticket } from '../ticket.ts';
import { answerOfLine } from './answer-line.ts';
import type { AnswerLine } from './format.ts';
import type { KnownAnswers } from './known-answers.ts';
import type { Ledger } from './ledger.ts';

export interface KnownOptions {
  ledger: KnownAnswers;
  playbook: Playbook;
  askerOf: (model: string) => Asker;
  policy: Policy;
}

export interface RememberOptions extends KnownOptions {
  ledger: Ledger;
  /** Called with what must end the whole run. */
  end: (failure: Failure) => void;
  /** Told of each answer that was asked for, or of why there is none, when it is kept. */
  came: (answer: Answer) => void;
}

/** What the ledger knows. */
export function findIn({ ledger, playbook, askerOf, policy }: KnownOptions): Find {
  return (model, { textHash }) => {
    const line = usable(ledger, askerOf(model), textHash, playbook, policy);
    return line && answerOfLine(line);
  };
}

/** The same; but what only another playbook was told of ends the run, if that is the policy. */
export function findOrStop(options: RememberOptions): Find {
  const { ledger, playbook, askerOf, policy, end } = options;
  const find = findIn(options);

  return (model, ticket) => {
    const known = find(model, ticket);
    if (!known) stopIfStale(askerOf(model), ticket.textHash);
    return known;
  };

  function stopIfStale(asker: Asker, text: string): void {
    const old = staleAnswer(ledger, asker, text, policy);
    if (!old) return;
    const { fast, strong } = playbook.models;
    const failure = failures.playbookChanged({
      from: otherText(old, playbook),
      to: playbook.identity,
      ...ledger.stale([...new Set([fast, strong])].map(askerOf)),
    });
    end(failure);
    throw failure;
  }
}

export function remember(ask: Ask, options: RememberOptions): Ask {
  const { ledger, playbook, askerOf, came } = options;
  const find = findOrStop(options);
  const inTheAir = new Map<string, Promise<Answer>>();

  return async function remembered(model, ticket) {
    const known = find(model, ticket);
    if (known) return known;
    const asker = askerOf(model);
    const key = answerKey(asker, ticket.textHash);
    const sameText = inTheAir.get(key);
    if (sameText) return { ...(await sameText), reused: true };
    const asked = askAndKeep(asker, ticket, key);
    inTheAir.set(key, asked);
    try {
      return await asked;
    } finally {
      inTheAir.delete(key);
    }
  };

  async function askAndKeep(asker: Asker, ticket: Ticket, key: string): Promise<Answer> {
    const answer = await ask(asker.model, ticket);
    if (answer.kind === 'none') ledger.keepLost(answer);
    else await ledger.keep(answer, ticket, asker, playbook.identity);
    const kept = { ...answer, key };
    came(kept);
    return kept;
  }
}

/** For one run: what found no answer in it is not asked again. */
export function askOnce(ask: Ask): Ask {
  const failed = new Map<string, NoAnswer>();
  return async (model, ticket) => {
    const question = `${model}\n${ticket.textHash}`;
    const failure = failed.get(question);
    if (failure) return { ...failure, reused: true };
    const answer = await ask(model, ticket);
    if (answer.kind === 'none') failed.set(question, answer);
    return answer;
  };
}

/** The playbook of an answer that can't be used, with what makes it another if that is a flag. */
function otherText({ playbook: other }: AnswerLine, { lean, twin }: Playbook): string {
  return other === twin ? `${other}, the same ${lean ? 'without' : 'with'} --lean` : other;
}

/** The line of the ledger that answers the question as far as the policy allows; null: it must be asked. */
function usable(
  ledger: KnownAnswers,
  asker: Asker,
  text: string,
  playbook: Playbook,
  policy: Policy,
): AnswerLine | null {
  const own = ledger.find(asker, text);
  // A line that somebody has edited may say what the playbook does not know.
  if (own && isFresh(own, policy)) return fits(own, playbook) ? own : null;
  if (own || policy.otherPlaybook !== 'keep') return null;
  const old = ledger.findOfOtherPlaybook(asker, text);
  return old && isFresh(old, policy) && fits(old, playbook) ? old : null;
}

/** An answer under another playbook alone, for whose sake the run stops; null: it goes on. */
export function staleAnswer(
  ledger: KnownAnswers,
  asker: Asker,
  text: string,
  policy: Policy,
): AnswerLine | null {
  if (policy.otherPlaybook !== 'stop' || ledger.find(asker, text)) return null;
  const old = ledger.findOfOtherPlaybook(asker, text);
  return old && isFresh(old, policy) ? old : null;
}

function isFresh(line: AnswerLine, { newerThan, retryInvalidBefore }: Policy): boolean {
  const at = Date.parse(line.time);
  if (newerThan !== null && at < newerThan) return false;
  return line.status === 'valid' || retryInvalidBefore === null || at >= retryInvalidBefore;
}

/** An answer can't be used if one of its labels is none of the playbook's. */
function fits(line: AnswerLine, { labels }: Playbook): boolean {
  return (
    line.status === 'invalid' ||
    FIELDS.every((field) => labels[field].some(({ name }) => name === line[field]))
  );
}

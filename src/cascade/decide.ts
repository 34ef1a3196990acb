// A Ticket in, what asking comes to out: the fast model first, the strong one where the fast can't be trusted.
import {
  lowestConfidence,
  type Answer,
  type Ask,
  type Decision,
  type Escalation,
  type Find,
  type Ticket,
  type Triage,
} from '../ticket.ts';
import type { Playbook } from '../playbook/playbook.ts';
import { escalateUnasked, escalateUnsure } from './escalate.ts';

export type Role = 'fast' | 'strong';

/** What each of the two models has said; null where it was not asked. */
export type Said = Record<Role, Answer | null>;

/** What is to be asked next, or what all that was said comes to. */
export type Step =
  { kind: 'ask'; role: Role; isStraight: boolean } | { kind: 'decided'; decision: Decision };

/** How far the answers that are known lead. */
export interface Standing {
  said: Said;
  step: Step;
}

/** Never rejects for the ticket's sake: what can't be classified becomes a verdict for a human. */
export async function decide(ticket: Ticket, ask: Ask, playbook: Playbook): Promise<Decision> {
  const said: Said = { fast: null, strong: null };
  while (true) {
    const step = nextStep(ticket, said, playbook);
    if (step.kind === 'decided') return step.decision;
    said[step.role] = await ask(playbook.models[step.role], ticket);
  }
}

/** The same without asking: up to the decision, or to the first question that nobody has answered. */
export function standingOf(ticket: Ticket, find: Find, playbook: Playbook): Standing {
  const said: Said = { fast: null, strong: null };
  while (true) {
    const step = nextStep(ticket, said, playbook);
    if (step.kind === 'decided') return { said, step };
    said[step.role] = find(playbook.models[step.role], ticket);
    if (said[step.role] === null) return { said, step };
  }
}

/** Pure. */
function nextStep(ticket: Ticket, { fast, strong }: Said, playbook: Playbook): Step {
  const { fault } = ticket;
  if (fault !== null) {
    return decided(unaskedDecision(ticket, { reason: 'unreadable', detail: fault }));
  }
  if (!ticket.subject && !ticket.body) {
    return decided(unaskedDecision(ticket, { reason: 'empty', detail: 'empty' }));
  }

  const straight = escalateUnasked(ticket, playbook);
  if (straight.length > 0) {
    if (strong === null) return { kind: 'ask', role: 'strong', isStraight: true };
    if (strong.kind !== 'valid' && fast === null) {
      return { kind: 'ask', role: 'fast', isStraight: true };
    }
    return settled(ticket, { fast, strong }, [strong, fast], straight, playbook);
  }
  if (fast === null) return { kind: 'ask', role: 'fast', isStraight: false };
  const unsure = escalateAnswered(fast, playbook);
  if (unsure.length > 0 && strong === null) {
    return { kind: 'ask', role: 'strong', isStraight: false };
  }
  return settled(ticket, { fast, strong }, [fast, strong], unsure, playbook);
}

function escalateAnswered(fast: Answer, playbook: Playbook): Escalation[] {
  return fast.kind === 'valid'
    ? escalateUnsure(fast, playbook)
    : [{ by: 'failure', why: fast.why }];
}

/** All was asked that is to be: the strong model's answer counts whole, if there is one. */
function settled(
  ticket: Ticket,
  { fast, strong }: Said,
  inOrder: (Answer | null)[],
  escalations: Escalation[],
  playbook: Playbook,
): Step {
  const asked = inOrder.filter((answer) => answer !== null);
  const escalated = strong !== null;
  const common = { ticket, asked, escalated, escalations, ofFirstRow: false };
  const counting = strong ?? fast;
  if (counting?.kind === 'valid') {
    return decided(reviewed({ ...common, answer: counting, triage: null }, playbook));
  }
  const strongFailed = `strong model failed: ${failureText(strong)}`;
  if (fast?.kind === 'valid') {
    const triage: Triage = { reason: 'strong_failed', detail: strongFailed };
    return decided({ ...common, answer: fast, triage });
  }
  const detail = `fast model failed: ${failureText(fast)}; ${strongFailed}`;
  return decided({ ...common, answer: null, triage: { reason: 'both_failed', detail } });
}

/** With `review_below`, a human looks at a final answer that is surer of nothing better. */
function reviewed(decision: Decision, playbook: Playbook): Decision {
  const { answer } = decision;
  if (playbook.reviewBelow === null || !answer) return decision;
  if (lowestConfidence(answer) >= playbook.reviewBelow) return decision;
  return { ...decision, triage: { reason: 'unsure', detail: 'unsure' } };
}

/** Of a ticket that nobody is asked about. */
export function unaskedDecision(ticket: Ticket, triage: Triage): Decision {
  const nothing = { answer: null, asked: [], escalated: false, escalations: [], ofFirstRow: false };
  return { ticket, ...nothing, triage };
}

function decided(decision: Decision): Step {
  return { kind: 'decided', decision };
}

function failureText(answer: Answer | null): string {
  if (answer === null || answer.kind === 'valid') return '';
  const request = answer.requestId ? ` (request ${answer.requestId})` : '';
  return answer.why + request;
}

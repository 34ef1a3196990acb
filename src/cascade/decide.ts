// A Ticket in, what asking comes to out: the fast model first, the strong one where the fast can't be trusted.
import {
  lowestConfidence,
  type Answer,
  type Decision,
  type Ask,
  type Escalation,
  type Ticket,
  type Triage,
} from '../ticket.ts';
import type { Playbook } from '../playbook/playbook.ts';
import { escalateUnasked, escalateUnsure } from './escalate.ts';

/** Never rejects for the ticket's sake: what can't be classified becomes a verdict for a human. */
export async function decide(ticket: Ticket, ask: Ask, playbook: Playbook): Promise<Decision> {
  const { fault } = ticket;
  if (fault !== null) return unasked(ticket, { reason: 'unreadable', detail: fault });
  if (!ticket.subject && !ticket.body) return unasked(ticket, { reason: 'empty', detail: 'empty' });

  const reasons = escalateUnasked(ticket, playbook);
  return reasons.length > 0
    ? strongFirst(ticket, ask, playbook, reasons)
    : fastFirst(ticket, ask, playbook);
}

async function fastFirst(ticket: Ticket, ask: Ask, playbook: Playbook): Promise<Decision> {
  const { models } = playbook;
  const fast = await ask(models.fast, ticket);
  const reasons: Escalation[] =
    fast.kind === 'valid'
      ? escalateUnsure(fast, playbook)
      : [{ by: 'failure', why: reasonOf(fast) }];
  if (fast.kind === 'valid' && reasons.length === 0) {
    return reviewed(
      { ticket, answer: fast, asked: [fast], escalations: [], triage: null },
      playbook,
    );
  }
  const strong = await ask(models.strong, ticket);
  return settled(ticket, { fast, strong, asked: [fast, strong] }, reasons, playbook);
}

async function strongFirst(
  ticket: Ticket,
  ask: Ask,
  playbook: Playbook,
  reasons: Escalation[],
): Promise<Decision> {
  const { models } = playbook;
  const strong = await ask(models.strong, ticket);
  if (strong.kind === 'valid') {
    const sure = { ticket, answer: strong, asked: [strong], escalations: reasons, triage: null };
    return reviewed(sure, playbook);
  }
  const fast = await ask(models.fast, ticket);
  return settled(ticket, { fast, strong, asked: [strong, fast] }, reasons, playbook);
}

/** Both models were asked: the strong one's answer counts whole, if there is one. */
function settled(
  ticket: Ticket,
  { fast, strong, asked }: { fast: Answer; strong: Answer; asked: Answer[] },
  escalations: Escalation[],
  playbook: Playbook,
): Decision {
  if (strong.kind === 'valid') {
    return reviewed({ ticket, answer: strong, asked, escalations, triage: null }, playbook);
  }
  const strongFailed = `strong model failed: ${failureText(strong)}`;
  if (fast.kind === 'valid') {
    const triage: Triage = { reason: 'strong_failed', detail: strongFailed };
    return { ticket, answer: fast, asked, escalations, triage };
  }
  const detail = `fast model failed: ${failureText(fast)}; ${strongFailed}`;
  return { ticket, answer: null, asked, escalations, triage: { reason: 'both_failed', detail } };
}

/** With `review_below`, a human looks at a final answer that is surer of nothing better. */
function reviewed(decision: Decision, playbook: Playbook): Decision {
  const { answer } = decision;
  if (playbook.reviewBelow === null || !answer) return decision;
  if (lowestConfidence(answer) >= playbook.reviewBelow) return decision;
  return { ...decision, triage: { reason: 'unsure', detail: 'unsure' } };
}

function unasked(ticket: Ticket, triage: Triage): Decision {
  return { ticket, answer: null, asked: [], escalations: [], triage };
}

function reasonOf(answer: Answer): string {
  return answer.kind === 'valid' ? '' : answer.why;
}

function failureText(answer: Answer): string {
  const request = answer.requestId ? ` (request ${answer.requestId})` : '';
  return reasonOf(answer) + request;
}

// A Ticket in, its Verdict out: the fast model first, the strong one where the fast can't be trusted.
import {
  FIELDS,
  type Answer,
  type Ask,
  type Escalation,
  type Ticket,
  type Triage,
  type ValidAnswer,
  type Verdict,
} from '../ticket.ts';
import type { Playbook } from '../playbook/playbook.ts';
import { escalateUnasked, escalateUnsure } from './escalate.ts';

/** Never rejects for the ticket's sake: what can't be classified becomes a verdict for a human. */
export async function decide(ticket: Ticket, ask: Ask, playbook: Playbook): Promise<Verdict> {
  const { fault } = ticket;
  if (fault !== null) return unasked(ticket, { reason: 'unreadable', detail: fault });
  if (!ticket.subject && !ticket.body) return unasked(ticket, { reason: 'empty', detail: 'empty' });

  const reasons = escalateUnasked(ticket, playbook);
  return reasons.length > 0
    ? strongFirst(ticket, ask, playbook, reasons)
    : fastFirst(ticket, ask, playbook);
}

async function fastFirst(ticket: Ticket, ask: Ask, playbook: Playbook): Promise<Verdict> {
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
): Promise<Verdict> {
  const { models } = playbook;
  const strong = await ask(models.strong, ticket);
  if (strong.kind === 'valid') {
    const verdict = { ticket, answer: strong, asked: [strong], escalations: reasons, triage: null };
    return reviewed(verdict, playbook);
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
): Verdict {
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
function reviewed(verdict: Verdict, playbook: Playbook): Verdict {
  const { answer } = verdict;
  if (playbook.reviewBelow === null || !answer) return verdict;
  if (lowestConfidence(answer) >= playbook.reviewBelow) return verdict;
  return { ...verdict, triage: { reason: 'unsure', detail: 'unsure' } };
}

export function lowestConfidence(answer: ValidAnswer): number {
  return Math.min(...FIELDS.map((field) => answer.confidence[field]));
}

function unasked(ticket: Ticket, triage: Triage): Verdict {
  return { ticket, answer: null, asked: [], escalations: [], triage };
}

function reasonOf(answer: Answer): string {
  return answer.kind === 'valid' ? '' : answer.why;
}

function failureText(answer: Answer): string {
  const request = answer.requestId ? ` (request ${answer.requestId})` : '';
  return reasonOf(answer) + request;
}

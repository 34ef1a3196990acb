import { textHash } from '../../src/ground/keys.ts';
import { count, countCall, type Tally } from '../../src/output/tally.ts';
import type {
  Answer,
  Field,
  InvalidAnswer,
  NoAnswer,
  Routed,
  ValidAnswer,
} from '../../src/ticket.ts';

const paid = {
  key: null,
  model: 'claude-haiku-4-5',
  attempts: 1,
  unknown: 0,
  unknownCost: 0,
  requestId: 'req_1',
  simulated: false,
  usage: { input: 200, cacheRead: 4_500, cacheWrite: 0, output: 90 },
  cost: 2_200_000,
  latencyMs: 900,
  batch: null,
  answeredAt: '2026-11-22T10:31:00.000Z',
  reused: false,
  shared: false,
};

const sure: Record<Field, number> = { team: 0.9, ticket_type: 0.9, urgency: 0.9, sentiment: 0.9 };

/** A valid answer of the fast model, but for what is given. */
export function valid(given: Partial<ValidAnswer> = {}): ValidAnswer {
  return {
    ...paid,
    kind: 'valid',
    labels: {
      team: 'billing',
      ticket_type: 'account_question',
      urgency: 'normal',
      sentiment: 'neutral',
    },
    confidence: sure,
    summary: 'A question about an invoice.',
    routingReason: 'It is about an invoice.',
    ...given,
  };
}

export function invalid(given: Partial<InvalidAnswer> = {}): InvalidAnswer {
  return { ...paid, kind: 'invalid', why: 'no tool call', ...given };
}

export function none(given: Partial<NoAnswer> = {}): NoAnswer {
  return {
    kind: 'none',
    key: null,
    model: 'claude-haiku-4-5',
    attempts: 4,
    unknown: 0,
    unknownCost: 0,
    requestId: null,
    simulated: false,
    reused: false,
    shared: false,
    why: '529 overloaded_error',
    ...given,
  };
}

/** A ticket that was classified at once, but for what is given. */
export function routed(given: Partial<Routed> = {}): Routed {
  const answer = valid();
  const asked: Answer[] = [answer];
  return {
    ticket: {
      place: 0,
      id: 'T-1',
      hasOwnId: true,
      textHash: textHash('T-1'),
      subject: 'Invoice',
      body: 'Where is it?',
      accountTier: 'standard',
      language: 'en',
      patterns: [],
      fault: null,
      row: {
        kind: 'json',
        file: 'stdin',
        line: 1,
        bytes: 50,
        fault: null,
        text: '{}',
        value: {},
      },
    },
    answer,
    asked,
    escalated: (given.escalations ?? []).length > 0,
    escalations: [],
    triage: null,
    ofFirstRow: false,
    past: null,
    queue: 'billing-normal',
    rule: 'by-team',
    slaMinutes: 1_440,
    ...given,
  };
}

/** Counts a ticket and the calls that were made for it. */
export function countAll(tally: Tally, ticket: Routed): void {
  for (const answer of ticket.asked) if (!answer.reused) countCall(tally, answer);
  count(tally, ticket);
}

// A playbook, tickets and answers for tests, to be varied where a test needs it.
import { fileURLToPath } from 'node:url';
import { textHash } from '../src/ground/keys.ts';
import { loadPlaybook } from '../src/playbook/load-playbook.ts';
import type { Playbook } from '../src/playbook/playbook.ts';
import type {
  Answer,
  Field,
  InvalidAnswer,
  NoAnswer,
  Ticket,
  ValidAnswer,
  Verdict,
} from '../src/ticket.ts';

export const SUPPORT = fileURLToPath(new URL('../prompts/support', import.meta.url));
export const SAMPLES = fileURLToPath(new URL('../samples/', import.meta.url));

export function supportPlaybook(changes: Partial<Playbook> = {}): Promise<Playbook> {
  return loadPlaybook(SUPPORT).then((playbook) => ({ ...playbook, ...changes }));
}

export function ticket(changes: Partial<Ticket> = {}): Ticket {
  return {
    place: 0,
    id: 'T-1',
    hasOwnId: true,
    textHash: textHash('T-1'),
    subject: 'Charged twice',
    body: 'Our card was charged twice.',
    accountTier: 'standard',
    language: 'en',
    patterns: [],
    fault: null,
    row: { kind: 'json', file: 'test', line: 1, bytes: 10, text: '{}', value: {}, fault: null },
    ...changes,
  };
}

const PAID = {
  key: null,
  attempts: 1,
  unknown: 0,
  unknownCost: 0,
  requestId: 'req_1',
  simulated: false,
  usage: { input: 700, cacheRead: 7000, cacheWrite: 0, output: 120 },
  cost: 4_000_000,
  latencyMs: 900,
  batch: null,
  answeredAt: '2026-11-02T10:00:00.000Z',
  reused: false,
  shared: false,
};

interface Sureness {
  labels?: Partial<Record<Field, string>>;
  confidence?: Partial<Record<Field, number>>;
  model?: string;
}

export function valid({
  labels,
  confidence,
  model = 'claude-haiku-4-5',
}: Sureness = {}): ValidAnswer {
  return {
    kind: 'valid',
    model,
    ...PAID,
    labels: {
      team: 'billing',
      ticket_type: 'billing_dispute',
      urgency: 'high',
      sentiment: 'neutral',
      ...labels,
    },
    confidence: { team: 0.9, ticket_type: 0.9, urgency: 0.9, sentiment: 0.9, ...confidence },
    summary: 'Charged twice for October.',
    routingReason: 'A duplicate charge.',
  };
}

export function invalid(why: string, model = 'claude-haiku-4-5'): InvalidAnswer {
  return { kind: 'invalid', model, why, ...PAID };
}

export function none(why: string, model = 'claude-haiku-4-5'): NoAnswer {
  const { attempts, unknown, unknownCost, requestId, simulated, reused, shared } = PAID;
  const sent = { attempts, unknown, unknownCost };
  return { kind: 'none', model, key: null, why, requestId, simulated, reused, shared, ...sent };
}

export function verdict(answer: ValidAnswer | null, changes: Partial<Verdict> = {}): Verdict {
  const asked: Answer[] = answer ? [answer] : [];
  const escalated = (changes.escalations ?? []).length > 0;
  const nothing = { escalations: [], triage: null, past: null, ofFirstRow: false };
  return { ticket: ticket(), answer, asked, escalated, ...nothing, ...changes };
}

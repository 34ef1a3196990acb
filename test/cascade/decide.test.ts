import { describe, expect, test } from 'vitest';
import { decide } from '../../src/cascade/decide.ts';
import { type Answer, type Ask, type Ticket, escalationText } from '../../src/ticket.ts';
import { invalid, none, supportPlaybook, ticket, valid } from '../example.ts';

const FAST = 'claude-haiku-4-5';
const STRONG = 'claude-sonnet-4-6';
const playbook = await supportPlaybook();

/** An `ask` with one answer a model, which remembers who was asked. */
function scripted(answers: { fast?: Answer; strong?: Answer }): Ask & { asked: string[] } {
  const asked: string[] = [];
  const ask: Ask = async (model) => {
    asked.push(model);
    const answer = model === FAST ? answers.fast : answers.strong;
    if (!answer) throw new Error(`${model} was not to be asked`);
    return answer;
  };
  return Object.assign(ask, { asked });
}

const sure = valid();
const unsure = valid({ confidence: { team: 0.62 } });
const strong = valid({ model: STRONG, labels: { team: 'product' } });

interface Case {
  what: string;
  ticket?: Partial<Ticket>;
  fast?: Answer;
  strong?: Answer;
  asked: string[];
  team: string | null;
  escalation: string;
  triage: string | null;
}

const cases: Case[] = [
  {
    what: 'keeps a sure fast answer',
    fast: sure,
    asked: [FAST],
    team: 'billing',
    escalation: '',
    triage: null,
  },
  {
    what: 'replaces an unsure fast answer whole',
    fast: unsure,
    strong,
    asked: [FAST, STRONG],
    team: 'product',
    escalation: 'team 0.62 < 0.75',
    triage: null,
  },
  {
    what: 'names every field that is unsure',
    fast: valid({ confidence: { team: 0.62, sentiment: 0.7 } }),
    strong,
    asked: [FAST, STRONG],
    team: 'product',
    escalation: 'team 0.62 < 0.75; sentiment 0.7 < 0.75',
    triage: null,
  },
  {
    what: 'sends a foreign language straight to the strong model',
    ticket: { language: 'de' },
    strong,
    asked: [STRONG],
    team: 'product',
    escalation: 'language de',
    triage: null,
  },
  {
    what: 'sends a pattern straight to the strong model',
    ticket: { patterns: ['breach'] },
    strong,
    asked: [STRONG],
    team: 'product',
    escalation: 'pattern breach',
    triage: null,
  },
  {
    what: 'does not take an undetected language for a foreign one',
    ticket: { language: null },
    fast: sure,
    asked: [FAST],
    team: 'billing',
    escalation: '',
    triage: null,
  },
  {
    what: 'asks the strong model where the fast one fails',
    fast: none('529 overloaded_error'),
    strong,
    asked: [FAST, STRONG],
    team: 'product',
    escalation: 'fast model failed: 529 overloaded_error',
    triage: null,
  },
  {
    what: 'takes an invalid answer for none',
    fast: invalid('team "sales" is not a label'),
    strong,
    asked: [FAST, STRONG],
    team: 'product',
    escalation: 'fast model failed: team "sales" is not a label',
    triage: null,
  },
  {
    what: 'keeps unsure fast labels for a human where the strong model fails',
    fast: unsure,
    strong: none('timed out after 60 s', STRONG),
    asked: [FAST, STRONG],
    team: 'billing',
    escalation: 'team 0.62 < 0.75',
    triage: 'strong model failed: timed out after 60 s (request req_1)',
  },
  {
    what: 'asks the fast model after all where the strong one fails straight away',
    ticket: { language: 'fr' },
    fast: sure,
    strong: invalid('no call of classify_ticket', STRONG),
    asked: [STRONG, FAST],
    team: 'billing',
    escalation: 'language fr',
    triage: 'strong model failed: no call of classify_ticket (request req_1)',
  },
  {
    what: 'gives a ticket that both models fail to a human, with reasons and request ids',
    fast: none('529 overloaded_error'),
    strong: invalid('the model refused to answer', STRONG),
    asked: [FAST, STRONG],
    team: null,
    escalation: 'fast model failed: 529 overloaded_error',
    triage:
      'fast model failed: 529 overloaded_error (request req_1); ' +
      'strong model failed: the model refused to answer (request req_1)',
  },
  {
    what: 'asks nobody about a ticket without text',
    ticket: { subject: '', body: '' },
    asked: [],
    team: null,
    escalation: '',
    triage: 'empty',
  },
  {
    what: 'asks nobody about a row that is no ticket',
    ticket: { fault: 'the line is not JSON' },
    asked: [],
    team: null,
    escalation: '',
    triage: 'the line is not JSON',
  },
];

describe('decide', () => {
  test.each(cases)('$what', async (given) => {
    const answers = {
      ...(given.fast && { fast: given.fast }),
      ...(given.strong && { strong: given.strong }),
    };
    const ask = scripted(answers);
    const verdict = await decide(ticket(given.ticket), ask, playbook);
    expect(ask.asked).toEqual(given.asked);
    expect(verdict.answer?.labels.team ?? null).toBe(given.team);
    expect(escalationText(verdict.escalations)).toBe(given.escalation);
    expect(verdict.triage?.detail ?? null).toBe(given.triage);
    expect(verdict.asked).toHaveLength(given.asked.length);
  });

  test('sends a final answer under review_below to a human, labels kept', async () => {
    const strict = { ...playbook, reviewBelow: 0.5 };
    const weak = valid({ model: STRONG, confidence: { urgency: 0.49 } });
    const verdict = await decide(ticket(), scripted({ fast: unsure, strong: weak }), strict);
    expect(verdict.triage).toEqual({ reason: 'unsure', detail: 'unsure' });
    expect(verdict.answer).toBe(weak);
  });

  test('passes on what ends the run', async () => {
    const ask: Ask = () => Promise.reject(new Error('401'));
    await expect(decide(ticket(), ask, playbook)).rejects.toThrow('401');
  });
});

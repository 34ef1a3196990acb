// A way to ask that sends nothing: what the ledger does not answer has no answer yet.
import type { Policy } from '../settings/ledger-policy.ts';
import type { Asker } from '../ground/keys.ts';
import type { Playbook } from '../playbook/playbook.ts';
import type { Ask, NoAnswer } from '../ticket.ts';
import { answerOfLine } from './answer-line.ts';
import type { KnownAnswers } from './ledger.ts';
import { usable } from './remember.ts';

export interface AskLedgerOptions {
  ledger: KnownAnswers;
  playbook: Playbook;
  askerOf: (model: string) => Asker;
  policy: Policy;
}

export function askLedger({ ledger, playbook, askerOf, policy }: AskLedgerOptions): Ask {
  return async (model, { textHash }) => {
    const line = usable(ledger, askerOf(model), textHash, playbook, policy);
    return line ? answerOfLine(line) : { ...NOT_ASKED, model };
  };
}

const NOT_ASKED: Omit<NoAnswer, 'model'> = {
  kind: 'none',
  key: null,
  why: 'not asked yet',
  attempts: 0,
  unknown: 0,
  unknownCost: 0,
  requestId: null,
  simulated: false,
  reused: false,
  shared: false,
};

// Verdict → queue, rule and SLA: the playbook's rules, first match wins. Pure.
import { FIELDS, type Routed, type Verdict } from './ticket.ts';
import { HUMAN_TRIAGE, type Condition, type Rule } from './playbook/playbook.ts';

const CONDITIONS: readonly Condition[] = [...FIELDS, 'account_tier'];
const VARIABLE = new RegExp(`\\{(${CONDITIONS.join('|')})\\}`, 'g');

/** @throws if no rule matches, which a checked playbook rules out. */
export function route(verdict: Verdict, rules: readonly Rule[]): Routed {
  const { answer, triage, ticket } = verdict;
  // Spreads come last, here and below: V8 takes microseconds to add a key behind one.
  if (triage || !answer) return { ...HUMAN_TRIAGE, rule: '', ...verdict };
  const facts = { account_tier: ticket.accountTier, ...answer.labels };
  const rule = rules.find(({ when }) => matches(when, facts));
  if (!rule) throw new Error('no routing rule matches, not even the last');
  const queue = rule.queue.replace(VARIABLE, (_, name: Condition) => facts[name]);
  return { queue, rule: rule.name, slaMinutes: rule.slaMinutes, ...verdict };
}

function matches(when: Rule['when'], facts: Record<Condition, string>): boolean {
  return CONDITIONS.every((condition) => {
    const wanted = when[condition];
    if (!wanted) return true;
    const fact = facts[condition].toLowerCase();
    return wanted.some((value) => value.toLowerCase() === fact);
  });
}

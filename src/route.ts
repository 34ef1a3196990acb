// Verdict → queue, rule and SLA: the playbook's rules, first match wins. Pure.
import { FIELDS, type Field, type Routed, type ValidAnswer, type Verdict } from './ticket.ts';
import { HUMAN_TRIAGE, type Condition, type Rule } from './playbook/playbook.ts';

/** @throws if no rule matches, which a checked playbook rules out. */
export function route(verdict: Verdict, rules: readonly Rule[]): Routed {
  const { answer, triage, ticket } = verdict;
  if (triage || !answer) return { ...verdict, ...HUMAN_TRIAGE, rule: '' };
  const facts = factsOf(answer, ticket.accountTier);
  const rule = rules.find(({ when }) => matches(when, facts));
  if (!rule) throw new Error('no routing rule matches, not even the last');
  const queue = rule.queue.replace(/\{(\w+)\}/g, (text, name) => facts.get(name) ?? text);
  return { ...verdict, queue, rule: rule.name, slaMinutes: rule.slaMinutes };
}

function factsOf(answer: ValidAnswer, accountTier: string): Map<string, string> {
  const labels = FIELDS.map((field: Field): [string, string] => [field, answer.labels[field]]);
  return new Map([...labels, ['account_tier', accountTier]]);
}

function matches(when: Rule['when'], facts: Map<string, string>): boolean {
  const conditions: Condition[] = [...FIELDS, 'account_tier'];
  return conditions.every((condition) => {
    const wanted = when[condition];
    const fact = facts.get(condition)?.toLowerCase();
    return !wanted || wanted.some((value) => value.toLowerCase() === fact);
  });
}

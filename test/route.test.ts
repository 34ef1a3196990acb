import { expect, test } from 'vitest';
import { route } from '../src/route.ts';
import { supportPlaybook, ticket, valid, verdict } from './example.ts';

const { rules } = await supportPlaybook();

test.each([
  ['security', 'critical', 'angry', 'urgent-security', 15],
  ['infrastructure', 'critical', 'neutral', 'critical-infrastructure', 60],
  ['billing', 'high', 'angry', 'priority-billing', 240],
  ['billing', 'high', 'frustrated', 'billing-high', 480],
  ['security', 'high', 'neutral', 'security-high', 480],
  ['product', 'normal', 'angry', 'product-normal', 1440],
  ['general', 'low', 'positive', 'general-low', 4320],
])('%s, %s and %s goes to %s within %i minutes', (team, urgency, sentiment, queue, minutes) => {
  const routed = route(verdict(valid({ labels: { team, urgency, sentiment } })), rules);
  expect([routed.queue, routed.slaMinutes]).toEqual([queue, minutes]);
});

test('a verdict for a human goes to human triage whatever its labels say', () => {
  const given = verdict(valid(), { triage: { reason: 'unsure', detail: 'unsure' } });
  expect(route(given, rules)).toMatchObject({
    queue: 'needs-human-triage',
    slaMinutes: 60,
    rule: '',
  });
});

test('a rule can ask for the account tier, in any case, and for one label of several', () => {
  const rule = {
    name: 'vip',
    when: { account_tier: ['enterprise'], urgency: ['normal', 'high'] },
    queue: 'vip-{team}',
    slaMinutes: 30,
  };
  const given = (accountTier: string) => ({ ...verdict(valid()), ticket: ticket({ accountTier }) });
  expect(route(given('Enterprise'), [rule, ...rules]).queue).toBe('vip-billing');
  expect(route(given('standard'), [rule, ...rules]).queue).toBe('billing-high');
});

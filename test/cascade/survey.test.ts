import { expect, it } from 'vitest';
import { survey } from '../../src/cascade/survey.ts';
import { answerKey, askersFor, textHash } from '../../src/ground/keys.ts';
import { memoryOf } from '../../src/ledger/memory.ts';
import { findIn } from '../../src/ledger/remember.ts';
import { checkFlags, type Flags } from '../../src/settings/flags.ts';
import { policyOf } from '../../src/settings/ledger-policy.ts';
import type { Find, Row, Ticket } from '../../src/ticket.ts';
import { FAST, openParts, STRONG, type Parts } from '../batch/parts.ts';
import { ticket, valid } from '../example.ts';

function about(id: string, body: string, changes: Partial<Ticket> = {}): Ticket {
  return ticket({ id, body, textHash: textHash(body), ...changes });
}

/** What a run by batch over the tickets would have to ask next. */
function surveyor(parts: Parts, flags: Partial<Flags> = {}) {
  const { ledger, playbook, host, clock } = parts;
  const all = { ...checkFlags({ batch: true }), ...flags };
  const askerOf = askersFor(host, playbook);
  const known = findIn({ ledger, playbook, askerOf, policy: policyOf(all, clock.now()) });
  const find: Find = (model, of) =>
    known(model, of) ?? ledger.batches.givenUp(answerKey(askerOf(model), of.textHash), model);
  return async (tickets: readonly Ticket[]): Promise<string[]> => {
    const byRow = new Map<Row, Ticket>(tickets.map((each) => [{ ...each.row }, each]));
    async function* rows() {
      yield* byRow.keys();
    }
    const { firstPerTicket, keepFirst } = all;
    const memory = memoryOf({ ledger, playbook, keepFirst, now: clock.now });
    const asked: string[] = [];
    for await (const surveyed of survey(rows(), {
      toTicket: (row) => byRow.get(row) ?? ticket(),
      find,
      kept: (of) => memory.recall(of).kept,
      playbook,
      firstPerTicket,
    })) {
      if (surveyed.kind !== 'looked up' || surveyed.step.kind !== 'ask') continue;
      const { id, body } = surveyed.ticket;
      asked.push(`${playbook.models[surveyed.step.role]} ${id} ${body}`);
    }
    return asked;
  };
}

async function answer(parts: Parts, model: string, { textHash: text }: Ticket, sureness: number) {
  const { ledger, host, playbook } = parts;
  const asker = { host, model, promptHash: playbook.promptHash };
  const confidence = { team: sureness };
  const said = { ...valid({ confidence, model }), simulated: true };
  await ledger.keep(said, { textHash: text, language: 'en' }, asker, playbook.identity);
}

it('asks the fast model first, the strong one about what it knows before and what the fast is unsure of', async () => {
  const parts = await openParts();
  const ask = surveyor(parts);
  const [plain, foreign, sure, unsure] = [
    about('1', 'How do I log in?'),
    about('2', 'Wo finde ich die Rechnung?', { language: 'de' }),
    about('3', 'The page is slow.'),
    about('4', 'It is broken.'),
  ];
  await answer(parts, FAST, sure, 0.9);
  await answer(parts, FAST, unsure, 0.2);
  expect(await ask([plain, foreign, sure, unsure])).toEqual([
    `${FAST} 1 How do I log in?`,
    `${STRONG} 2 Wo finde ich die Rechnung?`,
    `${STRONG} 4 It is broken.`,
  ]);
});

it('asks nothing about what can not be sent', async () => {
  const ask = surveyor(await openParts());
  expect(
    await ask([about('1', '', { subject: '' }), about('2', '{', { fault: 'no JSON' })]),
  ).toEqual([]);
});

it('asks both models of what the strong one has given up, and no more of what both have', async () => {
  const parts = await openParts();
  const ask = surveyor(parts);
  const foreign = about('2', 'Wo finde ich die Rechnung?', { language: 'de' });
  const { ledger, host, playbook } = parts;
  expect(await ask([foreign])).toEqual([`${STRONG} 2 ${foreign.body}`]);
  for (const model of [STRONG, FAST]) {
    const key = answerKey(askersFor(host, playbook)(model), foreign.textHash);
    const line = { kind: 'unanswered', key, text: foreign.textHash, host, model } as const;
    const time = new Date(0).toISOString();
    ledger.keepBatch({ ...line, time, batch: `b-${model}`, why: 'bad', passing: false });
    const left = await surveyor(parts)([foreign]);
    expect(left).toEqual(model === STRONG ? [`${FAST} 2 ${foreign.body}`] : []);
  }
});

it('with --first-per-ticket asks about the first row of an id that has a text, in each round', async () => {
  const parts = await openParts();
  const ask = surveyor(parts, { firstPerTicket: true });
  const tickets = [
    about('1', '', { subject: '' }),
    about('1', 'The first message.'),
    about('2', 'Another ticket.'),
    about('1', 'The second message.'),
    about('1', 'The first message.'),
  ];
  const first = [`${FAST} 1 The first message.`, `${FAST} 2 Another ticket.`];
  expect(await ask(tickets)).toEqual(first);
  expect(await ask(tickets)).toEqual(first);
  await answer(parts, FAST, about('1', 'The first message.'), 0.9);
  expect(await ask(tickets)).toEqual(first.slice(1));
});

it('asks once more about each row of a text: who sends it knows what is out', async () => {
  const ask = surveyor(await openParts());
  expect(await ask([about('1', 'Hello?'), about('2', 'Hello?')])).toHaveLength(2);
});

/** Of ticket 1, whose text has changed since. */
async function withVerdict(parts: Parts): Promise<void> {
  const old = about('1', 'The old text.');
  await answer(parts, FAST, old, 0.9);
  const { ledger, playbook, host } = parts;
  const line = ledger.find(askersFor(host, playbook)(FAST), old.textHash);
  ledger.keepVerdict({
    kind: 'verdict',
    id: '1',
    text: old.textHash,
    repeated: false,
    queue: 'billing-high',
    rule: 'rest',
    sla_minutes: 480,
    team: 'billing',
    ticket_type: 'billing_dispute',
    urgency: 'high',
    sentiment: 'neutral',
    model: FAST,
    playbook: playbook.identity,
    asked: [line?.key ?? ''],
    answer: line?.key ?? null,
    escalations: [],
    triage: null,
    patterns: [],
    time: '2026-11-02T10:00:00.000Z',
  });
  await ledger.sync();
}

it('with --keep-first asks nothing about a ticket whose text has changed', async () => {
  const parts = await openParts();
  await withVerdict(parts);
  const changed = [about('1', 'The new text.')];
  expect(await surveyor(parts)(changed)).toEqual([`${FAST} 1 The new text.`]);
  expect(await surveyor(parts, { keepFirst: true })(changed)).toEqual([]);
});

it('with --keep-first asks the same in each round, also where an id stands on several rows', async () => {
  const parts = await openParts();
  await withVerdict(parts);
  const ask = surveyor(parts, { keepFirst: true });
  const rows = [about('1', 'The new text.'), about('1', 'One more message.')];
  const first = await ask(rows);
  expect(first).toEqual([`${FAST} 1 One more message.`]);
  expect(await ask(rows)).toEqual(first);
});

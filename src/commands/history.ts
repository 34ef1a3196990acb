// Every verdict on one ticket, as a table or as JSON.
import { ledgerNamed } from '../settings/ledger-policy.ts';
import { escalationText } from '../ticket.ts';
import { halfNanosOf, roundedUsd } from '../ground/money.ts';
import { EXIT } from '../ground/errors.ts';
import type { VerdictLine } from '../ledger/format.ts';
import { historyOf, type History, type PastVerdict } from '../ledger/history-of.ts';
import { plural } from '../ground/figures.ts';
import { printed, printedJson } from '../ground/printable.ts';
import { alignLeft, alignRight, shorten } from '../ground/text-table.ts';
import type { Context } from '../run/context.ts';

const WHEN = 16;
const VERDICT = 50;
const COST = 10;
const GAP = '  ';
/** What a verdict's further lines have: all but its time, up to the 80th column. */
const DETAIL = VERDICT + GAP.length + COST;

export async function historyCommand(
  id: string,
  flags: Record<string, unknown>,
  { stdout }: Context,
): Promise<number> {
  const history = await historyOf(ledgerNamed(flags), id);
  stdout.write(flags['json'] ? asJson(id, history) : asTable(id, history));
  return EXIT.ok;
}

function asJson(id: string, { simulated, verdicts }: History): string {
  const told = verdicts.map(({ verdict, answers }) => ({ ...verdict, answers }));
  return printedJson({ id, simulated, verdicts: told });
}

function asTable(id: string, { simulated, verdicts }: History): string {
  const lines = verdicts.flatMap((past, at) => [
    row(past.verdict.time.slice(0, WHEN).replace('T', ' '), past.verdict.queue, costText(past)),
    ...details(past.verdict, verdicts[at - 1]?.verdict, simulated).map(
      (detail) => `${' '.repeat(WHEN)}${GAP}${shorten(detail, DETAIL)}`,
    ),
  ]);
  const count = plural(verdicts.length, 'verdict');
  const heading = `${shorten(id, DETAIL)}: ${count}`;
  return printed(heading, '', row('when (UTC)', 'verdict', 'cost'), ...lines);
}

function row(when: string, verdict: string, cost: string): string {
  const cells = [
    alignLeft(when, WHEN),
    alignLeft(shorten(verdict, VERDICT), VERDICT),
    alignRight(cost, COST),
  ];
  return cells.join(GAP);
}

function details(
  verdict: VerdictLine,
  before: VerdictLine | undefined,
  simulated: boolean,
): string[] {
  const { team, ticket_type, urgency, sentiment, model, escalations, triage } = verdict;
  const changes = [
    ...(before && before.text !== verdict.text ? ['the text had changed'] : []),
    ...(before && before.queue !== verdict.queue ? [`the queue was ${before.queue}`] : []),
  ];
  return [
    changes.length > 0 ? `* ${changes.join('; ')}` : '',
    [team, ticket_type, urgency, sentiment].filter((label) => label !== null).join(', '),
    model === null ? '' : simulated ? `simulated/${model}` : model,
    escalations.length > 0 ? `escalated: ${escalationText(escalations)}` : '',
    triage ? `for a human: ${triage.detail}` : '',
  ].filter((detail) => detail !== '');
}

function costText({ verdict, answers }: PastVerdict): string {
  if (answers.length < verdict.asked.length) return 'unknown';
  return roundedUsd(answers.reduce((sum, { cost_usd }) => sum + halfNanosOf(cost_usd), 0));
}

// The estimate in; what a person reads before a run out.
import { roundedUsd, halfNanosOf } from '../ground/money.ts';
import { BYTES_PER_TOKEN } from '../claude/token-guess.ts';
import { compact, percent, plural, span, thousands } from '../ground/figures.ts';
import { shorten, textTable } from '../ground/text-table.ts';
import type { Range } from './escalation-share.ts';
import type { Estimate, EstimatedCalls } from './estimate-format.ts';

const WIDTH = 80;
const SIMULATED = 'SIMULATED: the answers in this ledger are made up, and so are these figures.';

/** In lines of at most 80 columns. */
export function estimateText(estimate: Estimate): string[] {
  const blocks = [tickets(estimate)];
  if (isNothingLeft(estimate)) blocks.push(['Nothing is left to pay for.']);
  else blocks.push(calls(estimate), cost(estimate), time(estimate), basis(estimate));
  if (estimate.thresholds !== null) blocks.push(thresholds(estimate));
  if (estimate.simulated) blocks.unshift([SIMULATED]);
  const filled = blocks.filter((block) => block.length > 0);
  return filled.flatMap((block, at) => (at === 0 ? block : ['', ...block]));
}

/** `$1.20 to $1.90`. */
export function moneyRange({ low, high }: Range): string {
  const [least, most] = [money(low), money(high)];
  return least === most ? most : `${least} to ${most}`;
}

export function isNothingLeft({ calls: { fast, strong } }: Estimate): boolean {
  return fast.calls.high + strong.calls.high === 0;
}

function tickets({ tickets: found, models }: Estimate): string[] {
  const { fast, strong } = models;
  const { language, pattern } = found.straight_by;
  const parts: [name: string, count: number][] = [
    ['  in the ledger', found.in_ledger],
    ['  with the text of an earlier one', found.duplicates],
    ['  of the first row of their ticket', found.shared],
    ['  without text: not sent', found.empty],
    ['  unreadable: not sent', found.unreadable],
    [`  to ask of ${fast}`, found.fast + found.fast_alone],
    [`  to ask again of ${strong}`, found.unsure],
    [`  straight to ${strong}`, found.straight],
    ['    for their language', language],
    ['    for a pattern', pattern],
  ];
  const rows = parts
    .filter(([, count]) => count > 0)
    .map(([name, count]) => [name, thousands(count), percent(count / found.all)]);
  const table = textTable([['Tickets', thousands(found.all), ''], ...rows], WIDTH);
  return [...table.map((line) => line.trimEnd()), ...otherPlaybook(found.other_playbook)];
}

function otherPlaybook(count: number): string[] {
  if (count === 0) return [];
  const were = count === 1 ? '1 text was' : `${thousands(count)} texts were`;
  return [
    `${were} answered under another playbook, so the run would stop and ask:`,
    '--reask pays again, as is reckoned here; --keep-answers uses the old answers.',
  ];
}

function calls({ calls: { fast, strong } }: Estimate): string[] {
  const rows = [fast, strong]
    .filter((model) => model.calls.high > 0)
    .map((model) => [
      model.model,
      range(model.calls),
      compact(model.input_tokens.high),
      compact(model.cache_read_tokens.high + model.cache_write_tokens.high),
      compact(model.output_tokens.high),
      moneyRange(model.cost_usd),
    ]);
  const heading = ['Model (tokens at most)', 'calls', 'input', 'cached', 'output', 'cost'];
  return textTable([heading, ...rows], WIDTH);
}

function cost({ cost: priced, batch, models }: Estimate): string[] {
  const { live_usd, batch_usd, batch_saves, strong_alone_usd } = priced;
  const table = textTable(
    [
      ['Cost', '', ''],
      ['  live', moneyRange(live_usd), ''],
      ['  by batch (--batch)', moneyRange(batch_usd), `${percent(batch_saves)} saved`],
      [`  ${models.strong} alone, for every text`, money(strong_alone_usd), ''],
    ],
    WIDTH,
  );
  const { batches, upload_bytes: bytes } = batch;
  const few = batches.high === 1 ? 'one batch' : `${range(batches)} batches`;
  return [
    ...table.map((line) => line.trimEnd()),
    `  By batch, if each request finds the prompt cached: ${megabytes(bytes.high)} in ${few}.`,
    '  Most are done within an hour, all within a day; what is escalated comes after.',
  ];
}

function megabytes(bytes: number): string {
  return bytes < 1e6 ? 'under 1 MB' : `${thousands(bytes / 1e6)} MB`;
}

function time({ account_tiers: tiers, models }: Estimate): string[] {
  if (tiers.length === 0) {
    const names = [...new Set([models.fast, models.strong])].join(' and ');
    return ['Time', `  How much may be asked of ${names} a minute is not known here.`];
  }
  const lines = tiers.map(({ tier, seconds, per_minute, limit, model }) => {
    const what = limit === 'requests' ? 'requests' : `${limit} tokens`;
    const bound = `${thousands(per_minute)} ${what} a minute of ${model}`;
    return shorten(`  ${tier.padEnd(8)}${span(seconds).padStart(13)}   ${bound}`, WIDTH);
  });
  return ["Time that an account's limits allow", ...lines];
}

function basis(estimate: Estimate): string[] {
  const { fast, strong } = estimate.calls;
  const asked = [fast, strong].filter(({ calls: { high } }) => high > 0);
  const lines = [...escalation(estimate), ...asked.flatMap(perCall)];
  return ['Judged by', ...lines.map((line) => shorten(line, WIDTH))];
}

function escalation({ escalation: judged, tickets: { fast }, models }: Estimate): string[] {
  if (fast === 0) return [];
  const shares = `${percent(judged.low).replace(' %', '')} to ${percent(judged.high)}`;
  const why = {
    input: `as of ${plural(judged.judged_by, 'text')} here that it has answered`,
    ledger: `as in its newest ${plural(judged.judged_by, 'answer')} in the ledger`,
    assumed: 'assumed, for want of answers',
  }[judged.from];
  return [`  ${models.fast} unsure of ${shares} of ${plural(fast, 'ticket')}:`, `    ${why}`];
}

function perCall({ model, per_call: { known, ...tokens } }: EstimatedCalls): string[] {
  const parts: [tokens: number, what: string, isKnown: boolean][] = [
    [tokens.prefix_tokens, 'of cached prompt', known.prefix],
    [tokens.overhead_tokens, 'beside the text', known.overhead],
    [tokens.output_tokens, 'of answer', known.output],
  ];
  const told = parts.map(([count, what, isKnown]) => {
    return `${isKnown ? '' : 'about '}${thousands(count)} ${what}`;
  });
  return [
    `  ${model}, tokens a call and 1 for ${BYTES_PER_TOKEN} bytes of text:`,
    `    ${told.join(', ')}`,
  ];
}

function thresholds({ thresholds: steps, models }: Estimate): string[] {
  const rows = steps ?? [];
  const texts = rows[0]?.texts ?? 0;
  if (texts === 0) {
    return [
      `The ledger holds no answer of ${models.fast} to these tickets: no table of thresholds.`,
    ];
  }
  const heading = ['Threshold', 'escalated', 'share', 'to pay', 'both known', 'same team'];
  const table = rows.map((row) => [
    row.threshold.toFixed(2),
    thousands(row.escalated),
    percent(row.share),
    money(row.to_pay_usd),
    thousands(row.both_known),
    row.both_known === 0 ? '–' : percent(row.same_team / row.both_known),
  ]);
  return [
    `Of ${plural(texts, 'text')} that ${models.fast} has answered:`,
    ...textTable([heading, ...table], WIDTH),
  ];
}

function range({ low, high }: Range): string {
  return low === high ? thousands(low) : `${thousands(low)}–${thousands(high)}`;
}

function money(usd: number): string {
  return roundedUsd(halfNanosOf(usd));
}

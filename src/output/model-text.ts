// What the models were asked and what that cost, of the summary; blocks of what a person reads out.
import { BOUNDS } from '../claude/lane.ts';
import { compact, percent, plural, thousands } from '../ground/figures.ts';
import { roundedUsd } from '../ground/money.ts';
import { alignLeft, alignRight, shorten, textTable, textWidth } from '../ground/text-table.ts';
import { bold, dim, headed, WIDTH, yellow, type Line } from './painted.ts';
import type { ModelSummary, Summary } from './summary-format.ts';

export function models(summary: Summary): Line[] {
  const called = Object.entries(summary.by_model).filter(([, model]) => model.calls > 0);
  const rows = called.map(([name, model]) => [
    name,
    compact(model.calls),
    compact(model.retries),
    compact(model.input_tokens + model.cache_read_tokens + model.cache_write_tokens),
    compact(model.output_tokens),
    percent(model.cached_share),
    latency(model.latency_p50_ms),
    latency(model.latency_p95_ms),
    money(model.cost_usd),
  ]);
  const heading = ['Model', 'calls', 'retries', 'input', 'output', 'cached', 'p50', 'p95', 'cost'];
  const notes = Object.entries(summary.by_model).flatMap(([name, model]) =>
    [unusual(model), heldBack(model, summary.seconds)]
      .filter((text) => text !== '')
      .map((text) => dim(`  ${shorten(`${shorten(name, 30)}: ${text}`, WIDTH - 2)}`)),
  );
  const table = rows.length > 0 ? textTable([heading, ...rows], WIDTH) : ['Model'];
  return rows.length + notes.length > 0 ? [...headed(table), ...notes] : [];
}

function unusual({ reused, invalid, failed }: ModelSummary): string {
  return [
    reused > 0 ? `${thousands(reused)} reused` : '',
    invalid > 0 ? `${thousands(invalid)} invalid but paid for` : '',
    failed > 0 ? `${thousands(failed)} unanswered` : '',
  ]
    .filter((text) => text !== '')
    .join(', ');
}

/** What limited a model's calls for most of the run, if anything did. */
function heldBack(model: ModelSummary, seconds: number): string {
  // Each lane opens by degrees; that is worth no word to those who did not ask.
  const longest = waits(model).find(({ by }) => by !== BOUNDS.get('growth'));
  return longest && longest.seconds > seconds / 2 ? `limited by ${longest.by}` : '';
}

/** All that calls had to wait for, for those who want to know it. */
export function allWaits({ by_model: all }: Summary): Line[] {
  const rows = Object.entries(all).flatMap(([name, model]) =>
    waits(model).map(({ by, seconds }) => [`${name}: ${by}`, `${seconds.toFixed(1)} s`]),
  );
  return rows.length > 0 ? headed(textTable([['Calls held back by', ''], ...rows], WIDTH)) : [];
}

/** The longest first. */
function waits({ waited_seconds: waited }: ModelSummary): { by: string; seconds: number }[] {
  return [...BOUNDS]
    .map(([bound, by]) => ({ by, seconds: waited[bound] ?? 0 }))
    .filter(({ seconds }) => seconds > 0)
    .toSorted((a, b) => b.seconds - a.seconds);
}

export function cost(summary: Summary): Line[] {
  const { cost: paid, total, models: names } = summary;
  const rows: [label: string, usd: number | null, note?: string][] = [['this run', paid.cost_usd]];
  if (paid.rows_cost_usd !== paid.cost_usd) {
    rows.push(['these rows in all', paid.rows_cost_usd]);
  }
  if (summary.tickets > 0) {
    rows.push(['per ticket', paid.per_ticket_usd]);
    rows.push(['per 1,000 tickets', paid.per_1000_tickets_usd]);
    const alone = `${shorten(names.strong, 30)} alone, estimate`;
    rows.push([alone, paid.strong_only_estimate_usd, saved(paid.saved_share)]);
  }
  const label = Math.max(...rows.map(([text]) => textWidth(text)));
  const lines: Line[] = [bold(summary.simulated ? 'Cost (simulated)' : 'Cost')];
  for (const [text, usd, note = ''] of rows) {
    const value = usd === null ? 'unknown' : money(usd);
    const line = `  ${alignLeft(text, label)}${alignRight(value, 12)}  ${note}`.trimEnd();
    lines.push(shorten(line, WIDTH));
  }
  if (total.unknown_cost_calls > 0) {
    const calls = plural(total.unknown_cost_calls, 'call');
    const most = money(total.unknown_cost_at_most_usd);
    lines.push(yellow(`  ${calls} of unknown cost, at most ${most}`));
  }
  return lines;
}

/** Where the money of this run went. */
export function spending({ by_model: all }: Summary): Line[] {
  const paid = Object.entries(all).filter(([, model]) => model.cost_usd > 0);
  if (paid.length === 0) return [];
  const rows = paid.map(([name, model]) => [
    name,
    money(model.input_cost_usd),
    money(model.cache_write_cost_usd),
    money(model.cache_read_cost_usd),
    money(model.output_cost_usd),
    model.invalid_cost_usd > 0 ? money(model.invalid_cost_usd) : '–',
  ]);
  const heading = ['Spent on', 'input', 'cache writes', 'cache reads', 'output', 'invalid'];
  return headed(textTable([heading, ...rows], WIDTH));
}

function saved(share: number | null): string {
  if (share === null) return '';
  return share < 0 ? `${percent(-share)} more than that` : `${percent(share)} saved`;
}

function latency(milliseconds: number | null): string {
  if (milliseconds === null) return '–';
  return `${(milliseconds / 1_000).toFixed(milliseconds < 9_950 ? 1 : 0)}s`;
}

function money(usd: number): string {
  return roundedUsd(usd * 2_000_000_000);
}

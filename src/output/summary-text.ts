// The summary in; what a person reads at the end of a run out.
import { styleText } from 'node:util';
import { roundedUsd } from '../ground/money.ts';
import { BOUNDS } from '../claude/lane.ts';
import { FIELDS } from '../ticket.ts';
import {
  compact,
  percent,
  perSecond,
  plural,
  promise,
  span,
  thousands,
} from '../ground/figures.ts';
import type { ModelSummary, Summary } from './summary-format.ts';
import { alignLeft, alignRight, shorten, textTable, textWidth } from '../ground/text-table.ts';

const WIDTH = 80;
const QUEUES = 15;
const CHANGES = 10;
const SIMULATED = 'SIMULATED: these labels and costs are made up and mean nothing.';

type Style = 'bold' | 'dim' | 'yellow';
type Paint = (style: Style, text: string) => string;

export interface SummaryTextOptions {
  /** `NO_COLOR` and the like are the caller's. */
  colour: boolean;
  /** Tells all that calls had to wait for. */
  verbose: boolean;
}

/** At most 80 columns wide, with a newline at its end. */
export function summaryText(summary: Summary, { colour, verbose }: SummaryTextOptions): string {
  // Of itself, newer Node looks at stdout, which is where the rows go.
  const paint: Paint = (style, text) =>
    colour ? styleText(style, text, { validateStream: false }) : text;
  const blocks = [
    outcome(summary, paint),
    models(summary, paint),
    verbose ? allWaits(summary, paint) : [],
    confidences(summary, paint),
    cost(summary, paint),
    spending(summary, paint),
    queues(summary, paint),
  ];
  if (summary.simulated) {
    blocks.unshift([paint('yellow', SIMULATED)]);
    blocks.push([paint('yellow', SIMULATED)]);
  }
  const filled = blocks.filter((block) => block.length > 0);
  return `${filled.map((block) => block.join('\n')).join('\n\n')}\n`;
}

function outcome(summary: Summary, paint: Paint): string[] {
  const { tickets, classified, triage, escalated, seconds, tickets_per_second: pace } = summary;
  const speed = pace === null ? '' : `, ${perSecond(pace)}`;
  const heading = `${plural(tickets, 'ticket')} in ${span(seconds)}${speed}`;
  const share = tickets === 0 ? null : classified / tickets;
  const lines = [
    paint('bold', heading),
    figure('classified', thousands(classified), percent(share)),
  ];
  if (summary.shared > 0) lines.push(paint('dim', cause('of the first row', summary.shared, '')));
  const forHumans = figure('for human triage', thousands(triage.tickets), percent(triage.share));
  lines.push(triage.tickets > 0 ? paint('yellow', forHumans) : forHumans);
  for (const [reason, count] of sorted(triage.by_reason)) {
    lines.push(paint('dim', cause(reason.replaceAll('_', ' '), count, '')));
  }
  lines.push(figure('escalated', thousands(escalated.tickets), percent(escalated.share)));
  const { by_cause: causes } = escalated;
  const told: [name: string, count: number, detail: string][] = [
    ['unsure', causes.field, ''],
    ['language', causes.language, listing(escalated.by_language)],
    ['pattern', causes.pattern, listing(escalated.by_pattern)],
    ['fast model failed', causes.failure, ''],
  ];
  for (const [name, count, detail] of told) {
    if (count > 0) lines.push(paint('dim', cause(name, count, detail)));
  }
  lines.push(...changes(summary, paint), paint('dim', reconciled(summary)));
  return lines;
}

/** Tickets that were decided before, when their text was another. */
function changes({ changed }: Summary, paint: Paint): string[] {
  const { reclassified, kept, queue_changed: moved, changes: told } = changed;
  if (reclassified + kept === 0) return [];
  const lines = [figure('text changed', thousands(reclassified + kept))];
  const parts: [name: string, count: number][] = [
    ['classified anew', reclassified],
    ['verdict kept', kept],
    ['in another queue now', moved],
  ];
  for (const [name, count] of parts) {
    if (count > 0) lines.push(paint('dim', cause(name, count, '')));
  }
  for (const { id, from, to, new_patterns: patterns } of told.slice(0, CHANGES)) {
    const newly = patterns.length > 0 ? ` (newly matches ${patterns.join(', ')})` : '';
    const where = from === to ? `stays in ${to}` : `${from} → ${to}`;
    lines.push(paint('dim', shorten(`      ${id}: ${where}${newly}`, WIDTH)));
  }
  const more = Math.max(moved, told.length) - CHANGES;
  if (more > 0) lines.push(paint('dim', `      … and ${thousands(more)} more`));
  return lines;
}

function reconciled({ rows, classified, triage }: Summary): string {
  const { read, written } = rows;
  const decided = `${thousands(classified)} classified + ${thousands(triage.tickets)} for triage`;
  const sum = read === classified + triage.tickets ? `= ${decided}` : `(${decided} so far)`;
  return `  ${plural(read, 'row')} read ${sum}, ${thousands(written)} written`;
}

const LABEL = 22;
const COUNT = 10;

function figure(label: string, value: string, note = ''): string {
  return `  ${alignLeft(label, LABEL)}${alignRight(value, COUNT)}${alignRight(note, 9)}`.trimEnd();
}

function cause(name: string, count: number, detail: string): string {
  const line = `    ${alignLeft(name, LABEL - 2)}${alignRight(thousands(count), COUNT)}   ${detail}`;
  return shorten(line, WIDTH).trimEnd();
}

function models(summary: Summary, paint: Paint): string[] {
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
      .map((text) => paint('dim', `  ${shorten(`${shorten(name, 30)}: ${text}`, WIDTH - 2)}`)),
  );
  const table = rows.length > 0 ? textTable([heading, ...rows], WIDTH) : ['Model'];
  return rows.length + notes.length > 0 ? [...headed(table, paint), ...notes] : [];
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
function allWaits({ by_model: all }: Summary, paint: Paint): string[] {
  const rows = Object.entries(all).flatMap(([name, model]) =>
    waits(model).map(({ by, seconds }) => [`${name}: ${by}`, `${seconds.toFixed(1)} s`]),
  );
  return rows.length > 0
    ? headed(textTable([['Calls held back by', ''], ...rows], WIDTH), paint)
    : [];
}

/** The longest first. */
function waits({ waited_seconds: waited }: ModelSummary): { by: string; seconds: number }[] {
  return [...BOUNDS]
    .map(([bound, by]) => ({ by, seconds: waited[bound] ?? 0 }))
    .filter(({ seconds }) => seconds > 0)
    .toSorted((a, b) => b.seconds - a.seconds);
}

function confidences(summary: Summary, paint: Paint): string[] {
  const rows = FIELDS.flatMap((field) => {
    const deciles = summary.confidence[field];
    if (deciles === null) return [];
    const shown = [deciles.p10, deciles.p50, deciles.p90].map((value) => value.toFixed(2));
    return [[field, ...shown, thousands(summary.escalated.by_field[field])]];
  });
  if (rows.length === 0) return [];
  return headed(textTable([['Confidence', 'p10', 'p50', 'p90', 'unsure'], ...rows], WIDTH), paint);
}

function cost(summary: Summary, paint: Paint): string[] {
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
  const lines = [paint('bold', summary.simulated ? 'Cost (simulated)' : 'Cost')];
  for (const [text, usd, note = ''] of rows) {
    const value = usd === null ? 'unknown' : money(usd);
    const line = `  ${alignLeft(text, label)}${alignRight(value, 12)}  ${note}`.trimEnd();
    lines.push(shorten(line, WIDTH));
  }
  if (total.unknown_cost_calls > 0) {
    const calls = plural(total.unknown_cost_calls, 'call');
    const most = money(total.unknown_cost_at_most_usd);
    lines.push(paint('yellow', `  ${calls} of unknown cost, at most ${most}`));
  }
  return lines;
}

/** Where the money of this run went. */
function spending({ by_model: all }: Summary, paint: Paint): string[] {
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
  return headed(textTable([heading, ...rows], WIDTH), paint);
}

function saved(share: number | null): string {
  if (share === null) return '';
  return share < 0 ? `${percent(-share)} more than that` : `${percent(share)} saved`;
}

function queues({ queues: all }: Summary, paint: Paint): string[] {
  if (all.length === 0) return [];
  const shown = all.length > QUEUES + 1 ? all.slice(0, QUEUES) : all;
  const rows = shown.map((row) => [row.queue, thousands(row.tickets), promise(row.sla_minutes)]);
  const lines = headed(textTable([['Queue', 'tickets', 'SLA'], ...rows], WIDTH), paint);
  const rest = all.slice(shown.length);
  if (rest.length === 0) return lines;
  const tickets = rest.reduce((sum, queue) => sum + queue.tickets, 0);
  const more = `… and ${rest.length} more queues with ${plural(tickets, 'ticket')}`;
  return [...lines, paint('dim', more)];
}

function headed([heading = '', ...lines]: string[], paint: Paint): string[] {
  return [paint('bold', heading), ...lines];
}

/** Without what is 0, most first. */
function sorted(counts: Record<string, number>): [name: string, count: number][] {
  return Object.entries(counts)
    .filter(([, count]) => count > 0)
    .toSorted(([, a], [, b]) => b - a);
}

function listing(counts: Record<string, number>): string {
  return sorted(counts)
    .map(([name, count]) => `${name} ${thousands(count)}`)
    .join(', ');
}

function latency(milliseconds: number | null): string {
  if (milliseconds === null) return '–';
  return `${(milliseconds / 1_000).toFixed(milliseconds < 9_950 ? 1 : 0)}s`;
}

function money(usd: number): string {
  return roundedUsd(usd * 2_000_000_000);
}

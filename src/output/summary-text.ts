// The summary in; what a person reads at the end of a run out.
import { percent, perSecond, plural, promise, span, thousands } from '../ground/figures.ts';
import { alignLeft, alignRight, shorten, textTable } from '../ground/text-table.ts';
import { FIELDS } from '../ticket.ts';
import { allWaits, cost, models, spending } from './model-text.ts';
import { bold, dim, headed, painted, WIDTH, yellow, type Line } from './painted.ts';
import type { Summary } from './summary-format.ts';

const QUEUES = 15;
const CHANGES = 10;
const SIMULATED = yellow('SIMULATED: these labels and costs are made up and mean nothing.');

export interface SummaryTextOptions {
  /** `NO_COLOR` and the like are the caller's. */
  colour: boolean;
  /** Tells all that calls had to wait for. */
  verbose: boolean;
}

/** At most 80 columns wide, with a newline at its end. */
export function summaryText(summary: Summary, { colour, verbose }: SummaryTextOptions): string {
  const blocks = [
    outcome(summary),
    models(summary),
    verbose ? allWaits(summary) : [],
    confidences(summary),
    cost(summary),
    spending(summary),
    queues(summary),
  ].filter((block) => block.length > 0);
  if (summary.simulated) {
    blocks.unshift([SIMULATED]);
    blocks.push([SIMULATED]);
  }
  const lines = blocks.flatMap((block, at) => (at === 0 ? block : ['', ...block]));
  return painted(lines, colour);
}

function outcome(summary: Summary): Line[] {
  const { tickets, classified, triage, escalated, seconds, tickets_per_second: pace } = summary;
  const speed = pace === null ? '' : `, ${perSecond(pace)}`;
  const heading = `${plural(tickets, 'ticket')} in ${span(seconds)}${speed}`;
  const share = tickets === 0 ? null : classified / tickets;
  const lines: Line[] = [
    bold(heading),
    figure('classified', thousands(classified), percent(share)),
  ];
  if (summary.shared > 0) lines.push(dim(cause('of the first row', summary.shared, '')));
  const forHumans = figure('for human triage', thousands(triage.tickets), percent(triage.share));
  lines.push(triage.tickets > 0 ? yellow(forHumans) : forHumans);
  for (const [reason, count] of sorted(triage.by_reason)) {
    lines.push(dim(cause(reason.replaceAll('_', ' '), count, '')));
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
    if (count > 0) lines.push(dim(cause(name, count, detail)));
  }
  lines.push(...changes(summary), dim(reconciled(summary)));
  return lines;
}

/** Tickets that were decided before, when their text was another. */
function changes({ changed }: Summary): Line[] {
  const { reclassified, kept, queue_changed: moved, changes: told } = changed;
  if (reclassified + kept === 0) return [];
  const lines: Line[] = [figure('text changed', thousands(reclassified + kept))];
  const parts: [name: string, count: number][] = [
    ['classified anew', reclassified],
    ['verdict kept', kept],
    ['in another queue now', moved],
  ];
  for (const [name, count] of parts) {
    if (count > 0) lines.push(dim(cause(name, count, '')));
  }
  for (const { id, from, to, new_patterns: patterns } of told.slice(0, CHANGES)) {
    const newly = patterns.length > 0 ? ` (newly matches ${patterns.join(', ')})` : '';
    const where = from === to ? `stays in ${to}` : `${from} → ${to}`;
    lines.push(dim(shorten(`      ${id}: ${where}${newly}`, WIDTH)));
  }
  const more = Math.max(moved, told.length) - CHANGES;
  if (more > 0) lines.push(dim(`      … and ${thousands(more)} more`));
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

function confidences(summary: Summary): Line[] {
  const rows = FIELDS.flatMap((field) => {
    const deciles = summary.confidence[field];
    if (deciles === null) return [];
    const shown = [deciles.p10, deciles.p50, deciles.p90].map((value) => value.toFixed(2));
    return [[field, ...shown, thousands(summary.escalated.by_field[field])]];
  });
  if (rows.length === 0) return [];
  return headed(textTable([['Confidence', 'p10', 'p50', 'p90', 'unsure'], ...rows], WIDTH));
}

function queues({ queues: all }: Summary): Line[] {
  if (all.length === 0) return [];
  const shown = all.length > QUEUES + 1 ? all.slice(0, QUEUES) : all;
  const rows = shown.map((row) => [row.queue, thousands(row.tickets), promise(row.sla_minutes)]);
  const lines = headed(textTable([['Queue', 'tickets', 'SLA'], ...rows], WIDTH));
  const rest = all.slice(shown.length);
  if (rest.length === 0) return lines;
  const tickets = rest.reduce((sum, queue) => sum + queue.tickets, 0);
  const more = `… and ${rest.length} more queues with ${plural(tickets, 'ticket')}`;
  return [...lines, dim(more)];
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

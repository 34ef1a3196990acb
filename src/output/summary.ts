// The tally and the facts of the run in; the summary as documented JSON out.
import { usd } from '../ground/money.ts';
import type { Bound } from '../claude/lane.ts';
import type { Field, Usage } from '../ticket.ts';
import { addUsage, type ModelTally } from './model-tally.ts';
import type { Quantiles } from './quantiles.ts';
import type { Calls, Changed, Deciles, ModelSummary, Summary } from './summary-format.ts';
import type { Tally } from './tally.ts';

export interface RunFacts {
  startedAt: Date;
  finishedAt: Date;
  /** Its identity, `name@hash`. */
  playbook: string;
  fast: string;
  strong: string;
  inputs: string[];
  output: string;
  exitCode: number;
  exitReason: string;
  /** When there is a point in going on; null where that is not known. */
  goOnAt: Date | null;
  rows: { read: number; written: number };
  /** By model: milliseconds in which calls waited, by what for. */
  waited: ReadonlyMap<string, ReadonlyMap<Bound, number>>;
}

export function summarise(tally: Tally, run: RunFacts): Summary {
  const seconds = (run.finishedAt.getTime() - run.startedAt.getTime()) / 1_000;
  return {
    format: 'ticket-classify.summary',
    version: 1,
    simulated: tally.simulated,
    started_at: run.startedAt.toISOString(),
    finished_at: run.finishedAt.toISOString(),
    seconds,
    tickets_per_second: ratio(tally.tickets, seconds),
    exit: {
      code: run.exitCode,
      reason: run.exitReason,
      go_on_at: run.goOnAt?.toISOString() ?? null,
    },
    playbook: run.playbook,
    models: { fast: run.fast, strong: run.strong },
    inputs: run.inputs,
    output: run.output,
    rows: { ...run.rows },
    tickets: tally.tickets,
    classified: tally.classified,
    shared: tally.shared,
    triage: {
      tickets: tally.triage.tickets,
      share: ratio(tally.triage.tickets, tally.tickets),
      by_reason: { ...tally.triage.byReason },
    },
    escalated: {
      tickets: tally.escalated.tickets,
      share: ratio(tally.escalated.tickets, tally.tickets),
      by_cause: { ...tally.escalated.byCause },
      by_field: { ...tally.escalated.byField },
      by_language: Object.fromEntries(tally.escalated.byLanguage),
      by_pattern: Object.fromEntries(tally.escalated.byPattern),
    },
    changed: changed(tally.changed),
    teams: Object.fromEntries([...tally.teams].map(([name, team]) => [name, { ...team }])),
    confidence: confidences(tally.confidences),
    by_model: Object.fromEntries(
      [...tally.models].map(([name, model]) => [
        name,
        modelSummary(model, run.waited.get(name) ?? new Map()),
      ]),
    ),
    total: calls([...tally.models.values()]),
    cost: costs(tally),
    queues: [...tally.queues]
      .map(([queue, { tickets, slaMinutes }]) => ({ queue, tickets, sla_minutes: slaMinutes }))
      .toSorted((a, b) => b.tickets - a.tickets || (a.queue < b.queue ? -1 : 1)),
  };
}

function changed({ reclassified, queueChanged, kept, changes }: Tally['changed']): Changed {
  return {
    reclassified,
    queue_changed: queueChanged,
    kept,
    changes: changes.map(({ id, from, to, newPatterns }) => ({
      id,
      from,
      to,
      new_patterns: newPatterns,
    })),
  };
}

function confidences(of: Record<Field, Quantiles>): Record<Field, Deciles | null> {
  return {
    team: deciles(of.team),
    ticket_type: deciles(of.ticket_type),
    urgency: deciles(of.urgency),
    sentiment: deciles(of.sentiment),
  };
}

function deciles(thousandths: Quantiles): Deciles | null {
  if (thousandths.count() === 0) return null;
  const at = (q: number): number => (thousandths.quantile(q) ?? 0) / 1_000;
  return {
    p10: at(0.1),
    p20: at(0.2),
    p30: at(0.3),
    p40: at(0.4),
    p50: at(0.5),
    p60: at(0.6),
    p70: at(0.7),
    p80: at(0.8),
    p90: at(0.9),
  };
}

function modelSummary(model: ModelTally, waited: ReadonlyMap<Bound, number>): ModelSummary {
  return {
    ...calls([model]),
    latency_p50_ms: model.latency.quantile(0.5),
    latency_p95_ms: model.latency.quantile(0.95),
    waited_seconds: Object.fromEntries(
      [...waited].map(([bound, milliseconds]) => [bound, milliseconds / 1_000]),
    ),
  };
}

function calls(models: ModelTally[]): Calls {
  const usage: Usage = { input: 0, cacheRead: 0, cacheWrite: 0, output: 0 };
  const spent: Usage = { input: 0, cacheRead: 0, cacheWrite: 0, output: 0 };
  for (const model of models) {
    addUsage(usage, model.usage);
    addUsage(spent, model.costs);
  }
  const prompt = usage.input + usage.cacheRead + usage.cacheWrite;
  return {
    calls: sum(models, (model) => model.calls),
    retries: sum(models, (model) => model.retries),
    answered: sum(models, (model) => model.answered),
    invalid: sum(models, (model) => model.invalid),
    failed: sum(models, (model) => model.failed),
    reused: sum(models, (model) => model.reused),
    unknown_cost_calls: sum(models, (model) => model.unknown),
    unknown_cost_at_most_usd: dollars(sum(models, (model) => model.unknownCost)),
    input_tokens: usage.input,
    cache_read_tokens: usage.cacheRead,
    cache_write_tokens: usage.cacheWrite,
    output_tokens: usage.output,
    cached_share: ratio(usage.cacheRead, prompt),
    cost_usd: dollars(sum(models, (model) => model.cost)),
    input_cost_usd: dollars(spent.input),
    cache_read_cost_usd: dollars(spent.cacheRead),
    cache_write_cost_usd: dollars(spent.cacheWrite),
    output_cost_usd: dollars(spent.output),
    invalid_cost_usd: dollars(sum(models, (model) => model.invalidCost)),
  };
}

function costs({ cost, strong, prices, tickets, shared }: Tally): Summary['cost'] {
  const rows = dollars(cost.rows);
  const estimate = prices.has(strong) ? dollars(cost.strongOnly) : null;
  const spent = ratio(cost.rows, cost.strongOnly);
  return {
    cost_usd: dollars(cost.run),
    rows_cost_usd: rows,
    per_ticket_usd: ratio(rows, tickets - shared),
    per_1000_tickets_usd: ratio(rows * 1_000, tickets - shared),
    strong_only_estimate_usd: estimate,
    saved_share: spent === null ? null : 1 - spent,
  };
}

function sum(models: ModelTally[], figure: (model: ModelTally) => number): number {
  return models.reduce((total, model) => total + figure(model), 0);
}

/** The nearest JSON number to the exact decimal. */
function dollars(halfNanos: number): number {
  return Number(usd(halfNanos));
}

function ratio(part: number, whole: number): number | null {
  return whole > 0 ? part / whole : null;
}

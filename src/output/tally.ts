// Routed tickets in, one at a time; what the run has come to out, in bounded memory.
import { costOf } from '../claude/cost.ts';
import { inBatches, type Model } from '../claude/models.ts';
import {
  FIELDS,
  type Answer,
  type Escalation,
  type Field,
  type Routed,
  type Triage,
} from '../ticket.ts';
import { countForModel, createModelTally, type ModelTally } from './model-tally.ts';
import { createQuantiles, type Quantiles } from './quantiles.ts';

type PaidAnswer = Exclude<Answer, { kind: 'none' }>;

export interface Tally {
  strong: string;
  /** By name, those of which prices are known. */
  prices: ReadonlyMap<string, Model>;
  tickets: number;
  /** Of their records in the input. */
  bytes: number;
  classified: number;
  /** Rows that were given another row's verdict, and so were not asked about. */
  shared: number;
  triage: { tickets: number; byReason: Record<Triage['reason'], number> };
  escalated: EscalatedTally;
  teams: Map<string, TeamTally>;
  /** Of the answers that count, in thousandths. */
  confidences: Record<Field, Quantiles>;
  models: Map<string, ModelTally>;
  /**
   * In half nano-dollars. `run` is what this run paid, `rows` what the answers behind its rows cost
   * whenever they were paid, `strongOnly` what they would cost had only the strong model been asked.
   */
  cost: { run: number; rows: number; strongOnly: number };
  queues: Map<string, { tickets: number; slaMinutes: number }>;
  /** Tickets whose text was another when they were last decided. */
  changed: ChangedTally;
  /** True if any answer was, or would be. */
  simulated: boolean;
}

interface ChangedTally {
  /** Classified anew. */
  reclassified: number;
  /** Those that went to another queue. */
  queueChanged: number;
  /** Those that kept their verdict all the same. */
  kept: number;
  /** The first `CHANGES` of those that went to another queue or match a new pattern. */
  changes: Change[];
}

export interface Change {
  id: string;
  from: string;
  to: string;
  newPatterns: string[];
}

const CHANGES = 100;

/** A ticket with two causes counts under both, and once in `tickets`. */
interface EscalatedTally {
  tickets: number;
  byCause: Record<Escalation['by'], number>;
  byField: Record<Field, number>;
  byLanguage: Map<string, number>;
  byPattern: Map<string, number>;
}

export interface TeamTally {
  /** Tickets that ended with this team, and those of them that were escalated. */
  tickets: number;
  escalated: number;
  /** Tickets that the fast model gave to this team, but was unsure of some field. */
  unsure: number;
}

/** @param given `simulated` where it is known before there is any answer */
export function createTally(
  given: Pick<Tally, 'strong' | 'prices'> & Partial<Pick<Tally, 'simulated'>>,
): Tally {
  return {
    simulated: false,
    ...given,
    tickets: 0,
    bytes: 0,
    classified: 0,
    shared: 0,
    triage: {
      tickets: 0,
      byReason: { empty: 0, unreadable: 0, unsure: 0, strong_failed: 0, both_failed: 0 },
    },
    escalated: {
      tickets: 0,
      byCause: { field: 0, language: 0, pattern: 0, failure: 0 },
      byField: { team: 0, ticket_type: 0, urgency: 0, sentiment: 0 },
      byLanguage: new Map(),
      byPattern: new Map(),
    },
    teams: new Map(),
    confidences: {
      team: createQuantiles(),
      ticket_type: createQuantiles(),
      urgency: createQuantiles(),
      sentiment: createQuantiles(),
    },
    models: new Map(),
    cost: { run: 0, rows: 0, strongOnly: 0 },
    queues: new Map(),
    changed: { reclassified: 0, queueChanged: 0, kept: 0, changes: [] },
  };
}

/** Adds one ticket that came out; what this run paid for it is counted by `countCall`. */
export function count(tally: Tally, routed: Routed): void {
  tally.tickets += 1;
  tally.bytes += routed.ticket.row.bytes;
  if (routed.ofFirstRow) tally.shared += 1;
  if (routed.triage === null) {
    tally.classified += 1;
  } else {
    tally.triage.tickets += 1;
    tally.triage.byReason[routed.triage.reason] += 1;
  }
  countQueue(tally, routed);
  countEscalations(tally, routed);
  countVerdict(tally, routed);
  countStrongOnly(tally, routed.asked);
  countChange(tally.changed, routed);
  for (const answer of routed.asked) {
    if (answer.simulated) tally.simulated = true;
    if (isPaid(answer) && !answer.shared) tally.cost.rows += answer.cost;
    if (isPaid(answer) && answer.reused) tallyOf(tally, answer.model).reused += 1;
  }
}

/** Adds what asking one model came to in this run, whether or not its ticket will ever come out. */
export function countCall(tally: Tally, answer: Answer): void {
  if (answer.simulated) tally.simulated = true;
  if (isPaid(answer)) tally.cost.run += answer.cost;
  const live = tally.prices.get(answer.model) ?? null;
  const isOfBatch = isPaid(answer) && answer.batch !== null;
  const facts = live && isOfBatch ? inBatches(live) : live;
  countForModel(tallyOf(tally, answer.model), answer, facts);
}

function tallyOf({ models }: Tally, name: string): ModelTally {
  const known = models.get(name);
  if (known !== undefined) return known;
  const model = createModelTally();
  models.set(name, model);
  return model;
}

function countChange(changed: ChangedTally, { ticket, queue, past }: Routed): void {
  if (past === null) return;
  if (past.kept) changed.kept += 1;
  else changed.reclassified += 1;
  if (past.queue !== queue) changed.queueChanged += 1;
  const isTold = past.queue !== queue || past.newPatterns.length > 0;
  if (isTold && changed.changes.length < CHANGES) {
    const { newPatterns } = past;
    changed.changes.push({ id: ticket.id, from: past.queue, to: queue, newPatterns });
  }
}

/** Whether anything was paid for, and so is worth keeping and summing up. */
export function hasAnswers({ models }: Tally): boolean {
  return [...models.values()].some(
    ({ answered, invalid, reused }) => answered + invalid + reused > 0,
  );
}

function countQueue(tally: Tally, { queue, slaMinutes }: Routed): void {
  const known = tally.queues.get(queue);
  if (known === undefined) {
    tally.queues.set(queue, { tickets: 1, slaMinutes });
    return;
  }
  known.tickets += 1;
  // Two rules may lead to one queue: the stricter promise holds.
  known.slaMinutes = Math.min(known.slaMinutes, slaMinutes);
}

function countEscalations(tally: Tally, { escalated: wasAsked, escalations }: Routed): void {
  if (!wasAsked) return;
  const { escalated } = tally;
  escalated.tickets += 1;
  for (const cause of new Set(escalations.map((escalation) => escalation.by))) {
    escalated.byCause[cause] += 1;
  }
  const unsureTeams = new Set<string>();
  for (const escalation of escalations) {
    if (escalation.by === 'field') {
      escalated.byField[escalation.field] += 1;
      unsureTeams.add(escalation.team);
    } else if (escalation.by === 'language') {
      increment(escalated.byLanguage, escalation.language);
    } else if (escalation.by === 'pattern') {
      increment(escalated.byPattern, escalation.pattern);
    }
  }
  for (const team of unsureTeams) teamOf(tally, team).unsure += 1;
}

function countVerdict(tally: Tally, { answer, escalated }: Routed): void {
  if (answer === null) return;
  const team = teamOf(tally, answer.labels.team);
  team.tickets += 1;
  if (escalated) team.escalated += 1;
  for (const field of FIELDS) {
    tally.confidences[field].add(Math.round(answer.confidence[field] * 1_000));
  }
}

function countStrongOnly(tally: Tally, asked: Answer[]): void {
  const paid = asked.filter(isPaid);
  const told = paid.find(({ model }) => model === tally.strong) ?? paid[0];
  const strong = tally.prices.get(tally.strong);
  if (told === undefined || strong === undefined || told.shared) return;
  tally.cost.strongOnly += costOf(told.usage, strong);
}

function isPaid(answer: Answer): answer is PaidAnswer {
  return answer.kind !== 'none';
}

function increment(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}

function teamOf(tally: Tally, name: string): TeamTally {
  const known = tally.teams.get(name);
  if (known !== undefined) return known;
  const team = { tickets: 0, escalated: 0, unsure: 0 };
  tally.teams.set(name, team);
  return team;
}

// What a run would ask in; its tokens, cost and time out.
import { usd } from '../ground/money.ts';
import { escalateUnsure } from '../cascade/escalate.ts';
import { isInTable, modelOf, type Model } from '../claude/models.ts';
import { answerTokens, guessTokens, prefixText } from '../claude/token-guess.ts';
import type { Asker } from '../ground/keys.ts';
import { answerOfLine } from '../ledger/answer-line.ts';
import type { AnswerLine } from '../ledger/format.ts';
import type { KnownAnswers } from '../ledger/known-answers.ts';
import type { Playbook } from '../playbook/playbook.ts';
import type { Settings } from '../settings/resolve.ts';
import { callsFor, callSize, uploadOf, type Calls, type CallSize } from './calls.ts';
import {
  escalationShare,
  type Counted,
  type EscalationShare,
  type Range,
} from './escalation-share.ts';
import type { Estimate, EstimatedCalls, EstimatedTickets, TierTime } from './estimate-format.ts';
import { ticketsIn, type Forecast, type Texts } from './forecast.ts';
import type { ThresholdTable } from './thresholds.ts';

/** Of each model, the newest so many answers of the ledger are looked at. */
const NEWEST = 1_000;

/** What an account may use a minute, of each model. */
interface AccountTier {
  name: string;
  requests: number;
  /** Tokens, without those that are read from the cache. */
  input: number;
  output: number;
}

/** Source: Anthropic's pages, checked 2026-11-22. The same for each model of the cascade. */
const ACCOUNT_TIERS: readonly AccountTier[] = [
  { name: 'Start', requests: 1_000, input: 2_000_000, output: 400_000 },
  { name: 'Build', requests: 5_000, input: 5_000_000, output: 1_000_000 },
  { name: 'Scale', requests: 10_000, input: 10_000_000, output: 2_000_000 },
];

export interface PricingOptions {
  settings: Settings;
  ledger: KnownAnswers;
  askerOf: (model: string) => Asker;
  facts: Pick<Estimate, 'simulated' | 'inputs' | 'ledger'>;
  table: ThresholdTable | null;
}

export function priceForecast(found: Forecast, options: PricingOptions): Estimate {
  const { settings, facts, table } = options;
  const { playbook } = settings;
  const { fast, strong } = playbook.models;
  const asked = { fast: askedOf(fast, found, options), strong: askedOf(strong, found, options) };
  const share = shareOf(found, asked.fast.newest, playbook);
  const texts = textsFor(found, share.range);
  const ofFast = callsFor(texts.fast, asked.fast.size, asked.fast.model);
  const ofStrong = (of: Texts) => callsFor(of, asked.strong.size, asked.strong.model);
  const least = ofStrong(texts.strong.least);
  const most = ofStrong(texts.strong.most);
  return {
    format: 'ticket-classify.estimate',
    version: 1,
    ...facts,
    playbook: playbook.identity,
    models: { fast, strong },
    tickets: estimatedTickets(found),
    escalation: {
      from: share.from,
      judged_by: share.tickets,
      share: share.share,
      ...share.range,
    },
    calls: {
      fast: estimatedCalls(fast, asked.fast.size, ofFast, ofFast),
      strong: estimatedCalls(strong, asked.strong.size, least, most),
    },
    cost: costs([ofFast, least], [ofFast, most], ofStrong(found.texts)),
    batch: uploads(texts, asked, settings),
    account_tiers: (isInTable(fast) && isInTable(strong) ? ACCOUNT_TIERS : []).map((tier) =>
      tierTime(tier, [
        { model: fast, calls: ofFast },
        { model: strong, calls: most },
      ]),
    ),
    thresholds: table?.rows(asked.strong.size, asked.strong.model) ?? null,
  };
}

/** What is known of a model's calls. */
interface AskedModel {
  model: Model;
  newest: AnswerLine[];
  size: CallSize;
}

function askedOf(
  name: string,
  found: Forecast,
  { settings, ledger, askerOf }: PricingOptions,
): AskedModel {
  const { playbook } = settings;
  const model = modelOf(settings.models, name);
  const newest = ledger.newestOf(askerOf(name), NEWEST);
  const prefixGuess = guessTokens(prefixText(playbook));
  const overhead = found.overheads.get(name);
  const size = callSize(newest, overhead, model, prefixGuess, answerTokens(playbook));
  return { model, newest, size };
}

function shareOf(
  found: Forecast,
  newest: readonly AnswerLine[],
  playbook: Playbook,
): EscalationShare {
  const { texts, escalated } = found.known;
  const input = { tickets: texts, escalated };
  return escalationShare(input, escalatedOf(newest, playbook), found.fast.count);
}

interface AskedTexts {
  fast: Texts;
  strong: { least: Texts; most: Texts };
}

/** @param range of the share of the tickets to come that is escalated */
function textsFor(found: Forecast, { low, high }: Range): AskedTexts {
  const certain = sum(found.unsure, found.straight);
  const { count } = found.fast;
  return {
    fast: sum(found.fast, found.fastAlone),
    strong: {
      least: sum(certain, part(found.fast, Math.floor(count * low))),
      most: sum(certain, part(found.fast, Math.ceil(count * high))),
    },
  };
}

function costs(least: Calls[], most: Calls[], strongAlone: Calls): Estimate['cost'] {
  const cost = (of: 'live' | 'batch') => {
    const all = (calls: Calls[]) =>
      dollars(calls.reduce((total, { cost: one }) => total + one[of], 0));
    return { low: all(least), high: all(most) };
  };
  return {
    live_usd: cost('live'),
    batch_usd: cost('batch'),
    batch_saves: savedShare(cost('live'), cost('batch')),
    strong_alone_usd: dollars(strongAlone.cost.live),
  };
}

function uploads(
  { fast, strong }: AskedTexts,
  asked: Record<'fast' | 'strong', AskedModel>,
  { playbook, flags }: Settings,
): Estimate['batch'] {
  const most = flags.batchSize ?? null;
  const one = uploadOf(fast, asked.fast.model, playbook, most);
  const others = [strong.least, strong.most].map((texts) =>
    uploadOf(texts, asked.strong.model, playbook, most),
  );
  return {
    batches: rangeOf(others.map(({ batches }) => one.batches + batches)),
    upload_bytes: rangeOf(others.map(({ bytes }) => Math.round(one.bytes + bytes))),
  };
}

function rangeOf(values: readonly number[]): Range {
  return { low: Math.min(...values), high: Math.max(...values) };
}

/** Of the live cost; null where there is none. */
function savedShare(live: Range, batch: Range): number | null {
  return live.high > 0 ? 1 - (batch.low + batch.high) / (live.low + live.high) : null;
}

function escalatedOf(lines: readonly AnswerLine[], playbook: Playbook): Counted {
  const escalated = lines.map(answerOfLine).filter((answer) => {
    return answer.kind === 'invalid' || escalateUnsure(answer, playbook).length > 0;
  });
  return { tickets: lines.length, escalated: escalated.length };
}

function estimatedTickets(found: Forecast): EstimatedTickets {
  return {
    all: ticketsIn(found),
    in_ledger: found.inLedger,
    duplicates: found.duplicates,
    shared: found.shared,
    empty: found.empty,
    unreadable: found.unreadable,
    fast: found.fast.count,
    fast_alone: found.fastAlone.count,
    unsure: found.unsure.count,
    straight: found.straight.count,
    straight_by: { ...found.straightBy },
    other_playbook: found.otherPlaybook,
  };
}

function estimatedCalls(model: string, size: CallSize, least: Calls, most: Calls): EstimatedCalls {
  const range = (figure: (calls: Calls) => number): Range => ({
    low: Math.round(figure(least)),
    high: Math.round(figure(most)),
  });
  return {
    model,
    calls: range(({ count }) => count),
    input_tokens: range(({ usage }) => usage.input),
    cache_read_tokens: range(({ usage }) => usage.cacheRead),
    cache_write_tokens: range(({ usage }) => usage.cacheWrite),
    output_tokens: range(({ usage }) => usage.output),
    cost_usd: { low: dollars(least.cost.live), high: dollars(most.cost.live) },
    per_call: {
      prefix_tokens: size.prefix,
      overhead_tokens: Math.round(size.overhead),
      output_tokens: Math.round(size.output),
      known: { ...size.known },
    },
  };
}

/** Each model has limits of its own, and both are asked at once. */
function tierTime(tier: AccountTier, asked: { model: string; calls: Calls }[]): TierTime {
  const times = asked.flatMap(({ model, calls: { count, usage } }) => {
    const used = { requests: count, input: usage.input + usage.cacheWrite, output: usage.output };
    return (['requests', 'input', 'output'] as const).map((limit) => ({
      tier: tier.name,
      seconds: Math.round((600 * used[limit]) / tier[limit]) / 10,
      limit,
      per_minute: tier[limit],
      model,
    }));
  });
  return times.reduce((longest, time) => (time.seconds > longest.seconds ? time : longest));
}

function sum(one: Texts, other: Texts): Texts {
  return { count: one.count + other.count, bytes: one.bytes + other.bytes };
}

/** So many texts of the same mean size. */
function part({ count, bytes }: Texts, wanted: number): Texts {
  return { count: wanted, bytes: count === 0 ? 0 : (bytes / count) * wanted };
}

/** The nearest JSON number to the exact decimal. */
function dollars(halfNanos: number): number {
  return Number(usd(Math.round(halfNanos)));
}

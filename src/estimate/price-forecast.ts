// What a run would ask in; its tokens, cost and time out.
import { usd } from '../ground/money.ts';
import { escalateUnsure } from '../cascade/escalate.ts';
import { ACCOUNT_TIERS, type AccountTier } from '../claude/account-tiers.ts';
import { modelOf, type Model } from '../claude/models.ts';
import { answerTokens, guessTokens, prefixText } from '../claude/token-guess.ts';
import type { Asker } from '../ground/keys.ts';
import { answerOfLine } from '../ledger/answer-line.ts';
import type { AnswerLine } from '../ledger/format.ts';
import type { KnownAnswers } from '../ledger/known-answers.ts';
import type { Playbook } from '../playbook/playbook.ts';
import type { Settings } from '../settings/resolve.ts';
import { callsFor, callSize, type Calls, type CallSize } from './calls.ts';
import { escalationShare, type Counted, type Range } from './escalation-share.ts';
import type { Estimate, EstimatedCalls, EstimatedTickets, TierTime } from './estimate-format.ts';
import { ticketsIn, type Forecast, type Texts } from './forecast.ts';
import type { ThresholdTable } from './threshold-table.ts';
import { uploadOf } from './upload.ts';

/** Of each model, the newest so many answers of the ledger are looked at. */
const NEWEST = 1_000;

export interface PricingOptions {
  settings: Settings;
  ledger: KnownAnswers;
  askerOf: (model: string) => Asker;
  facts: Pick<Estimate, 'simulated' | 'inputs' | 'ledger'>;
  table: ThresholdTable | null;
}

export function priceForecast(found: Forecast, options: PricingOptions): Estimate {
  const { settings, ledger, askerOf, facts, table } = options;
  const { playbook, models } = settings;
  const { fast, strong } = playbook.models;
  const prefixGuess = guessTokens(prefixText(playbook));
  const outputGuess = answerTokens(playbook);
  const newest = (model: string) => ledger.newestOf(askerOf(model), NEWEST);
  const newestFast = newest(fast);
  const [fastModel, strongModel] = [modelOf(models, fast), modelOf(models, strong)];
  const fastSize = callSize(
    newestFast,
    found.overheads.get(fast),
    fastModel,
    prefixGuess,
    outputGuess,
  );
  const strongSize = callSize(
    newest(strong),
    found.overheads.get(strong),
    strongModel,
    prefixGuess,
    outputGuess,
  );

  const input = { tickets: found.known.texts, escalated: found.known.escalated };
  const share = escalationShare(input, escalatedOf(newestFast, playbook), found.fast.count);
  const certain = sum(found.unsure, found.straight);
  const { low, high } = share.range;
  const ofFast = sum(found.fast, found.fastAlone);
  const ofStrong = {
    least: sum(certain, part(found.fast, Math.floor(found.fast.count * low))),
    most: sum(certain, part(found.fast, Math.ceil(found.fast.count * high))),
  };
  const fastCalls = callsFor(ofFast, fastSize, fastModel);
  const least = callsFor(ofStrong.least, strongSize, strongModel);
  const most = callsFor(ofStrong.most, strongSize, strongModel);
  const upload = (texts: Texts, model: Model) =>
    uploadOf(texts, model, playbook, settings.flags.batchSize ?? null);
  const uploads = [ofStrong.least, ofStrong.most].map((texts) => {
    const [one, other] = [upload(ofFast, fastModel), upload(texts, strongModel)];
    return { batches: one.batches + other.batches, bytes: one.bytes + other.bytes };
  });
  const cost = (of: 'live' | 'batch') => ({
    low: dollars(fastCalls.cost[of] + least.cost[of]),
    high: dollars(fastCalls.cost[of] + most.cost[of]),
  });
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
      fast: estimatedCalls(fast, fastSize, fastCalls, fastCalls),
      strong: estimatedCalls(strong, strongSize, least, most),
    },
    cost: {
      live_usd: cost('live'),
      batch_usd: cost('batch'),
      batch_saves: savedShare(cost('live'), cost('batch')),
      strong_alone_usd: dollars(callsFor(found.texts, strongSize, strongModel).cost.live),
    },
    batch: {
      batches: rangeOf(uploads.map(({ batches }) => batches)),
      upload_bytes: rangeOf(uploads.map(({ bytes }) => Math.round(bytes))),
    },
    account_tiers: ACCOUNT_TIERS.map((tier) =>
      tierTime(tier, [
        { model: fast, calls: fastCalls },
        { model: strong, calls: most },
      ]),
    ),
    thresholds: table?.rows(strongSize, strongModel) ?? null,
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

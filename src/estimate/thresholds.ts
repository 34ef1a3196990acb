// A range of thresholds, and texts with a known fast answer in; what each would escalate and cost out.
import { z } from 'zod';
import { failures } from '../ground/errors.ts';
import { usd } from '../ground/money.ts';
import { escalateUnsure } from '../cascade/escalate.ts';
import type { Model } from '../claude/models.ts';
import type { Playbook } from '../playbook/playbook.ts';
import type { Answer } from '../ticket.ts';
import { callsFor, type CallSize } from './calls.ts';
import type { ThresholdRow } from './estimate-format.ts';
import type { KnownText } from './forecast.ts';

/** In thousandths, since 0.7 + 0.05 is 0.75 and 0.75 + 0.05 is not 0.8. */
const STEP = 50;
const RANGE = /^([\d.]+)\.\.([\d.]+)$/;

export interface WithoutRange {
  /** The thresholds of the range, its end included; null if none was given. */
  steps: number[] | null;
  /** The other flags, and thresholds that are no range. */
  given: Record<string, unknown>;
}

/** Takes a `--threshold 0.70..0.90` out. @throws Failure for a range that is none. */
export function takeThresholdRange(given: Record<string, unknown>): WithoutRange {
  const values = z.array(z.string()).catch([]).parse(given['threshold']);
  const ranges = values.filter((value) => RANGE.test(value));
  const [range] = ranges;
  if (range === undefined) return { steps: null, given };
  if (ranges.length > 1) throw failures.usage('--threshold: there can be only one range.');
  const rest = values.filter((value) => value !== range);
  return { steps: stepsOf(range), given: { ...given, threshold: rest } };
}

function stepsOf(text: string): number[] {
  const [, from = '', to = ''] = RANGE.exec(text) ?? [];
  const [first, last] = [from, to].map((end) => Math.round(Number(end) * 1_000));
  if (first === undefined || last === undefined || !(first < last && last <= 1_000)) {
    throw failures.usage(`--threshold ${text}: must be a range within 0 and 1, such as 0.70..0.90`);
  }
  const steps: number[] = [];
  for (let step = first; step < last; step += STEP) steps.push(step / 1_000);
  return [...steps, last / 1_000];
}

export interface ThresholdTable {
  /** @param strong the strong model's answer; null where it is not known */
  add: (text: KnownText, strong: Answer | null) => void;
  /** For calls of the strong model. */
  rows: (size: CallSize, model: Model) => ThresholdRow[];
}

/** @param steps default thresholds; a field's or a team's own stay as they are */
export function thresholdTable(steps: readonly number[], playbook: Playbook): ThresholdTable {
  let texts = 0;
  const found = steps.map((threshold) => ({
    threshold,
    playbook: { ...playbook, thresholds: { ...playbook.thresholds, default: threshold } },
    escalated: 0,
    toAsk: { count: 0, bytes: 0 },
    bothKnown: 0,
    sameTeam: 0,
  }));

  function add({ fast, bytes }: KnownText, strong: Answer | null): void {
    texts += 1;
    for (const step of found) {
      const isSure = fast.kind === 'valid' && escalateUnsure(fast, step.playbook).length === 0;
      if (isSure) continue;
      step.escalated += 1;
      if (strong === null) {
        step.toAsk.count += 1;
        step.toAsk.bytes += bytes;
      }
      if (fast.kind !== 'valid' || strong?.kind !== 'valid') continue;
      step.bothKnown += 1;
      if (fast.labels.team === strong.labels.team) step.sameTeam += 1;
    }
  }

  function rows(size: CallSize, model: Model): ThresholdRow[] {
    return found.map(({ threshold, escalated, toAsk, bothKnown, sameTeam }) => ({
      threshold,
      texts,
      escalated,
      share: texts === 0 ? null : escalated / texts,
      to_pay_usd: Number(usd(Math.round(callsFor(toAsk, size, model).cost.live))),
      both_known: bothKnown,
      same_team: sameTeam,
    }));
  }

  return { add, rows };
}

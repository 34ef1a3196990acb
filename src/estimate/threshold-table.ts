// Texts with a known fast answer in; what each threshold would escalate and cost out.
import { usd } from '../ground/money.ts';
import { escalateUnsure } from '../cascade/escalate.ts';
import type { Model } from '../claude/models.ts';
import type { Playbook } from '../playbook/playbook.ts';
import type { Answer } from '../ticket.ts';
import { callsFor, type CallSize } from './calls.ts';
import type { ThresholdRow } from './estimate-format.ts';
import type { KnownText } from './forecast.ts';

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

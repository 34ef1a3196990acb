// Ticket or fast answer in, the reasons to ask the strong model out. Pure.
import { FIELDS, type Escalation, type Field, type Ticket, type ValidAnswer } from '../ticket.ts';
import type { Playbook } from '../playbook/playbook.ts';

/** Reasons that are known before any call: such a ticket goes straight to the strong model. */
export function escalateUnasked(ticket: Ticket, playbook: Playbook): Escalation[] {
  const { language, patterns } = ticket;
  const foreign = language !== null && !playbook.nativeLanguages.includes(language);
  return [
    ...(foreign ? [{ by: 'language', language } as const] : []),
    ...patterns.map((pattern) => ({ by: 'pattern', pattern }) as const),
  ];
}

/** The fields that the fast model was not sure enough of. Equal to the threshold is sure. */
export function escalateUnsure(answer: ValidAnswer, playbook: Playbook): Escalation[] {
  return FIELDS.flatMap((field) => {
    const confidence = answer.confidence[field];
    const threshold = thresholdFor(field, answer.labels.team, playbook);
    if (confidence >= threshold) return [];
    return [{ by: 'field', field, team: answer.labels.team, confidence, threshold } as const];
  });
}

function thresholdFor(field: Field, team: string, playbook: Playbook): number {
  const own = playbook.thresholds[field] ?? playbook.thresholds.default;
  const ofTeam = playbook.labels.team.find((label) => label.name === team)?.threshold ?? 0;
  return Math.max(own, ofTeam);
}

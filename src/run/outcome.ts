// What a run came to → its exit code and the reason for it.
import { EXIT, type Failure } from '../ground/errors.ts';
import type { Tally } from '../output/tally.ts';
import type { Flags } from '../settings/flags.ts';

/** A ticket without any text is nobody's failure: it does not count against the allowance. */
export function outcomeOf(
  { tickets, triage }: Pick<Tally, 'tickets' | 'triage'>,
  allowed: Flags['allowTriage'],
  ended: Failure | null,
): { code: number; reason: string } {
  if (ended) return { code: ended.exit, reason: ended.message };
  const counted = triage.tickets - triage.byReason.empty;
  const most = 'share' in allowed ? allowed.share * tickets : allowed.tickets;
  if (counted <= most) return { code: EXIT.ok, reason: 'every ticket classified' };
  return { code: EXIT.triage, reason: `${counted} tickets for human triage` };
}

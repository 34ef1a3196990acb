import type { Ticket, Verdict } from '../ticket.ts';

/** What is kept of a first row: not the ticket, whose text would fill the memory. */
type Kept = Pick<Verdict, 'answer' | 'escalations' | 'triage'>;

/**
 * For inputs with a row for each message: decides the first row of each id that has a text, and gives
 * its verdict to the others. They were not asked about, so they cost nothing.
 */
export function firstPerTicket(
  decide: (ticket: Ticket) => Promise<Verdict>,
): (ticket: Ticket) => Promise<Verdict> {
  const decided = new Map<string, Promise<Kept>>();
  return async function decideOnce(ticket) {
    const first = decided.get(ticket.id);
    if (first && ticket.fault === null) {
      return { ...(await first), ticket, asked: [], past: null };
    }
    const verdict = decide(ticket);
    const hasText = ticket.subject !== '' || ticket.body !== '';
    if (ticket.fault === null && hasText) {
      const kept = verdict.then(({ answer, escalations, triage }) => ({
        answer,
        escalations,
        triage,
      }));
      kept.catch(() => {});
      decided.set(ticket.id, kept);
    }
    return verdict;
  };
}

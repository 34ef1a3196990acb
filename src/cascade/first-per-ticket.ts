import type { Escalation, Ticket, ValidAnswer, Verdict } from '../ticket.ts';

/** What is kept of a first row: neither its text nor its answer, which would fill the memory. */
interface First extends Pick<Verdict, 'escalated' | 'escalations' | 'triage'> {
  textHash: string;
  /** Key of the answer that counts; null where there is none. */
  key: string | null;
}

/**
 * For inputs with a row for each message: decides the first row of each id that has a text, and gives
 * its verdict to the others. They were not asked about, so they cost nothing.
 * @param answerTo finds a text's answer by its key; null if it can't be read any more
 */
export function firstPerTicket(
  decide: (ticket: Ticket) => Promise<Verdict>,
  answerTo: (textHash: string, key: string) => ValidAnswer | null,
): (ticket: Ticket) => Promise<Verdict> {
  const firsts = new Map<string, First | Promise<First>>();

  return async function decideOnce(ticket) {
    const before = ticket.fault === null ? firsts.get(ticket.id) : undefined;
    if (before) return asFirst(ticket, await before) ?? decide(ticket);
    const verdict = decide(ticket);
    if (decidesForAll(ticket)) {
      const first = verdict.then(firstOf);
      firsts.set(ticket.id, first);
      first.then(
        (kept) => firsts.set(ticket.id, kept),
        () => {},
      );
    }
    return verdict;
  };

  /** Null if the first row's answer is not there any more. */
  function asFirst(ticket: Ticket, { textHash, key, ...rest }: First): Verdict | null {
    const answer = key === null ? null : answerTo(textHash, key);
    if (answer === null && key !== null) return null;
    return { ...rest, ticket, answer, asked: [], past: null, ofFirstRow: true };
  }
}

/** Whether a row decides for those after it that have its id. */
export function decidesForAll({ fault, subject, body }: Ticket): boolean {
  return fault === null && (subject !== '' || body !== '');
}

function firstOf({ ticket, answer, escalated, escalations, triage }: Verdict): First {
  const key = answer?.key ?? null;
  return {
    textHash: flat(ticket.textHash),
    key: key === null ? null : flat(key),
    escalated,
    escalations: escalations.length > 0 ? escalations : NONE,
    triage,
  };
}

const NONE: Escalation[] = [];

/** A part of a longer string keeps all of that in memory. */
function flat(text: string): string {
  return Buffer.from(text, 'latin1').toString('latin1');
}

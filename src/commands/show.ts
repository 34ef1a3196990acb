// The exact request for one ticket, and where it would go. Sends nothing.
import { closest } from 'fastest-levenshtein';
import { modelOf } from '../claude/models.ts';
import { requestMaker } from '../claude/request.ts';
import { escalateUnasked } from '../cascade/escalate.ts';
import { addressOf } from '../run/connect.ts';
import { EXIT, failures } from '../ground/errors.ts';
import { printedJson } from '../ground/printable.ts';
import { openInputs } from '../run/tickets.ts';
import { STDIN } from '../intake/source.ts';
import { ticketMaker } from '../intake/to-ticket.ts';
import { resolveSettings } from '../settings/resolve.ts';
import { type Ticket, escalationText } from '../ticket.ts';
import type { Context } from '../run/context.ts';

/** Ids that are kept to guess the one that was meant. */
const IDS_FOR_A_GUESS = 10_000;

export async function showCommand(
  file: string | undefined,
  given: Record<string, unknown>,
  context: Context,
): Promise<number> {
  const settings = await resolveSettings(given, context.environment);
  const { playbook, models, flags } = settings;
  const intake = await openInputs(settings, [file ?? STDIN], context.stdin);
  const { found, shape } = intake;
  const toTicket = ticketMaker(settings, { columns: found.columns, header: shape.names });
  const wanted = flags.id ?? '';
  const ids: string[] = [];
  for await (const row of intake.rows) {
    const ticket = toTicket(row);
    if (ticket.id === wanted) {
      const makeRequest = requestMaker(playbook, (name) => modelOf(models, name));
      const first = firstModel(ticket, settings);
      const shown = {
        ticket_id: ticket.id,
        url: addressOf(settings).url,
        sent: isSent(ticket),
        asked_first: first,
        afterwards: afterwardsText(ticket, settings),
        request: makeRequest(first, ticket),
      };
      context.stdout.write(printedJson(shown));
      return EXIT.ok;
    }
    if (ids.length < IDS_FOR_A_GUESS) ids.push(ticket.id);
  }
  throw failures.ticketNotFound(wanted, ids.length > 0 ? closest(wanted, ids) : '');
}

type Settings = Awaited<ReturnType<typeof resolveSettings>>;

function isSent(ticket: Ticket): boolean {
  return ticket.fault === null && (ticket.subject !== '' || ticket.body !== '');
}

function firstModel(ticket: Ticket, { playbook }: Settings): string {
  const { fast, strong } = playbook.models;
  return escalateUnasked(ticket, playbook).length > 0 ? strong : fast;
}

function afterwardsText(ticket: Ticket, { playbook }: Settings): string {
  if (ticket.fault !== null) return `not sent: ${ticket.fault}`;
  if (!isSent(ticket)) return 'not sent: neither subject nor body';
  const reasons = escalateUnasked(ticket, playbook);
  if (reasons.length > 0) return `straight to the strong model: ${escalationText(reasons)}`;
  return `${playbook.models.strong}, the same request, where a confidence is too low`;
}

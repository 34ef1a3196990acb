// Takes a ticket out of the ledger, and says what stays.
import { ledgerNamed } from '../settings/ledger-policy.ts';
import { EXIT } from '../ground/errors.ts';
import { forgetTicket, type Forgotten } from '../ledger/forget-ticket.ts';
import { plural } from '../ground/figures.ts';
import { printed } from '../ground/printable.ts';
import { shorten } from '../ground/text-table.ts';
import type { Context } from '../run/context.ts';

export async function forgetCommand(
  id: string,
  flags: Record<string, unknown>,
  { stdout }: Context,
): Promise<number> {
  const forgotten = await forgetTicket(ledgerNamed(flags), id);
  stdout.write(printed(...sentences(id, forgotten)));
  return EXIT.ok;
}

const NOT_REACHED =
  'Not touched: inputs, outputs, their .partial files, and backups of any of these.';

const list = new Intl.ListFormat('en-GB');

/** So many of those who share a text are named, by so many characters. */
const IDS = 3;
const ID_WIDTH = 40;

function sentences(id: string, { verdicts, answers, unreadable, shared }: Forgotten): string[] {
  const gone = [
    verdicts > 0 ? plural(verdicts, 'verdict') : '',
    answers > 0 ? plural(answers, 'answer') : '',
    unreadable > 0 ? `${plural(unreadable, 'line')} that could not be read` : '',
  ];
  const told = list.format(gone.filter((part) => part !== '')) || 'nothing';
  const lines = [`Forgot ${id}: ${told}.`];
  if (shared.answers > 0) lines.push(`${staying(shared)}.`);
  return [...lines, NOT_REACHED];
}

function staying({ answers, ids }: Forgotten['shared']): string {
  const named = ids.slice(0, IDS).map((id) => shorten(id, ID_WIDTH));
  const some = [...named, ...(ids.length > IDS ? ['…'] : [])].join(', ');
  const others =
    ids.length === 1
      ? `another ticket (${some}) has the same text`
      : `other tickets (${some}) have the same texts`;
  return `${plural(answers, 'answer')} ${answers === 1 ? 'stays' : 'stay'}: ${others}`;
}

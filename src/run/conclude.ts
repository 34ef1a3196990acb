// What a run came to → its summary, what a person is told, and the exit code.
import { EXIT, Failure, ReaderGone } from '../ground/errors.ts';
import { plural, thousands } from '../ground/figures.ts';
import { roundedUsd } from '../ground/money.ts';
import { STDIN } from '../intake/source.ts';
import type { Destination } from '../output/destination.ts';
import { summarise } from '../output/summary.ts';
import type { Summary } from '../output/summary-format.ts';
import { summaryText } from '../output/summary-text.ts';
import { hasAnswers, type Tally } from '../output/tally.ts';
import type { Flags } from '../settings/flags.ts';
import type { Context } from './context.ts';
import type { Desk } from './open-desk.ts';
import { inputNames, type Plan } from './plan.ts';
import type { Ran } from './run.ts';
import type { Screen } from './screen.ts';
import { writeSummary } from './summary-file.ts';

/** Exit codes after which the same command goes on. */
const CONTINUED = new Set<number>([EXIT.stopped, EXIT.later, 130, 143]);

export interface Finished {
  plan: Plan;
  desk: Desk;
  screen: Pick<Screen, 'show'>;
  destination: Destination;
  tally: Tally;
  ran: Ran;
}

/** @returns the exit code. @throws Failure for what ended the run early */
export async function conclude(finished: Finished, context: Context): Promise<number> {
  const { plan, desk, screen, tally, ran } = finished;
  const ended = await abandoned(finished);
  if (ended instanceof ReaderGone) return EXIT.ok;
  if (ended && !(ended instanceof Failure)) throw ended;
  if (ended && desk.ledger.path !== null && CONTINUED.has(ended.exit)) {
    ended.goesOn = { startedAt: plan.startedAt, readsStdin: plan.inputs.includes(STDIN) };
  }
  const { code, reason } = outcomeOf(tally, plan.settings.flags.allowTriage, ended);
  const summary = summaryOf(finished, { code, reason, goOnAt: ended?.goOnAt ?? null });
  if (hasAnswers(tally) || (tally.tickets > 0 && !ended)) {
    const shown = { colour: hasColour(context), verbose: plan.settings.volume === 'verbose' };
    screen.show(summaryText(summary, shown));
  }
  if (tally.tickets === 0 && !ended) desk.note('No tickets: the input holds no rows.');
  const { summary: path } = plan.settings.flags;
  if (path) await writeSummary(path, summary);
  if (ran.ended) throw ran.ended;
  return code;
}

/** What ended the run early, with what becomes of the rows so far; null if nothing did. */
async function abandoned(finished: Finished): Promise<Error | null> {
  const { destination, tally, ran } = finished;
  const { ended } = ran;
  if (ended === null) return null;
  const partial = await destination.abandon(ran.hasBegun && hasAnswers(tally));
  if (ended instanceof Failure && ran.hasBegun) {
    const left = ended.kind === 'budget' ? whatIsLeft(finished) : '';
    ended.aftermath = [aftermath(ended, finished, partial), left];
  }
  return ended;
}

function summaryOf(
  { plan, desk, destination, tally, ran }: Finished,
  exit: { code: number; reason: string; goOnAt: Date | null },
): Summary {
  const { models, identity } = plan.settings.playbook;
  return summarise(tally, {
    startedAt: plan.startedAt,
    fast: models.fast,
    strong: models.strong,
    inputs: inputNames(plan),
    rows: ran.rows,
    finishedAt: new Date(desk.clock.now()),
    playbook: identity,
    output: destination.name,
    exitCode: exit.code,
    exitReason: exit.reason,
    goOnAt: exit.goOnAt,
    waited: desk.connection.waited(),
  });
}

/** A ticket without any text is nobody's failure: it does not count against the allowance. */
function outcomeOf(
  { tickets, triage }: Pick<Tally, 'tickets' | 'triage'>,
  allowed: Flags['allowTriage'],
  ended: Failure | null,
): { code: number; reason: string } {
  if (ended) return { code: ended.exit, reason: ended.message };
  const counted = triage.tickets - triage.byReason.empty;
  const most = 'share' in allowed ? allowed.share * tickets : allowed.tickets;
  const left = `${plural(counted, 'ticket')} for human triage`;
  if (counted > most) return { code: EXIT.triage, reason: left };
  if (counted > 0) return { code: EXIT.ok, reason: `${left}, as --allow-triage allows` };
  return { code: EXIT.ok, reason: allClassified(tickets, triage.tickets) };
}

/** @param empty for human triage, as they hold no text */
function allClassified(tickets: number, empty: number): string {
  if (tickets === 0) return 'no tickets: the input holds no rows';
  return empty === 0 ? 'every ticket classified' : 'every ticket with a text classified';
}

/** What the rest costs if it is like the rows so far; empty where it is not known how much there is. */
function whatIsLeft({ plan, tally }: Finished): string {
  const size = plan.intake.size();
  const { bytes } = tally;
  if (size === null || bytes === 0 || size <= bytes) return '';
  const share = size / bytes - 1;
  const tickets = thousands(Math.round(tally.tickets * share));
  return `About ${tickets} tickets are left, for some ${roundedUsd(tally.cost.rows * share)}.`;
}

function aftermath(ended: Failure, { tally, desk }: Finished, partial: string | null): string {
  if (!hasAnswers(tally)) return '';
  const { tickets } = tally;
  const { path } = desk.ledger;
  // Of a full disk it is not known how much it took.
  const isWriting = ended.kind === 'output';
  const rows = isWriting ? 'The rows that fit' : tickets === 1 ? '1 row' : `${tickets} rows`;
  const were = tickets === 1 && !isWriting ? 'was' : 'were';
  const where = partial === null ? `${were} written` : `${were} written to ${partial}`;
  const kept =
    path === null
      ? 'Nothing is remembered: the next run asks about every ticket again.'
      : ended.kind === 'ledger'
        ? `Answers that did not fit into ${path} are lost; those in it are not paid for again.`
        : `The answers are in ${path}: no ticket is paid for again.`;
  return `${rows} ${where}. ${kept}`;
}

/** https://no-color.org, and terminals that can't. */
function hasColour({ stderr, environment }: Context): boolean {
  const refused = environment('NO_COLOR') !== null || environment('TERM')?.value === 'dumb';
  return (stderr.isTTY ?? false) && !refused;
}

// The journey from intake to output, to its end or to what ends it early.
import { Failure, ReaderGone } from '../errors.ts';
import type { Intake } from '../intake/open-intake.ts';
import { pickRows } from '../intake/pick-rows.ts';
import { ticketMaker } from '../intake/to-ticket.ts';
import { refuseLateClash } from '../output/earlier-output.ts';
import type { Destination } from '../output/destination.ts';
import type { Progress } from '../output/progress.ts';
import { rowText, type OutputFormat } from '../output/row-text.ts';
import { count, countAsked, hasAnswers, type Tally } from '../output/tally.ts';
import { classify } from '../pipeline.ts';
import type { Settings } from '../settings/resolve.ts';
import type { Answer, Ask } from '../ticket.ts';

export interface Job {
  settings: Settings;
  intake: Intake;
  format: OutputFormat;
  destination: Destination;
  ask: Ask;
  progress: Progress;
  tally: Tally;
  stop: AbortController;
}

/** Counts into `tally`. @returns what ended the run early; null if it came to its end. */
export async function run(job: Job): Promise<Error | null> {
  const { settings, intake, format, destination, progress, tally, stop } = job;
  const { playbook, flags } = settings;
  const text = rowText({
    format,
    shape: intake.shape,
    prefix: flags.prefix,
    playbook: playbook.identity,
    excel: flags.excel,
  });
  const asking = watchAsking(job.ask, (answer) => countAsked(tally, answer));
  let bytes = 0;
  let { header } = text;
  try {
    const picked = pickRows(intake.rows, {
      limit: flags.limit ?? null,
      sample: flags.sample ?? null,
      seed: flags.seed,
    });
    const stations = {
      toTicket: ticketMaker(intake.found.columns, intake.shape.names, playbook),
      ask: asking.ask,
      playbook,
      firstPerTicket: flags.firstPerTicket,
      stop,
    };
    const rows = refuseLateClash(picked, flags.prefix);
    for await (const routed of classify(rows, stations)) {
      await destination.write(header + text.row(routed));
      header = '';
      count(tally, routed);
      bytes += routed.ticket.row.bytes;
      const { tickets, escalated, triage, cost } = tally;
      progress.update({
        tickets,
        bytes,
        escalated: escalated.tickets,
        triage: triage.tickets,
        cost: cost.run,
      });
    }
    if (header) await destination.write(header);
    await destination.finish();
    return null;
  } catch (error) {
    stop.abort(error);
    // Nobody is left to tell what calls in the air came to.
    if (!(error instanceof ReaderGone)) await asking.settled();
    const partial = await destination.abandon(hasAnswers(tally));
    const ended = error instanceof Error ? error : new Error(String(error));
    if (ended instanceof Failure) ended.aftermath = aftermath(ended, tally, partial);
    return ended;
  }
}

/** Tells of each answer as it comes, and when none is outstanding any more. */
function watchAsking(ask: Ask, came: (answer: Answer) => void) {
  const outstanding = new Set<Promise<unknown>>();
  return {
    async ask(model: Parameters<Ask>[0], ticket: Parameters<Ask>[1]): Promise<Answer> {
      const asked = ask(model, ticket);
      outstanding.add(asked);
      try {
        const answer = await asked;
        came(answer);
        return answer;
      } finally {
        outstanding.delete(asked);
      }
    },
    settled: () => Promise.allSettled(outstanding),
  };
}

function aftermath(ended: Failure, tally: Tally, partial: string | null): string {
  if (!hasAnswers(tally)) return '';
  const { tickets } = tally;
  // Of a full disk it is not known how much it took.
  const isWriting = ended.kind === 'output';
  const rows = isWriting ? 'The rows that fit' : tickets === 1 ? '1 row' : `${tickets} rows`;
  const were = tickets === 1 && !isWriting ? 'was' : 'were';
  const where = partial === null ? `${were} written` : `${were} written to ${partial}`;
  return `${rows} ${where}.\n  Nothing is remembered between runs: the next one asks about every ticket again.`;
}

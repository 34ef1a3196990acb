// The journey from intake to output, to its end or to what ends it early.
import { Failure } from '../errors.ts';
import type { Intake } from '../intake/open-intake.ts';
import { ticketMaker } from '../intake/to-ticket.ts';
import { refuseLateClash } from '../output/clash.ts';
import type { Destination } from '../output/destination.ts';
import type { Progress } from '../output/progress.ts';
import { rowText, type OutputFormat } from '../output/row-text.ts';
import { count, countAsked, createTally, type Tally } from '../output/tally.ts';
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
  stop: AbortController;
}

export async function run(job: Job): Promise<{ tally: Tally; ended: Error | null }> {
  const { settings, intake, format, destination, progress, stop } = job;
  const { playbook, flags, models } = settings;
  const { strong } = playbook.models;
  const tally = createTally({ strong, strongModel: models.get(strong) ?? null });
  const text = rowText({
    format,
    shape: intake.shape,
    prefix: flags.prefix,
    playbook: playbook.identity,
  });
  const asking = watchAsking(job.ask, (answer) => countAsked(tally, answer));
  let bytes = 0;
  try {
    if (text.header) await destination.write(text.header);
    const rows = refuseLateClash(intake.rows, flags.prefix);
    const toTicket = ticketMaker(intake.columns, intake.shape.names, playbook);
    const stations = { toTicket, ask: asking.ask, playbook, stop: stop.signal };
    for await (const routed of classify(rows, stations)) {
      await destination.write(text.row(routed));
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
    await destination.finish();
    return { tally, ended: null };
  } catch (error) {
    stop.abort(error);
    await asking.settled();
    const partial = await destination.abandon(tally.tickets > 0);
    const ended = error instanceof Error ? error : new Error(String(error));
    if (ended instanceof Failure) ended.aftermath = aftermath(tally, partial);
    return { tally, ended };
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

function aftermath({ tickets }: Tally, partial: string | null): string {
  if (tickets === 0) return '';
  const rows = `${tickets} row${tickets === 1 ? '' : 's'}`;
  const where = partial === null ? 'were written' : `are in ${partial}`;
  return `${rows} ${where}. Nothing is remembered between runs: the next one asks about every ticket again.`;
}

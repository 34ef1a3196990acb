// The journey from intake to output, to its end or to what ends it early.
import { roundedUsd } from '../ground/money.ts';
import { Failure } from '../ground/errors.ts';
import type { Intake } from '../intake/open-intake.ts';
import { pickedTickets } from './picked-tickets.ts';
import type { Attached } from './attach.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { refuseLateClash } from '../output/earlier-output.ts';
import type { Destination } from '../output/destination.ts';
import type { Progress } from '../output/progress.ts';
import { thousands } from '../ground/figures.ts';
import { rowText, type OutputFormat } from '../output/row-text.ts';
import { count, hasAnswers, type Tally } from '../output/tally.ts';
import { classify } from '../pipeline.ts';
import type { Settings } from '../settings/resolve.ts';
import type { Ask, Row } from '../ticket.ts';

export interface Job {
  settings: Settings;
  intake: Intake;
  format: OutputFormat;
  destination: Destination;
  ledger: Ledger;
  attached: Attached;
  progress: Progress;
  tally: Tally;
  stop: AbortController;
}

export interface Ran {
  rows: { read: number; written: number };
  /** What ended the run early; null if it came to its end. */
  ended: Error | null;
}

/** Counts the tickets into `tally`. */
export async function run(job: Job): Promise<Ran> {
  const { settings, intake, format, destination, ledger, progress, tally, stop } = job;
  const { playbook, flags } = settings;
  const text = rowText({
    format,
    shape: intake.shape,
    prefix: flags.prefix,
    playbook: playbook.identity,
    excel: flags.excel,
  });
  const asking = watchAsking(job.attached.ask);
  const rows = { read: 0, written: 0 };
  let bytes = 0;
  let { header } = text;
  try {
    const picked = pickedTickets(intake, settings, ledger.languageOf);
    const stations = {
      toTicket: picked.toTicket,
      ask: asking.ask,
      memory: job.attached.memory,
      playbook,
      firstPerTicket: flags.firstPerTicket,
      stop,
    };
    const read = counted(refuseLateClash(picked.rows, flags.prefix), () => rows.read++);
    for await (const routed of classify(read, stations)) {
      await destination.write(header + text.row(routed));
      header = '';
      rows.written++;
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
    refuseLoss(rows, tally);
    if (header) await destination.write(header);
    await destination.finish();
    return { rows, ended: null };
  } catch (error) {
    stop.abort(error);
    await asking.settled();
    const partial = await destination.abandon(hasAnswers(tally));
    const ended = error instanceof Error ? error : new Error(String(error));
    if (ended instanceof Failure) {
      ended.aftermath = aftermath(ended, job, partial);
      if (ended.kind === 'budget') ended.aftermath += whatIsLeft(job, bytes);
    }
    return { rows, ended };
  }
}

async function* counted(rows: AsyncIterable<Row>, onRow: () => void): AsyncGenerator<Row> {
  for await (const row of rows) {
    onRow();
    yield row;
  }
}

/** Each row that was read must be classified or for a human, and written. */
function refuseLoss(rows: Ran['rows'], { classified, triage }: Tally): void {
  const { read, written } = rows;
  if (classified + triage.tickets === read && written === read) return;
  throw new Error(
    `${read} rows were read, but ${classified} classified, ${triage.tickets} for human triage and ${written} written`,
  );
}

/** Tells when nothing that was asked is outstanding any more. */
function watchAsking(ask: Ask): { ask: Ask; settled: () => Promise<unknown> } {
  const outstanding = new Set<Promise<unknown>>();
  return {
    async ask(model, ticket) {
      const asked = ask(model, ticket);
      outstanding.add(asked);
      try {
        return await asked;
      } finally {
        outstanding.delete(asked);
      }
    },
    settled: () => Promise.allSettled(outstanding),
  };
}

/** What the rest costs if it is like the rows so far; empty where it is not known how much there is. */
function whatIsLeft({ intake, tally }: Job, bytes: number): string {
  const size = intake.size();
  if (size === null || bytes === 0 || size <= bytes) return '';
  const share = size / bytes - 1;
  const tickets = thousands(Math.round(tally.tickets * share));
  return `\n  About ${tickets} tickets are left, for some ${roundedUsd(tally.cost.rows * share)}.`;
}

function aftermath(ended: Failure, { tally, ledger }: Job, partial: string | null): string {
  if (!hasAnswers(tally)) return '';
  const { tickets } = tally;
  // Of a full disk it is not known how much it took.
  const isWriting = ended.kind === 'output';
  const rows = isWriting ? 'The rows that fit' : tickets === 1 ? '1 row' : `${tickets} rows`;
  const were = tickets === 1 && !isWriting ? 'was' : 'were';
  const where = partial === null ? `${were} written` : `${were} written to ${partial}`;
  const kept =
    ledger.path === null
      ? 'Nothing is remembered: the next run asks about every ticket again.'
      : ended.kind === 'ledger'
        ? `Answers that did not fit into ${ledger.path} are lost; those in it are not paid for again.`
        : `The answers are in ${ledger.path}: no ticket is paid for again.`;
  return `${rows} ${where}. ${kept}`;
}

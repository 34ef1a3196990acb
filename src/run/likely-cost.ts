// The inputs of a run in; its likely cost in a line out, judged by their beginning.
import type { Readable } from 'node:stream';
import { policyOf } from '../settings/ledger-policy.ts';
import { askersFor } from '../ground/keys.ts';
import { halfNanosOf, usd } from '../ground/money.ts';
import { Failure } from '../ground/errors.ts';
import { openIntake, type Intake, type IntakeOptions } from '../intake/open-intake.ts';
import { pickedTickets } from './picked-tickets.ts';
import type { KnownAnswers } from '../ledger/ledger.ts';
import { plural, thousands } from '../ground/figures.ts';
import type { Settings } from '../settings/resolve.ts';
import type { Flags } from '../settings/flags.ts';
import type { Row } from '../ticket.ts';
import { priceForecast } from '../estimate/price-forecast.ts';
import type { Range } from '../estimate/escalation-share.ts';
import type { Estimate } from '../estimate/estimate-format.ts';
import { isNothingLeft, moneyRange } from '../estimate/estimate-text.ts';
import { forecast, scaled, ticketsOf } from '../estimate/forecast.ts';

/** So many are looked at in a fraction of a second. */
const ROWS = 5_000;

export interface LikelyCostOptions {
  settings: Settings;
  ledger: KnownAnswers;
  /** Of the server; see `Asker`. */
  host: string;
  startedAt: Date;
  /** As it was opened for the run; nothing is read from it. */
  intake: Intake;
  /** Opens the same inputs once more. */
  intakeOptions: IntakeOptions;
  stdin: Readable;
}

/** Null where the inputs are not all plain files, which alone can be read twice, or can't be read. */
export async function likelyCost(options: LikelyCostOptions): Promise<string | null> {
  if (options.intake.size() === null) return null;
  try {
    return await lookAhead(options);
  } catch (error) {
    // The run meets it as well, and tells it better.
    if (error instanceof Failure) return null;
    throw error;
  }
}

async function lookAhead(options: LikelyCostOptions): Promise<string> {
  const { settings, ledger, host, startedAt, stdin } = options;
  const { flags, playbook } = settings;
  const intake = await openIntake(options.intakeOptions, stdin);
  const { limit = null, sample = null, firstPerTicket } = flags;
  const start = beginningOf(intake.rows);
  const askerOf = askersFor(host, playbook);
  const opened = { ...intake, rows: start.rows };
  const { rows, toTicket } = pickedTickets(opened, settings, ledger.languageOf);
  const found = await forecast(rows, {
    ledger,
    playbook,
    askerOf,
    policy: policyOf(flags, startedAt.getTime()),
    firstPerTicket,
    toTicket,
  });
  const looked = ticketsOf(found);
  const inAll = start.isCut() ? (ROWS * (intake.size() ?? 0)) / start.bytes() : looked;
  const factor = Math.max(1, Math.min(inAll, limit ?? inAll, sample ?? inAll) / looked);
  const facts = { simulated: flags.simulate, inputs: [], ledger: null };
  const whole = scaled(found, factor);
  const result = priceForecast(whole, { settings, ledger, askerOf, facts, table: null });
  return likelyText(result, start.isCut() && factor > 1, flags);
}

/** The first rows, and what is told of them when they have been read. */
function beginningOf(rows: AsyncGenerator<Row>) {
  let bytes = 0;
  let isCut = false;
  async function* beginning(): AsyncGenerator<Row> {
    let count = 0;
    for await (const row of rows) {
      isCut = count === ROWS;
      if (isCut) return;
      count += 1;
      bytes += row.bytes;
      yield row;
    }
  }
  return { rows: beginning(), bytes: () => bytes, isCut: () => isCut };
}

function likelyText(
  result: Estimate,
  isJudged: boolean,
  { batch, maxCost }: Pick<Flags, 'batch' | 'maxCost'>,
): string {
  const { tickets, cost, simulated } = result;
  const about = isJudged ? 'about ' : '';
  const count = (value: number) => (isJudged ? Number(value.toPrecision(3)) : value);
  const rows = `${about}${plural(count(tickets.all), 'ticket')}`;
  const known =
    tickets.in_ledger > 0 ? `, ${thousands(count(tickets.in_ledger))} in the ledger` : '';
  const judged = isJudged ? `, judging by the first ${thousands(ROWS)}` : '';
  if (isNothingLeft(result)) return `${rows}${known}${judged}; nothing left to pay`;
  const range = batch ? cost.batch_usd : cost.live_usd;
  const money = moneyRange(range) + (batch ? ' by batch' : '') + (simulated ? ' (simulated)' : '');
  const rest = known === '' ? '' : ' for the rest';
  return `${rows}${known}; ${money}${rest}${judged}; ${capText(range, maxCost)}`;
}

/** @param maxCost in half nano-dollars; null for no cap */
function capText({ low, high }: Range, maxCost: number | null): string {
  if (maxCost === null) return 'no --max-cost';
  const cap = `--max-cost $${usd(maxCost)}`;
  if (halfNanosOf(low) > maxCost) return `over ${cap}, where it stops`;
  return halfNanosOf(high) > maxCost ? `perhaps over ${cap}, where it stops` : cap;
}

// The inputs of a run in; its likely cost in a line out, judged by their beginning.
import type { Range } from '../estimate/escalation-share.ts';
import type { Estimate } from '../estimate/estimate-format.ts';
import { isNothingLeft, moneyRange } from '../estimate/estimate-text.ts';
import { scaled, ticketsIn } from '../estimate/forecast.ts';
import { priceForecast } from '../estimate/price-forecast.ts';
import { Failure } from '../ground/errors.ts';
import { plural, thousands } from '../ground/figures.ts';
import { halfNanosOf, usd } from '../ground/money.ts';
import type { Intake } from '../intake/open-intake.ts';
import type { Flags } from '../settings/flags.ts';
import type { Row } from '../ticket.ts';
import { lookAhead, type ReadingDesk } from './look-ahead.ts';
import type { Plan } from './plan.ts';
import { openInputs, ticketsOf } from './tickets.ts';

/** So many are looked at in a fraction of a second. */
const ROWS = 5_000;

/** Nothing is read from its intake: the inputs are opened once more. */
export type LikelyPlan = Pick<Plan, 'inputs' | 'intake' | 'stdin'>;

/** Null where the inputs are not all plain files, which alone can be read twice, can't be read, or are empty. */
export async function likelyCost(desk: ReadingDesk, plan: LikelyPlan): Promise<string | null> {
  if (plan.intake.size() === null) return null;
  try {
    return await judge(desk, plan);
  } catch (error) {
    // The run meets it as well, and tells it better.
    if (error instanceof Failure) return null;
    throw error;
  }
}

async function judge(desk: ReadingDesk, plan: LikelyPlan): Promise<string | null> {
  const intake = await openInputs(desk.settings, plan.inputs, plan.stdin());
  try {
    return await judgeBy(intake, desk);
  } finally {
    await intake.close();
  }
}

async function judgeBy(intake: Intake, desk: ReadingDesk): Promise<string | null> {
  const { settings, ledger, askerOf } = desk;
  const { flags } = settings;
  const { limit = null, sample = null } = flags;
  const start = beginningOf(intake.rows, desk.stop?.signal);
  const found = await lookAhead(desk, ticketsOf({ ...intake, rows: start.rows }, desk));
  const looked = ticketsIn(found);
  if (looked === 0) return null;
  const inAll = start.isCut() ? (ROWS * (intake.size() ?? 0)) / start.bytes() : looked;
  const factor = Math.max(1, Math.min(inAll, limit ?? inAll, sample ?? inAll) / looked);
  const facts = { simulated: flags.simulate, inputs: [], ledger: null };
  const whole = scaled(found, factor);
  const result = priceForecast(whole, { settings, ledger, askerOf, facts, table: null });
  return likelyText(result, start.isCut() && factor > 1, flags);
}

/** The first rows, and what is told of them when they have been read. */
function beginningOf(rows: AsyncGenerator<Row>, stop?: AbortSignal) {
  let bytes = 0;
  let isCut = false;
  async function* beginning(): AsyncGenerator<Row> {
    let count = 0;
    for await (const row of rows) {
      isCut = count === ROWS;
      if (isCut || stop?.aborted) return;
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

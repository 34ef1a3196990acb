// What a run would ask, cost and take. Sends nothing, and needs no key.
import { ledgerPath, policyOf } from '../settings/ledger-policy.ts';
import { askersFor } from '../ground/keys.ts';
import { addressOf, expectsSimulated } from '../run/connect.ts';
import { EXIT } from '../ground/errors.ts';
import { priceForecast } from '../estimate/price-forecast.ts';
import { estimateText } from '../estimate/estimate-text.ts';
import { forecast } from '../estimate/forecast.ts';
import { thresholdTable } from '../estimate/threshold-table.ts';
import { openInputs, ticketsOf } from '../run/tickets.ts';
import { STDIN } from '../intake/source.ts';
import { memoryOf } from '../ledger/memory.ts';
import { findIn } from '../ledger/remember.ts';
import { readLedger } from '../ledger/open-ledger.ts';
import { resolveSettings, type Settings } from '../settings/resolve.ts';
import { takeThresholdRange } from '../estimate/threshold-range.ts';
import type { Context } from '../run/context.ts';
import { firstLines, IDS_REPEAT } from '../run/announce.ts';

export async function estimateCommand(
  files: readonly string[],
  typed: Record<string, unknown>,
  context: Context,
): Promise<number> {
  const { clock, environment, stdin, stdout, stderr } = context;
  const startedAt = clock.now();
  const { steps, given } = takeThresholdRange(typed);
  const resolved = await resolveSettings(given, environment);
  const paths = files.length > 0 ? files : [STDIN];
  const intake = await openInputs(resolved, paths, stdin);
  const ledger = await readLedger(ledgerPath(resolved.flags), clock);
  const settings = asSimulated(resolved, ledger.simulated);
  const { flags, playbook, volume } = settings;
  const { url, host } = addressOf(settings);
  const inputs = paths.map((path) => (path === STDIN ? 'stdin' : path));
  if (volume !== 'quiet') {
    const plan = { inputs, intake, settings, ledger, output: null, url };
    stderr.write(`${firstLines(plan)}\n`);
    if (intake.idsRepeat && !flags.firstPerTicket) stderr.write(`${IDS_REPEAT}\n`);
  }

  const known = {
    ledger,
    playbook,
    askerOf: askersFor(host, playbook),
    policy: policyOf(flags, startedAt),
  };
  const find = findIn(known);
  const memory = memoryOf({ ledger, playbook, keepFirst: flags.keepFirst, now: clock.now });
  const table = steps && thresholdTable(steps, playbook);
  const { rows, toTicket } = ticketsOf(intake, settings, ledger);
  const found = await forecast(rows, {
    ...known,
    firstPerTicket: flags.firstPerTicket,
    toTicket,
    kept: (ticket) => memory.recall(ticket).kept,
    onKnown: (text) => table?.add(text, find(playbook.models.strong, text.ticket)),
  });
  const facts = { inputs, ledger: ledger.path, simulated: ledger.simulated ?? false };
  const result = priceForecast(found, { ...known, settings, facts, table });
  const text = flags.json ? `${JSON.stringify(result, null, 2)}\n` : estimateText(result);
  stdout.write(text);
  return EXIT.ok;
}

/** A ledger of the stand-in's answers can only be meant for a run with `--simulate`. */
function asSimulated(settings: Settings, isOfStandIn: boolean | null): Settings {
  if (isOfStandIn !== true || expectsSimulated(settings) === null) return settings;
  return { ...settings, flags: { ...settings.flags, simulate: true } };
}

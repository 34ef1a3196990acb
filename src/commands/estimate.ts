// What a run would ask, cost and take. Sends nothing, and needs no key.
import { estimateText } from '../estimate/estimate-text.ts';
import { priceForecast } from '../estimate/price-forecast.ts';
import { takeThresholdRange, thresholdTable } from '../estimate/thresholds.ts';
import type { Clock } from '../ground/clock.ts';
import { EXIT } from '../ground/errors.ts';
import { askersFor } from '../ground/keys.ts';
import type { Intake } from '../intake/open-intake.ts';
import { printed, printedJson } from '../ground/printable.ts';
import { STDIN } from '../intake/source.ts';
import { memoryOf } from '../ledger/memory.ts';
import { readLedger } from '../ledger/open-ledger.ts';
import { findIn } from '../ledger/remember.ts';
import { firstLines, IDS_REPEAT } from '../run/announce.ts';
import { addressOf, expectsSimulated } from '../run/connect.ts';
import type { Context } from '../run/context.ts';
import { lookAhead } from '../run/look-ahead.ts';
import { inputNames } from '../run/plan.ts';
import { openInputs, ticketsOf } from '../run/tickets.ts';
import { ledgerPath, policyOf } from '../settings/ledger-policy.ts';
import { resolveSettings, type Settings } from '../settings/resolve.ts';

export async function estimateCommand(
  files: readonly string[],
  typed: Record<string, unknown>,
  context: Context,
): Promise<number> {
  const { steps, given } = takeThresholdRange(typed);
  const resolved = await resolveSettings(given, context.environment);
  const inputs = files.length > 0 ? files : [STDIN];
  const intake = await openInputs(resolved, inputs, context.stdin);
  const desk = await readDesk(resolved, context.clock);
  const { settings, ledger, askerOf } = desk;
  const note = (...texts: string[]) => {
    if (settings.volume !== 'quiet') context.stderr.write(printed(...texts));
  };
  note(...announcement(desk, inputs, intake));

  const table = steps && thresholdTable(steps, settings.playbook);
  const tickets = ticketsOf(intake, desk);
  const found = await lookAhead(desk, tickets, (text) =>
    table?.add(text, desk.find(settings.playbook.models.strong, text.ticket)),
  );
  note(...tickets.remarks());
  const simulated = ledger.simulated ?? false;
  const facts = { inputs: inputNames({ inputs }), ledger: ledger.path, simulated };
  const result = priceForecast(found, { ledger, askerOf, settings, facts, table });
  const asJson = settings.flags.json;
  context.stdout.write(asJson ? printedJson(result) : printed(...estimateText(result)));
  return EXIT.ok;
}

/** A desk that sends nothing: its ledger is only read, and may be open elsewhere. */
async function readDesk(resolved: Settings, clock: Clock) {
  const startedAt = new Date(clock.now());
  const ledger = await readLedger(ledgerPath(resolved.flags), clock);
  const settings = asSimulated(resolved, ledger.simulated);
  const { flags, playbook } = settings;
  const { url, host } = addressOf(settings);
  const askerOf = askersFor(host, playbook);
  const policy = policyOf(flags, startedAt.getTime());
  const { keepFirst } = flags;
  return {
    settings,
    startedAt,
    ledger,
    askerOf,
    url,
    find: findIn({
      ledger,
      playbook,
      askerOf,
      policy,
    }),
    newMemory: () =>
      memoryOf({
        ledger,
        playbook,
        keepFirst,
        now: clock.now,
      }),
  };
}

function announcement(
  { settings, ledger, url }: Awaited<ReturnType<typeof readDesk>>,
  inputs: readonly string[],
  intake: Intake,
): string[] {
  const told = { inputs: inputNames({ inputs }), intake, settings, ledger, output: null, url };
  const repeat = intake.idsRepeat && !settings.flags.firstPerTicket;
  return [...firstLines(told), ...(repeat ? IDS_REPEAT : [])];
}

/** A ledger of the stand-in's answers can only be meant for a run with `--simulate`. */
function asSimulated(settings: Settings, isOfStandIn: boolean | null): Settings {
  if (isOfStandIn !== true || expectsSimulated(settings) === null) return settings;
  return { ...settings, flags: { ...settings.flags, simulate: true } };
}

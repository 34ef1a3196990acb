// The open batches of a ledger, as the server tells of them; and their end before their time.
import { ledgerNamed } from '../settings/ledger-policy.ts';
import { batchTable, type ToldBatch } from '../batch/batch-text.ts';
import { giveUp } from '../batch/give-up.ts';
import type { ClaudeBatches } from '../claude/batches.ts';
import { addressOf, connectBatches } from '../run/connect.ts';
import { openDesk } from '../run/open-desk.ts';
import { EXIT, failures } from '../ground/errors.ts';
import { printed, printedJson } from '../ground/printable.ts';
import type { OpenBatch } from '../ledger/open-batches.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { readLedger } from '../ledger/open-ledger.ts';
import { resolveSettings, type Settings } from '../settings/resolve.ts';
import type { Context } from '../run/context.ts';

const CANCEL = 'cancel';

export async function batchesCommand(
  [action, ...ids]: readonly string[],
  { json, ...given }: Record<string, unknown>,
  context: Context,
): Promise<number> {
  const settings = await resolveSettings(given, context.environment);
  if (action === undefined) return list(settings, given, json === true, context);
  if (action === CANCEL) return cancel(settings, ids, context);
  throw failures.usage(`batches ${action}: there is no such action.`, 'It is `batches cancel`.');
}

async function list(
  settings: Settings,
  given: Record<string, unknown>,
  asJson: boolean,
  context: Context,
): Promise<number> {
  const { clock, stdout } = context;
  const path = ledgerNamed(given);
  const ledger = await readLedger(path, clock);
  if (ledger.isNew) throw failures.ledgerMissing(path);
  const open = ledger.batches.open();
  const told: ToldBatch[] = [];
  if (open.length > 0) {
    const { batches } = await connectBatches(settings, atServer(context));
    const { host } = addressOf(settings);
    for (const batch of open) told.push({ batch, state: await stateOf(batch, batches, host) });
  }
  stdout.write(
    asJson ? printedJson(rowsOf(told)) : printed(...batchTable(told, path, clock.now())),
  );
  return EXIT.ok;
}

function atServer({ clock, stop, leave }: Context) {
  return { clock, stop: stop.signal, leave: leave.signal, log: () => {} };
}

/** @param here the host that is asked */
async function stateOf(
  { id, host }: OpenBatch,
  batches: ClaudeBatches,
  here: string,
): Promise<ToldBatch['state']> {
  if (host !== here) return 'elsewhere';
  if (id === null) return 'unknown';
  const state = await batches.look(id);
  if (state === null) return 'missing';
  if (state.isEnded) return 'ended';
  return state.isCanceling ? 'canceling' : 'running';
}

function rowsOf(told: readonly ToldBatch[]) {
  return told.map(
    ({ batch: { id, batch, host, model, playbook, time, texts, at_most_usd }, state }) => ({
      id,
      batch,
      host,
      model,
      playbook,
      state,
      intended_at: time,
      tickets: texts.length,
      at_most_usd,
    }),
  );
}

async function cancel(
  settings: Settings,
  ids: readonly string[],
  { clock, stop, leave, stdout, stderr }: Context,
): Promise<number> {
  const desk = await openDesk(settings, {
    startedAt: new Date(clock.now()),
    clock,
    stop,
    leave: leave.signal,
    note: (...lines) => stderr.write(printed(...lines)),
    log: () => {},
    came: () => {},
  });
  try {
    const { ledger, connection } = desk;
    const { keepBatches: keep, maxWait } = settings.flags;
    const { playbook } = settings;
    const chosen = chosenOf(ledger, ids, connection.host);
    const claude = connection.batches;
    const { simulated } = await claude.probe();
    ledger.isFor(simulated);
    const options = { ...desk, claude, playbook, simulated, keep, maxWait, stop: stop.signal };
    let left = 0;
    for (const batch of chosen) {
      const { isOpen, text } = await giveUp(batch, options);
      stdout.write(printed(text));
      if (isOpen) left += 1;
    }
    if (chosen.length === 0) stdout.write(printed(`No batch of ${ledger.path} is open.`));
    return left === 0 ? EXIT.ok : EXIT.later;
  } finally {
    await desk.close();
  }
}

/** @throws Failure for one that is not open, or at another host than the one that is asked: `here` */
function chosenOf({ batches, path }: Ledger, ids: readonly string[], here: string): OpenBatch[] {
  const open = batches.open();
  const named = ids.map((id) => {
    const found = open.find((batch) => batch.id === id || batch.batch === id);
    if (!found) throw failures.noSuchBatch(id, path ?? '');
    return found;
  });
  const chosen = ids.length > 0 ? named : open;
  const elsewhere = chosen.find(({ host }) => host !== here);
  if (elsewhere) {
    throw failures.batchElsewhere(elsewhere.id ?? elsewhere.batch, elsewhere.host, here);
  }
  return chosen;
}

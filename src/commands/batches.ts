// The open batches of a ledger, as the server tells of them; and their end before their time.
import { ledgerNamed } from '../settings/ledger-policy.ts';
import { batchTable, collectedText, type ToldBatch } from '../batch/batch-text.ts';
import { collect, writeOff, type CollectOptions } from '../batch/collect.ts';
import { settle, type Fate } from '../batch/settle.ts';
import type { ClaudeBatches } from '../claude/batches.ts';
import { addressOf, connectBatches, expectsSimulated } from '../run/connect.ts';
import { EXIT, failures } from '../ground/errors.ts';
import type { OpenBatch } from '../ledger/open-batches.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { openLedger, readLedger } from '../ledger/open-ledger.ts';
import { resolveSettings, type Settings } from '../settings/resolve.ts';
import type { Context } from '../run/context.ts';

const CANCEL = 'cancel';

/** Between two looks at batches that are being canceled, in milliseconds. */
const LOOK_MS = 2_000;

export async function batchesCommand(
  [action, ...ids]: readonly string[],
  { json, ...given }: Record<string, unknown>,
  context: Context,
): Promise<number> {
  const settings = await resolveSettings(given, context.environment);
  if (action === undefined) return list(settings, given, json === true, context);
  if (action === CANCEL) return cancel(settings, given, ids, context);
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
  stdout.write(asJson ? jsonText(told) : batchTable(told, path, clock.now()));
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
  if (state === null) return 'gone';
  if (state.isEnded) return 'ended';
  return state.isCanceling ? 'canceling' : 'running';
}

function jsonText(told: readonly ToldBatch[]): string {
  const rows = told.map(
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
  return `${JSON.stringify(rows, null, 2)}\n`;
}

async function cancel(
  settings: Settings,
  given: Record<string, unknown>,
  ids: readonly string[],
  context: Context,
): Promise<number> {
  const { clock, stop, stdout } = context;
  const path = ledgerNamed(given);
  const ledger = await openLedger({
    path,
    simulated: expectsSimulated(settings),
    failed: (failure) => stop.abort(failure),
    clock,
  });
  try {
    const chosen = chosenOf(ledger, ids, path, addressOf(settings).host);
    const { batches } = await connectBatches(settings, atServer(context));
    const { simulated } = await batches.probe();
    ledger.isFor(simulated);
    const options = collecting(settings, ledger, batches, simulated, context);
    let unknown = 0;
    for (const batch of chosen) if (!(await end(batch, batches, options, context))) unknown += 1;
    if (chosen.length === 0) stdout.write(`No batch of ${path} is open.\n`);
    return unknown === 0 ? EXIT.ok : EXIT.later;
  } finally {
    await ledger.close();
  }
}

/** @throws Failure for one that is not open, or at another host than the one that is asked: `here` */
function chosenOf(
  { batches }: Ledger,
  ids: readonly string[],
  path: string,
  here: string,
): OpenBatch[] {
  const open = batches.open();
  const named = ids.map((id) => {
    const found = open.find((batch) => batch.id === id || batch.batch === id);
    if (!found) throw failures.noSuchBatch(id, path);
    return found;
  });
  const chosen = ids.length > 0 ? named : open;
  const elsewhere = chosen.find(({ host }) => host !== here);
  if (elsewhere) {
    throw failures.batchElsewhere(elsewhere.id ?? elsewhere.batch, elsewhere.host, here);
  }
  return chosen;
}

function collecting(
  { playbook, flags }: Settings,
  ledger: Ledger,
  claude: ClaudeBatches,
  simulated: boolean,
  { clock }: Context,
): CollectOptions {
  return {
    claude,
    ledger,
    playbook,
    simulated,
    now: clock.now,
    came: () => {},
    keep: flags.keepBatches,
  };
}

/** What it has answered by then is paid for, and kept. @returns false if it is not known where it is */
async function end(
  batch: OpenBatch,
  batches: ClaudeBatches,
  options: CollectOptions,
  { clock, stop, stdout, stderr }: Context,
): Promise<boolean> {
  const { ledger } = options;
  const fate = await fateOf(batch, batches, ledger, clock.now());
  const head = {
    kind: 'batch',
    time: new Date(clock.now()).toISOString(),
    batch: batch.batch,
  } as const;
  if (fate.kind === 'none') {
    ledger.keepBatch({ ...head, event: 'dropped', why: 'it never arrived' });
    stdout.write(`${batch.batch} never arrived; nothing runs.\n`);
    return true;
  }
  if (fate.kind !== 'found') {
    stdout.write(`${batch.batch}: it is not known yet whether it was made; ${WHEN[fate.kind]}.\n`);
    return false;
  }
  const { id } = fate;
  let state = await batches.look(id);
  if (state?.isEnded === false) {
    await batches.cancel(id);
    stderr.write(`${id} is being canceled; what it has answered by now is collected.\n`);
  }
  while (state?.isEnded === false) {
    await clock.sleep(LOOK_MS, stop.signal);
    state = await batches.look(id);
  }
  if (state === null) {
    writeOff(batch, id, options);
    stdout.write(`${id} is gone from the server.\n`);
    return true;
  }
  const { line, cost } = await collect(batch, state, options);
  if (!options.keep) {
    await batches.remove(id);
    ledger.keepBatch({ ...head, event: 'deleted', id });
  }
  stdout.write(`${collectedText(line, cost, options.simulated)}\n`);
  return true;
}

const WHEN = {
  waiting: 'try again in ten minutes',
  running: 'one that runs may be it, and tells when it has ended',
};

async function fateOf(
  batch: OpenBatch,
  batches: ClaudeBatches,
  ledger: Ledger,
  now: number,
): Promise<Fate> {
  if (batch.id !== null) return { kind: 'found', id: batch.id };
  return settle(batch, batches, ledger.batches.ids(), now, now);
}

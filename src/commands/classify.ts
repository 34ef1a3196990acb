// The main job: what it will do, the run, what it came to.
import { waitingText } from '../batch/batch-text.ts';
import { cachedForHour, onTerms } from '../claude/models.ts';
import { Failure, ReaderGone } from '../ground/errors.ts';
import { toFile, toStream, type Destination } from '../output/destination.ts';
import { countCall, createTally, type Tally } from '../output/tally.ts';
import { announce } from '../run/announce.ts';
import { runByBatch } from '../run/by-batch.ts';
import { conclude } from '../run/conclude.ts';
import type { Context } from '../run/context.ts';
import { openDesk, type Desk } from '../run/open-desk.ts';
import { planRun, type Plan } from '../run/plan.ts';
import { run, type Ran, type Sink } from '../run/run.ts';
import { openScreen, type Screen } from '../run/screen.ts';
import { progressSink, rowSink, tallySink } from '../run/sinks.ts';
import { ticketsToWrite } from '../run/tickets.ts';
import type { Settings } from '../settings/resolve.ts';

const LIVE_INTERRUPTED = [
  'Interrupted: nothing new is sent; calls in the air have 10 s to finish.',
  'Once more leaves at once.',
];

/** When the reader of the rows has gone, calls in the air have so long to finish. */
const GRACE_MS = 10_000;

/** @returns the exit code. @throws Failure for what kept the run from starting, or ended it early. */
export async function classifyCommand(
  files: readonly string[],
  given: Record<string, unknown>,
  context: Context,
): Promise<number> {
  const plan = await planRun(files, given, context);
  const screen = openScreen(plan.settings, context);
  context.leave.signal.addEventListener('abort', screen.stop);
  try {
    return await carryOut(plan, screen, context);
  } finally {
    screen.stop();
    await plan.spool?.remove();
  }
}

async function carryOut(plan: Plan, screen: Screen, context: Context): Promise<number> {
  const { settings, startedAt } = plan;
  const { clock, stop, leave } = context;
  const { note } = screen;
  const tally = tallyFor(settings);
  const desk = await openDesk(settings, {
    startedAt,
    clock,
    stop,
    note,
    leave: leave.signal,
    log: settings.volume === 'verbose' ? note : () => {},
    came: (answer) => countCall(tally, answer),
  });
  try {
    if (desk.ledger.path !== null) await plan.spool?.settle();
    const destination = await openOutput(plan, desk, context);
    await announce(desk, plan, destination.name);
    showProgress(plan, desk, screen);
    const sinks = [tallySink(tally), rowSink(destination, plan), progressSink(screen, tally)];
    const ran = await runTo(sinks, plan, desk);
    screen.stop();
    return await conclude({ plan, desk, screen, destination, tally, ran }, context);
  } finally {
    await desk.close();
  }
}

function runTo(sinks: readonly Sink[], plan: Plan, desk: Desk): Promise<Ran> {
  if (desk.settings.flags.batch) return runByBatch(desk, plan, sinks);
  return run(desk, ticketsToWrite(plan.intake, desk), sinks);
}

function tallyFor({ playbook, models, flags }: Settings): Tally {
  const prices = flags.batch ? onTerms(models, cachedForHour) : models;
  return createTally({ strong: playbook.models.strong, prices, simulated: flags.simulate });
}

/** @throws Failure if it can't be written, or holds the only copy of paid work */
function openOutput(
  { output }: Plan,
  { ledger, stop }: Desk,
  { stdout, leave }: Context,
): Promise<Destination> | Destination {
  const isRemembered = ledger.path !== null;
  function lost(reason: Error): void {
    stop.abort(reason);
    if (!(reason instanceof ReaderGone)) return;
    // Nobody reads them any more, but they are paid for: worth a wait where they are remembered.
    setTimeout(() => leave.abort(reason), isRemembered ? GRACE_MS : 0).unref();
  }
  return output.path === null ? toStream(stdout, lost) : toFile(output.path, isRemembered, lost);
}

function showProgress({ intake }: Plan, { ledger, clock, settings, stop }: Desk, screen: Screen) {
  screen.start({
    total: intake.size,
    waiting: () => waitingText(ledger.batches.open(), clock.now()),
  });
  stop.signal.addEventListener('abort', () => {
    const { reason } = stop.signal;
    if (!(reason instanceof Failure) || reason.exit < 128) return;
    if (settings.flags.batch) screen.note('Interrupted: nothing new is sent.');
    else screen.note(...LIVE_INTERRUPTED);
  });
}

// The main job: what it will do, the run, what it came to.
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { ledgerPath } from '../settings/ledger-policy.ts';
import { askersFor } from '../ground/keys.ts';
import { waitingText } from '../batch/batch-text.ts';
import { openBudget } from '../claude/budget.ts';
import { modelsCachedForHour } from '../claude/models.ts';
import { addressOf, connect, expectsSimulated } from '../run/connect.ts';
import { EXIT, Failure, failures, ReaderGone } from '../ground/errors.ts';
import { likelyCost } from '../run/likely-cost.ts';
import { openIntake, type Intake } from '../intake/open-intake.ts';
import { spool, type Spool } from '../intake/spool.ts';
import { STDIN } from '../intake/source.ts';
import { attach } from '../run/attach.ts';
import type { AnswerLine } from '../ledger/format.ts';
import { openLedger, type Ledger } from '../ledger/ledger.ts';
import { refuseClash, refuseOthersColumns } from '../output/earlier-output.ts';
import { isSameFile, toFile, toStream } from '../output/destination.ts';
import { startProgress, type Progress } from '../output/progress.ts';
import { summarise } from '../output/summary.ts';
import { summaryText } from '../output/summary-text.ts';
import { countCall, createTally, hasAnswers } from '../output/tally.ts';
import { resolveSettings, type Settings } from '../settings/resolve.ts';
import type { Answer, Ask } from '../ticket.ts';
import { runByBatch } from '../run/by-batch.ts';
import { chooseOutput, type Output } from '../run/choose-output.ts';
import type { Context } from '../run/context.ts';
import { firstLine, firstLines, IDS_REPEAT } from '../run/first-lines.ts';
import { intakeOptions } from '../run/intake-options.ts';
import { outcomeOf } from '../run/outcome.ts';
import { run } from '../run/run.ts';
import { checkSummaryFile, writeSummary } from '../run/summary-file.ts';
import { warnIfInGit } from '../run/warn-if-in-git.ts';

interface Plan {
  settings: Settings;
  startedAt: Date;
  inputs: readonly string[];
  intake: Intake;
  output: Output;
  /** Where stdin is read more than once; null where it is not. */
  spool: Spool | null;
}

/** @returns the exit code. @throws Failure for what kept the run from starting, or ended it early. */
export async function classifyCommand(
  files: readonly string[],
  given: Record<string, unknown>,
  context: Context,
): Promise<number> {
  const startedAt = new Date(context.clock.now());
  const settings = await resolveSettings(given, context.environment);
  const inputs = files.length > 0 ? files : [STDIN];
  const { flags, playbook } = settings;
  if (flags.batch && !playbook.allowBatch) throw failures.batchesForbidden(playbook.name);
  const isSpooled = flags.batch && inputs.includes(STDIN);
  const { stdin, stop } = context;
  const spooled = isSpooled ? await spool(stdin, besideOf(flags), stop.signal) : null;
  try {
    const plan = await prepare({ settings, startedAt, inputs, spool: spooled }, context);
    return await withLedger(plan, context);
  } finally {
    await spooled?.remove();
  }
}

async function withLedger(plan: Plan, context: Context): Promise<number> {
  const path = ledgerPath(plan.settings.flags);
  await refuseLedgerAsOther(path, plan);
  const ledger = await openLedger({
    path,
    simulated: expectsSimulated(plan.settings),
    failed: (failure) => context.stop.abort(failure),
    clock: context.clock,
  });
  try {
    if (path !== null) await plan.spool?.settle();
    return await perform(plan, ledger, context);
  } finally {
    await ledger.close();
  }
}

/** Where what must be read again is kept: with the ledger, which holds of it what is most private. */
function besideOf(flags: Settings['flags']): string {
  return ledgerPath(flags) ?? join(tmpdir(), 'ticket-classify');
}

/** All that can be found wrong before anything is opened for writing. */
async function prepare(
  job: Pick<Plan, 'settings' | 'startedAt' | 'inputs' | 'spool'>,
  { stdin, stdout }: Context,
): Promise<Plan> {
  const { settings, inputs } = job;
  const { flags } = settings;
  const intake = await openIntake(intakeOptions(settings, inputs), job.spool?.open() ?? stdin);
  if (flags.replace) refuseOthersColumns(intake.dropped, flags.prefix);
  refuseClash(intake.shape.names, flags.prefix);
  const output = await chooseOutput(flags, inputs, intake.shape.format, stdout.isTTY ?? false);
  if (flags.summary) await checkSummaryFile(flags.summary, [...inputs, output.path ?? STDIN]);
  return { ...job, intake, output };
}

/** A file of rows that gets the ledger's name would destroy all that was paid for. */
async function refuseLedgerAsOther(
  ledger: string | null,
  { settings, inputs, output }: Plan,
): Promise<void> {
  if (ledger === null) return;
  const { path } = output;
  const others: [name: string, path: string | null | undefined][] = [
    ['the output', path],
    ['the rows of an unfinished output', path && `${path}.partial`],
    ['the summary', settings.flags.summary],
    ...inputs.map((input): [string, string] => ['an input', input]),
  ];
  for (const [name, other] of others) {
    if (!other || other === STDIN) continue;
    if (resolve(other) === resolve(ledger) || (await isSameFile(other, ledger))) {
      throw failures.ledgerIsOther(ledger, name);
    }
  }
}

async function perform(plan: Plan, ledger: Ledger, context: Context): Promise<number> {
  const { settings, startedAt, intake, output } = plan;
  const { flags, playbook, volume } = settings;
  const { clock, stop, leave, stdout, stderr } = context;
  const { fast, strong } = playbook.models;

  let progress: Progress | null = null;
  const note = (text: string) => {
    if (volume === 'quiet') return;
    if (progress) progress.note(text);
    else stderr.write(`${text}\n`);
  };
  const end = (reason: Error) => stop.abort(reason);
  const lost = (reason: Error) => {
    end(reason);
    if (!(reason instanceof ReaderGone)) return;
    // Nobody reads them any more, but they are paid for: worth a wait where they are remembered.
    setTimeout(() => leave.abort(reason), ledger.path === null ? 0 : GRACE_MS).unref();
  };
  const { batch } = flags;
  const prices = batch ? modelsCachedForHour(settings.models) : settings.models;
  const tally = createTally({ strong, prices });
  const budget = openBudget({
    caps: { perRun: flags.maxCost, perDay: flags.maxCostPerDay },
    spentBefore: ledger.spent,
    now: clock.now,
    stop: stop.signal,
  });
  const askerOf = askersFor(addressOf(settings).host, playbook);
  const prefixTokens = (model: string) => cachedTokens(ledger.newestOf(askerOf(model), 20));
  const connection = await connect(settings, {
    budget,
    clock,
    note,
    end,
    log: volume === 'verbose' ? note : () => {},
    prefixTokens,
    stop: stop.signal,
    leave: leave.signal,
    abandoned(asked) {
      ledger.keepLost(asked);
      countCall(tally, asked);
    },
  });
  leave.signal.addEventListener('abort', () => progress?.stop());
  try {
    const destination =
      output.path === null
        ? toStream(stdout, lost)
        : await toFile(output.path, ledger.path !== null, lost);
    const inputs = plan.inputs.map((input) => (input === STDIN ? 'stdin' : input));
    const { url, host } = connection;
    note(firstLines({ ...plan, inputs, ledger, output: destination.name, url }));
    const lookAhead = { ledger, host, intakeOptions: intakeOptions(settings, plan.inputs) };
    const likely = await likelyCost({ ...plan, ...lookAhead, stdin: context.stdin });
    if (likely !== null) note(firstLine('likely', likely));
    if (intake.idsRepeat && !flags.firstPerTicket) note(IDS_REPEAT);
    if (ledger.isNew && ledger.path !== null) await warnIfInGit(ledger.path, note);
    progress = startProgress({
      stderr,
      mode: flags.progress && volume !== 'quiet' ? 'bar' : 'none',
      now: clock.now,
      total: intake.size,
      simulated: flags.simulate,
      waiting: () => waitingText(ledger.batches.open(), clock.now()),
    });
    stop.signal.addEventListener('abort', () => noteSignal(stop.signal.reason, batch, note));

    const came = (answer: Answer) => countCall(tally, answer);
    const stations = { destination, ledger, progress, tally, stop };
    const job = { settings, format: output.format, ...stations };
    const attaching = { ledger, flags, playbook, host, end, now: clock.now };
    const ask = told(connection.ask, came);
    const { rows, ended } = batch
      ? await runByBatch(job, {
          settings,
          inputs: plan.inputs,
          ledger,
          connection,
          budget,
          startedAt,
          prefixTokens,
          clock,
          stop,
          note,
          came,
          stdin: () => plan.spool?.open() ?? context.stdin,
        })
      : await run({
          ...job,
          intake,
          attached: attach(ask, { ...attaching, startedAt: startedAt.getTime() }),
        });
    progress.stop();
    if (ended instanceof ReaderGone) return EXIT.ok;
    if (ended && !(ended instanceof Failure)) throw ended;
    if (ended && ledger.path !== null && CONTINUED.has(ended.exit)) {
      ended.goesOn = { startedAt, readsStdin: plan.inputs.includes(STDIN) };
    }

    const { code, reason } = outcomeOf(tally, flags.allowTriage, ended);
    const summary = summarise(tally, {
      startedAt,
      fast,
      strong,
      inputs,
      rows,
      finishedAt: new Date(clock.now()),
      playbook: playbook.identity,
      output: destination.name,
      exitCode: code,
      exitReason: reason,
      goOnAt: ended?.goOnAt ?? null,
      waited: connection.waited(),
    });
    if (hasAnswers(tally) || (tally.tickets > 0 && !ended)) {
      const shown = { colour: hasColour(context), verbose: volume === 'verbose' };
      note(summaryText(summary, shown).trimEnd());
    }
    if (tally.tickets === 0 && !ended) note('No tickets: the input holds no rows.');
    if (flags.summary) await writeSummary(flags.summary, summary);
    if (ended) throw ended;
    return code;
  } finally {
    progress?.stop();
    await connection.close();
  }
}

/** Exit codes after which the same command goes on. */
const CONTINUED = new Set<number>([EXIT.stopped, EXIT.later, 130, 143]);

/** When the reader of the rows has gone, calls in the air have so long to finish. */
const GRACE_MS = 10_000;

/** Of the prompt: the most that any of the answers read from the cache or wrote to it. */
function cachedTokens(answers: readonly AnswerLine[]): number {
  return Math.max(0, ...answers.map((line) => line.cache_read_tokens + line.cache_write_tokens));
}

/** Tells of each answer as it comes. */
function told(ask: Ask, came: (answer: Answer) => void): Ask {
  return async (model, ticket) => {
    const answer = await ask(model, ticket);
    came(answer);
    return answer;
  };
}

function noteSignal(reason: unknown, byBatch: boolean, note: (text: string) => void): void {
  if (!(reason instanceof Failure) || reason.exit < 128) return;
  if (byBatch) {
    note('Interrupted: nothing new is sent.');
    return;
  }
  note('Interrupted: nothing new is sent; calls in the air have 10 s to finish.');
  note('Once more leaves at once.');
}

/** https://no-color.org, and terminals that can't. */
function hasColour({ stderr, environment }: Context): boolean {
  const refused = environment('NO_COLOR') !== null || environment('TERM')?.value === 'dumb';
  return (stderr.isTTY ?? false) && !refused;
}

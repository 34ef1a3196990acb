// The main job: what it will do, the run, what it came to.
import { connect } from '../connect.ts';
import { EXIT, Failure, ReaderGone } from '../errors.ts';
import { openIntake } from '../intake/open-intake.ts';
import { STDIN } from '../intake/source.ts';
import { refuseClash, refuseOthersColumns } from '../output/earlier-output.ts';
import { toFile, toStream } from '../output/destination.ts';
import { startProgress, type Progress } from '../output/progress.ts';
import { summarise } from '../output/summary.ts';
import { summaryText } from '../output/summary-text.ts';
import { countAsked, createTally, hasAnswers } from '../output/tally.ts';
import { resolveSettings, type Settings } from '../settings/resolve.ts';
import { chooseOutput } from './choose-output.ts';
import type { Context } from './context.ts';
import { firstLines } from './first-lines.ts';
import { intakeOptions } from './intake-options.ts';
import { outcomeOf } from './outcome.ts';
import { run } from './run.ts';
import { checkSummaryFile, writeSummary } from './summary-file.ts';

/** @returns the exit code. @throws Failure for what kept the run from starting, or ended it early. */
export async function classifyCommand(
  files: readonly string[],
  given: Record<string, unknown>,
  context: Context,
): Promise<number> {
  const { clock, stop, leave, stdout, stderr } = context;
  const startedAt = new Date(clock.now());
  const settings = await resolveSettings(given, context.environment);
  const { flags, playbook, volume } = settings;
  const inputs = files.length > 0 ? files : [STDIN];
  const intake = await openIntake(intakeOptions(settings, inputs), context.stdin);
  if (flags.replace) refuseOthersColumns(intake.dropped, flags.prefix);
  refuseClash(intake.shape.names, flags.prefix);
  const output = await chooseOutput(flags, inputs, intake.shape.format, stdout.isTTY ?? false);
  if (flags.summary) await checkSummaryFile(flags.summary, [...inputs, output.path ?? STDIN]);

  let progress: Progress | null = null;
  const note = (text: string) => {
    if (volume === 'quiet') return;
    if (progress) progress.note(text);
    else stderr.write(`${text}\n`);
  };
  const { fast, strong } = playbook.models;
  const tally = createTally({ strong, strongModel: settings.models.get(strong) ?? null });
  const connection = await connect(settings, {
    clock,
    note,
    log: volume === 'verbose' ? note : () => {},
    stop: stop.signal,
    leave: leave.signal,
    end: (failure) => stop.abort(failure),
    abandoned: (asked) => countAsked(tally, asked),
  });
  leave.signal.addEventListener('abort', () => progress?.stop());
  try {
    const lost = (reason: Error) => stop.abort(reason);
    const destination =
      output.path === null ? toStream(stdout, lost) : await toFile(output.path, lost);
    const names = inputs.map((input) => (input === STDIN ? 'stdin' : input));
    const plan = { inputs: names, intake, settings, output: destination.name };
    note(firstLines({ ...plan, url: connection.url }).trimEnd());
    if (intake.idsRepeat && !flags.firstPerTicket) note(IDS_REPEAT);
    progress = startProgress({
      stderr,
      mode: progressMode(settings),
      now: clock.now,
      total: intake.size,
      simulated: flags.simulate,
    });
    stop.signal.addEventListener('abort', () => noteSignal(stop.signal.reason, note));

    const stations = { intake, destination, ask: connection.ask, progress, tally, stop };
    const ended = await run({ settings, format: output.format, ...stations });
    progress.stop();
    if (ended instanceof ReaderGone) return EXIT.ok;
    if (ended && !(ended instanceof Failure)) throw ended;

    const { code, reason } = outcomeOf(tally, flags.allowTriage, ended);
    const summary = summarise(tally, {
      startedAt,
      finishedAt: new Date(clock.now()),
      playbook: playbook.identity,
      fast,
      strong,
      inputs: names,
      output: destination.name,
      exitCode: code,
      exitReason: reason,
    });
    if (hasAnswers(tally) || (tally.tickets > 0 && !ended)) {
      note(summaryText(summary, { colour: hasColour(context) }).trimEnd());
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

const IDS_REPEAT =
  'Ids repeat in the first rows: each row may be a message, and each is paid for.\n' +
  '  --first-per-ticket asks about the first row of each id, and gives its answer to the others.';

function progressMode({ flags, volume }: Settings): 'bar' | 'none' {
  return flags.progress && volume !== 'quiet' ? 'bar' : 'none';
}

function noteSignal(reason: unknown, note: (text: string) => void): void {
  if (!(reason instanceof Failure) || reason.exit < 128) return;
  note('Interrupted: nothing new is sent; calls in the air have 10 s to finish.');
  note('Once more leaves at once.');
}

/** https://no-color.org, and terminals that can't. */
function hasColour({ stderr, environment }: Context): boolean {
  const refused = environment('NO_COLOR') !== null || environment('TERM')?.value === 'dumb';
  return (stderr.isTTY ?? false) && !refused;
}

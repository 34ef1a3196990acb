// Files and flags → what a run will do, with all found wrong that can be before anything is opened for writing.
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Readable } from 'node:stream';
import { failures } from '../ground/errors.ts';
import type { Intake } from '../intake/open-intake.ts';
import { spool, type Spool } from '../intake/spool.ts';
import { STDIN } from '../intake/source.ts';
import { isSameFile } from '../output/destination.ts';
import { refuseClash, refuseOthersColumns } from '../output/earlier-output.ts';
import { replacedFile } from '../output/replaced-file.ts';
import type { Flags } from '../settings/flags.ts';
import { ledgerPath } from '../settings/ledger-policy.ts';
import { resolveSettings, type Settings } from '../settings/resolve.ts';
import { chooseOutput, type Output } from './choose-output.ts';
import type { Context } from './context.ts';
import { checkSummaryFile } from './summary-file.ts';
import { openInputs } from './tickets.ts';

export interface Plan {
  settings: Settings;
  startedAt: Date;
  /** Paths as given; `-` is stdin. */
  inputs: readonly string[];
  intake: Intake;
  output: Output;
  /** From its beginning; more than once only where it is spooled. */
  stdin: () => Readable;
  /** Where stdin is read more than once; null where it is not. */
  spool: Spool | null;
}

/** @throws Failure for wrong flags, an input or a playbook that can't be read, files that are one. */
export async function planRun(
  files: readonly string[],
  given: Record<string, unknown>,
  context: Context,
): Promise<Plan> {
  const startedAt = new Date(context.clock.now());
  const settings = await resolveSettings(given, context.environment);
  const inputs = files.length > 0 ? files : [STDIN];
  const { flags, playbook } = settings;
  if (flags.batch && !playbook.allowBatch) throw failures.batchesForbidden(playbook.name);
  const isSpooled = flags.batch && inputs.includes(STDIN);
  const spooled = isSpooled
    ? await spool(context.stdin, besideOf(flags), context.stop.signal)
    : null;
  try {
    const stdin = () => spooled?.open() ?? context.stdin;
    const intake = await openInputs(settings, inputs, stdin(), context.stop.signal);
    const output = await planOutput(settings, inputs, intake, context.stdout.isTTY ?? false);
    return { settings, startedAt, inputs, intake, output, stdin, spool: spooled };
  } catch (error) {
    await spooled?.remove();
    throw error;
  }
}

/** For people. */
export function inputNames({ inputs }: Pick<Plan, 'inputs'>): string[] {
  return inputs.map((input) => (input === STDIN ? 'stdin' : input));
}

/** Where what must be read again is kept: with the ledger, which holds of it what is most private. */
function besideOf(flags: Flags): string {
  return ledgerPath(flags) ?? join(tmpdir(), 'ticket-classify');
}

async function planOutput(
  { flags }: Settings,
  inputs: readonly string[],
  { dropped, shape }: Intake,
  terminal: boolean,
): Promise<Output> {
  if (flags.replace) refuseOthersColumns(dropped, flags.prefix);
  refuseClash(shape.names, flags.prefix);
  const output = await chooseOutput(flags, inputs, shape.format, terminal);
  if (flags.summary) await checkSummaryFile(flags.summary, [...inputs, output.path ?? STDIN]);
  await refuseLedgerAsOther(flags, inputs, output);
  return output;
}

/** A file of rows that gets the ledger's name would destroy all that was paid for. */
async function refuseLedgerAsOther(
  flags: Flags,
  inputs: readonly string[],
  { path }: Output,
): Promise<void> {
  const ledger = ledgerPath(flags);
  if (ledger === null) return;
  const others: [name: string, path: string | null | undefined][] = [
    ['the output', path],
    ['the rows of an unfinished output', path && (await replacedFile(path)).partial],
    ['the summary', flags.summary],
    ...inputs.map((input): [string, string] => ['an input', input]),
  ];
  for (const [name, other] of others) {
    if (!other || other === STDIN) continue;
    if (resolve(other) === resolve(ledger) || (await isSameFile(other, ledger))) {
      throw failures.ledgerIsOther(ledger, name);
    }
  }
}

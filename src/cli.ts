// Arguments → a command as a value. Decides nothing and loads nothing heavy: --help must be instant.
import { Command, CommanderError, Option } from 'commander';
import { failures } from './ground/errors.ts';

export const COMMANDS = ['estimate', 'show', 'check', 'init', 'history', 'forget', 'batches'];

export type CommandName =
  'classify' | 'estimate' | 'show' | 'check' | 'init' | 'history' | 'forget' | 'batches';

export interface Invocation {
  command: CommandName;
  /** Files, or a folder. */
  operands: string[];
  /** Flags as typed, by their camel-case names; those that were not given are not there. */
  flags: Record<string, unknown>;
}

const EXAMPLES = `Examples:
  ticket-classify backlog.csv -o classified.csv      the same rows, with labels
  cat tickets.jsonl | ticket-classify | jq .ai_queue rows on stdout
  ticket-classify samples/tickets.csv --simulate     no key, no cost: a stand-in
  ticket-classify estimate backlog.csv               the cost, sending nothing
  ticket-classify show backlog.csv --id T-17         the exact request
`;

const EXITS = `
Exit codes:
  0   all classified             4   some tickets for human triage
  2   could not start            70  a bug of ours
  3   stopped: a person          75  come back later
      must decide                130, 143  interrupted

Credentials come from where the Anthropic SDK takes them (ANTHROPIC_API_KEY), never
from a flag.
`;

/** @returns null if help or version was asked for and has been printed. @throws Failure for wrong usage. */
export function parseArguments(
  args: readonly string[],
  version: string,
  print: (text: string) => void,
): Invocation | null {
  let invocation: Invocation | null = null;
  const act =
    (command: CommandName) => (operands: string | string[] | undefined, flags: object) => {
      invocation = { command, operands: [operands ?? []].flat(), flags: { ...flags } };
    };
  const program = programOf(version, act);
  for (const command of [program, ...program.commands]) {
    command.exitOverride().configureOutput({
      writeOut: print,
      writeErr: () => {},
    });
  }
  try {
    program.parse(args, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return null;
    throw failures.usage(error.message.replace(/^error: /, '').split('\n'));
  }
  return invocation;
}

type Act = (
  command: CommandName,
) => (operands: string | string[] | undefined, flags: object) => void;

function programOf(version: string, act: Act): Command {
  const program = new Command('ticket-classify')
    .description(
      'Classifies support tickets with Claude: team, type, urgency, sentiment, and the queue.',
    )
    .version(version)
    .addHelpText('before', EXAMPLES)
    .addHelpText('after', EXITS)
    .configureHelp({ showGlobalOptions: true, styleTitle: (title) => title })
    .enablePositionalOptions()
    .argument('[files...]', 'CSV, TSV or JSONL; - or nothing means stdin')
    .action(act('classify'));
  addIntakeFlags(addLedgerFlags(addPickFlags(addClassifyFlags(program))));

  const estimate = program
    .command('estimate [files...]')
    .description('what it would cost and how long it would take, sending nothing')
    .option('--json', 'the estimate as JSON')
    .action(act('estimate'));
  addIntakeFlags(addLedgerFlags(addPickFlags(estimate)));

  const show = program
    .command('show [file]')
    .description('exactly what would be sent for one ticket, and where to, sending nothing')
    .requiredOption('--id <id>', 'the ticket')
    .action(act('show'));
  addIntakeFlags(show);
  program
    .command('check [dir]')
    .description("a playbook's mistakes, its cached size, its price per 1,000 tickets")
    .option('--lean', 'of runs with --lean')
    .option('--against <dir>', 'another version of it: what differs, and what must be asked again')
    .action(act('check'));
  program
    .command('init <dir>')
    .description('copy a playbook to edit')
    .option('--playbook <dir>', 'the one to copy (default: the built-in support)')
    .action(act('init'));
  program
    .command('history <id>')
    .description('every verdict on one ticket, oldest first')
    .option('--ledger <file>', 'to look in (default: ticket-classify.ledger.jsonl)')
    .option('--json', 'all fields, and the answers behind each verdict')
    .action(act('history'));
  program
    .command('forget <id>')
    .description('take a ticket out of the ledger (erasure requests)')
    .option('--ledger <file>', 'to take it out of (default: ticket-classify.ledger.jsonl)')
    .action(act('forget'));
  program
    .command('batches [action] [ids...]')
    .description('the open batches of a ledger; `batches cancel [ids...]` gives them up')
    .option('--ledger <file>', 'to look in (default: ticket-classify.ledger.jsonl)')
    .option('--playbook <dir>', 'of the runs that sent them, if it gives prices')
    .option('--max-wait <duration>', 'for what the server does not tell (default: 10m)')
    .option('--json', 'as JSON')
    .action((action: string | undefined, ids: string[], flags: object) =>
      act('batches')([...(action === undefined ? [] : [action]), ...ids], flags),
    );
  return program;
}

function addClassifyFlags(command: Command): Command {
  return command
    .option(
      '-o, --output <file>',
      'the enriched rows (default: stdout; on a terminal <input>.classified.<ext>)',
    )
    .option(
      '--output-format <format>',
      'csv, tsv or jsonl (default: that of the name or the input)',
    )
    .option('--prefix <text>', 'before our column names (default: ai_)')
    .option('--replace', 'the input is an earlier output: replace its columns')
    .option('--excel', 'a CSV that Excel opens unharmed: no formulas, long ids as text')
    .option('-c, --concurrency <n>', 'calls in the air at once, at most (default: 100)')
    .option('--max-cost <usd | none>', 'stop before this run spends more (default: 25)')
    .option('--max-cost-per-day <usd>', 'the same over the last 24 hours of the ledger')
    .option(
      '--max-wait <duration>',
      'a longer wait, or so long without success, stops (default: 10m)',
    )
    .option('--timeout <duration>', 'of one call (default: 60s)')
    .option('--allow-triage <n | n%>', 'so many tickets for human triage are success (default: 0)')
    .option('--summary <file>', 'the summary as JSON')
    .option('--batch', 'through Message Batches: half the price, within a day')
    .option('--no-wait', 'with --batch: do what can be done now; 75 while batches run')
    .option('--batch-size <n>', 'requests in a batch, at most (default: 10000)')
    .option('--keep-batches', 'leave collected batches on the server for their 29 days')
    .option('--simulate', 'no key, no network: a built-in stand-in answers, and every row says so')
    .option('--keep-first', 'a ticket keeps its first verdict though its text changed')
    .option('-q, --quiet', 'nothing on stderr but errors')
    .option('--verbose', 'tell of every retry and pause, and of all that calls waited for')
    .option('--no-progress', 'no progress, only the first lines and the summary');
}

function addPickFlags(command: Command): Command {
  return command
    .option('--limit <n>', 'only the first n rows')
    .option('--sample <n>', 'only n rows, picked evenly and repeatably')
    .option('--seed <n>', 'another sample (default: 1)')
    .option('--first-per-ticket', 'rows are messages: the first row of each id decides for all');
}

function addLedgerFlags(command: Command): Command {
  return (
    command
      .option(
        '--ledger <file>',
        'where answers are kept: none is paid for twice (default: ticket-classify.ledger.jsonl)',
      )
      .option('--no-ledger', 'remember nothing between runs')
      .option('--reask', 'the playbook changed since the answers: pay again')
      .option('--keep-answers', 'the playbook changed since the answers: use them')
      .option('--fresh', 'ask again, whatever the ledger holds')
      .option(
        '--newer-than <time>',
        'ask again where the answer is older: a date, or an age as 30d',
      )
      .option('--retry-triage', 'ask again where the answer was invalid')
      // What the command that goes on says in its place.
      .addOption(new Option('--retry-triage-before <time>').hideHelp())
  );
}

function addIntakeFlags(command: Command): Command {
  return command
    .option(
      '--input-format <format>',
      'csv, tsv, jsonl or json (default: by name, else by the first bytes)',
    )
    .option('--columns <field=column>', 'for id, subject, body, account_tier; repeatable', collect)
    .option('--subject-only', 'go on though there is no body column')
    .option('--cut-quotes', 'leave quoted replies and signatures out of bodies')
    .option('--lean', 'no summary and no reason: fewer tokens to pay for')
    .option('--encoding <label>', 'such as windows-1252 (default: UTF-8, or UTF-16 by its mark)')
    .option('--delimiter <c>', 'of a CSV (default: detected)')
    .option('--playbook <dir>', 'what to sort into (default: the built-in support)')
    .option('--fast-model <model>', "asked first (default: the playbook's)")
    .option(
      '--strong-model <model>',
      "asked where the fast one is unsure (default: the playbook's)",
    )
    .option('--threshold <n | field=n>', 'less sure than this is asked again; repeatable', collect);
}

function collect(value: string, before: string[] | undefined): string[] {
  return [...(before ?? []), value];
}

// All that can end a run, on one page: what happened, what to do next, and the exit code.

import { shellWord } from './shell-word.ts';

export const EXIT = { ok: 0, cannotStart: 2, stopped: 3, triage: 4, bug: 70, later: 75 } as const;

/** Ends the run. A ticket's own failure is never thrown: it becomes a row. */
export class Failure extends Error {
  readonly exit: number;
  readonly hint: string;
  /** What became of the rows so far; for a run that had begun. */
  aftermath = '';
  /** Arguments which, added to those given, make a command that goes on. */
  remedy: readonly string[] = [];

  /** Tells those apart that leave it open how much of the output was written. */
  readonly kind: 'output' | 'other';

  constructor(exit: number, message: string, hint = '', kind: Failure['kind'] = 'other') {
    super(message);
    this.exit = exit;
    this.hint = hint;
    this.kind = kind;
  }
}

/** The reader of our rows went away (`| head`): the run ends quietly, without a complaint. */
export class ReaderGone extends Error {}

function remedied(failure: Failure, ...remedy: string[]): Failure {
  failure.remedy = remedy;
  return failure;
}

export const failures = {
  usage: (message: string, hint = 'See `ticket-classify --help`.') =>
    new Failure(EXIT.cannotStart, message, hint),

  noCredentials: () =>
    new Failure(
      EXIT.cannotStart,
      'No credentials for Claude: ANTHROPIC_API_KEY is not set, and there is no other login.',
      'Set ANTHROPIC_API_KEY (in the environment or in a .env file here), or try the program without a key: add --simulate.',
    ),
  badCredentials: (why: string) =>
    new Failure(
      EXIT.cannotStart,
      `The credentials for Claude can't be used: ${why}`,
      'Set ANTHROPIC_API_KEY, or repair the login that the Anthropic SDK finds.',
    ),
  badHost: (url: string, why: string) =>
    new Failure(
      EXIT.cannotStart,
      `ANTHROPIC_BASE_URL is ${JSON.stringify(url)}: ${why}`,
      'Give it as https://host (or http:// on this machine), without /v1, or unset it.',
    ),
  badEnvironment: (name: string, value: string, wanted: string) =>
    new Failure(
      EXIT.cannotStart,
      `${name} is ${JSON.stringify(value)}, which is not ${wanted}.`,
      `Correct it or unset it.`,
    ),

  fileUnreadable: (file: string, why: string) =>
    new Failure(EXIT.cannotStart, `Can't read ${file}: ${why}.`, 'Check the path and its rights.'),
  inputEmpty: (file: string) =>
    new Failure(
      EXIT.cannotStart,
      `${file} is empty: 0 bytes.`,
      'Was the export finished before this run began?',
    ),
  inputMalformed: (file: string, line: number, why: string, hint: string) =>
    new Failure(EXIT.cannotStart, `${file}, line ${line}: ${why}`, hint),
  inputFormat: (file: string, why: string, hint: string) =>
    new Failure(EXIT.cannotStart, `${file} ${why}`, hint),
  otherEncoding: (file: string) =>
    remedied(
      new Failure(EXIT.cannotStart, `${file} is not UTF-8 text.`, 'If it comes from Excel:'),
      '--encoding',
      'windows-1252',
    ),
  shapesDiffer: (first: string, second: string, difference: string) =>
    new Failure(
      EXIT.cannotStart,
      `${second} has not the shape of ${first}: ${difference}.`,
      'Files of one run must have the same format and the same columns; run the others apart.',
    ),
  noTextColumn: (columns: string, guess: string) =>
    remedied(
      new Failure(
        EXIT.cannotStart,
        `No column holds the tickets' text, as far as can be told. The columns are: ${columns}.`,
        'Name the one that does, for example:',
      ),
      '--columns',
      `body=${guess}`,
    ),
  noBodyColumn: (subject: string, columns: string, guess: string | null) =>
    remedied(
      new Failure(
        EXIT.cannotStart,
        `Only a subject was found (${subject}), no body. The columns are: ${columns}.`,
        `Name the body (${guess === null ? '' : 'perhaps '}--columns ${shellWord(`body=${guess ?? '…'}`)}), or go on with subjects alone:`,
      ),
      '--subject-only',
    ),
  unknownColumn: (field: string, column: string, columns: string, nearest: string) =>
    new Failure(
      EXIT.cannotStart,
      `--columns ${field}=${column}: there is no such column. The columns are: ${columns}.`,
      `Did you mean --columns ${field}=${nearest}?`,
    ),
  columnClash: (columns: string, suggestion: string, where: string) =>
    remedied(
      new Failure(
        EXIT.cannotStart,
        `The input already has columns that the answers would be written to${where}: ${columns}.`,
        'Choose another prefix for ours:',
      ),
      '--prefix',
      suggestion,
    ),

  earlierOutput: (prefix: string) =>
    remedied(
      new Failure(
        EXIT.cannotStart,
        `The input is an earlier output of this program: it has all the columns ${prefix}….`,
        'To keep both, give --prefix another text. To replace them:',
      ),
      '--replace',
    ),

  notEarlierOutput: (prefix: string) =>
    new Failure(
      EXIT.cannotStart,
      `--replace: the input is no earlier output of this program with the prefix ${JSON.stringify(prefix)}.`,
      'Leave --replace out, or give the --prefix of that output. Nothing was taken out of it.',
    ),

  outputIsInput: (file: string) =>
    new Failure(
      EXIT.cannotStart,
      `-o ${file} is an input of this run.`,
      'Name another file; the input is never written to.',
    ),
  summaryIsOther: (path: string, other: string) =>
    new Failure(
      EXIT.cannotStart,
      `--summary ${path} is another file of this run (${other}).`,
      'Name a file of its own; the summary would replace what is in it.',
    ),
  summaryLost: (path: string, why: string) =>
    new Failure(
      EXIT.stopped,
      `The rows are written, but the summary could not be: ${path}: ${why}.`,
      'There is no need to run again for it: it is on the screen as text.',
    ),
  partialExists: (partial: string) =>
    new Failure(
      EXIT.cannotStart,
      `${partial} exists: rows of an earlier run that did not finish, each of them paid for.`,
      'Keep what you need of it, then move or delete it, or name another output with -o.',
    ),
  outputUnwritable: (file: string, why: string) =>
    new Failure(
      EXIT.cannotStart,
      `Can't write ${file}: ${why}.`,
      'Nothing was sent. Name another file, or mend the folder and its rights.',
    ),
  outputFailed: (file: string, why: string) =>
    new Failure(
      EXIT.stopped,
      `Writing ${file} failed: ${why}.`,
      'Make room, or write elsewhere.',
      'output',
    ),

  playbookMissing: (folder: string, why: string) =>
    new Failure(
      EXIT.cannotStart,
      `No playbook in ${folder}: ${why}.`,
      'A playbook is a folder with playbook.yaml, system.md and examples.yaml; `ticket-classify init <dir>` makes one.',
    ),
  playbookBroken: (folder: string, mistakes: readonly string[]) =>
    new Failure(
      EXIT.cannotStart,
      `The playbook in ${folder} has ${mistakes.length} mistake${mistakes.length === 1 ? '' : 's'}:\n` +
        mistakes.map((mistake) => `  - ${mistake}`).join('\n'),
      `Correct them, then look again: ticket-classify check ${folder}`,
    ),
  unpricedModel: (model: string, known: string) =>
    new Failure(
      EXIT.cannotStart,
      `The price of model ${model} is not known, so neither would be the cost of this run.`,
      `Use one of ${known}, or give its prices in playbook.yaml under models.prices.`,
    ),

  ticketNotFound: (id: string, guess: string) =>
    new Failure(
      EXIT.cannotStart,
      `There is no ticket with the id ${id}.`,
      guess && `The nearest is ${guess}.`,
    ),
  folderExists: (folder: string) =>
    new Failure(
      EXIT.cannotStart,
      `${folder} exists and is no empty folder.`,
      'Name a new folder; nothing was copied.',
    ),

  keyRefused: (host: string, why: string) =>
    new Failure(
      EXIT.cannotStart,
      `${host} refused the credentials: ${why}.`,
      'Check ANTHROPIC_API_KEY (or the login in use), and that it belongs to this host.',
    ),
  modelUnknown: (host: string, model: string, why: string) =>
    new Failure(
      EXIT.cannotStart,
      `${host} does not know the model ${model}: ${why}.`,
      'Choose another with --fast-model or --strong-model, or in playbook.yaml.',
    ),
  spendLimit: (why: string) =>
    new Failure(
      EXIT.stopped,
      `The account may spend no more: ${why}.`,
      'Raise the limit or add credit in the Claude Console, then go on.',
    ),
  refusedAgain: (times: number, why: string) =>
    new Failure(
      EXIT.stopped,
      `${times} requests in a row were refused for the same reason: ${why}.`,
      'Something is wrong with every request, not with one ticket. Look at one: ticket-classify show <file> --id <id>',
    ),
  waitTooLong: (seconds: number, allowed: string) =>
    new Failure(
      EXIT.later,
      `The API asks us to wait ${Math.ceil(seconds)} s, longer than --max-wait ${allowed}.`,
      'Come back later, or allow more: --max-wait.',
    ),
  noSuccess: (allowed: string, why: string) =>
    new Failure(
      EXIT.later,
      `No call has succeeded for ${allowed} (--max-wait). The last failure: ${why}.`,
      'The API seems to be down. See https://status.claude.com and come back later.',
    ),
  interrupted: (signal: 'SIGINT' | 'SIGTERM') =>
    new Failure(signal === 'SIGINT' ? 130 : 143, 'Interrupted.'),
};

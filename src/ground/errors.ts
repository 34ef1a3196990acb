// All that can end a run, on one page: what happened, what to do next, and the exit code.

import { halfNanosOf, roundedUsd, usd } from './money.ts';
import { shellWord } from './shell-word.ts';

export const EXIT = { ok: 0, cannotStart: 2, stopped: 3, triage: 4, bug: 70, later: 75 } as const;

/** A line, or a line and others that go on with it. */
type Message = string | readonly string[];

/** Ends the run. A ticket's own failure is never thrown: it becomes a row. */
export class Failure extends Error {
  readonly exit: number;
  /** Of the message: each is shown as one, whatever stands in it. */
  readonly lines: readonly string[];
  readonly hint: string;
  /** What became of the rows so far, in lines; for a run that had begun. */
  aftermath: readonly string[] = [];
  /** Each is arguments which, added to those given, make a command that goes on. */
  remedies: readonly (readonly string[])[] = [];
  /** For a run that the same command continues. */
  goesOn: { startedAt: Date; readsStdin: boolean } | null = null;
  /** From when on the same command can go on; null where no time alone helps, or none is known. */
  goOnAt: Date | null = null;

  /** Tells those apart that leave it open how much was written, and those that money mends. */
  readonly kind: 'output' | 'ledger' | 'budget' | 'other';

  constructor(exit: number, message: Message, hint = '', kind: Failure['kind'] = 'other') {
    const lines = [message].flat();
    super(lines.join('\n'));
    this.exit = exit;
    this.lines = lines;
    this.hint = hint;
    this.kind = kind;
  }

  /** Names arguments that mend it. */
  offer(...remedy: string[]): this {
    this.remedies = [...this.remedies, remedy];
    return this;
  }
}

/** The reader of our rows went away (`| head`): the run ends quietly, without a complaint. */
export class ReaderGone extends Error {}

interface ChangedPlaybook {
  /** Identities. */
  from: string;
  to: string;
  /** How many texts have answers under another playbook alone. */
  texts: number;
  /** Of asking about them again, in US dollars. */
  cost: number;
}

/** Nothing was sent yet, or the input turned out unreadable: usage, playbook, input, key. */
function cannotStart(message: Message, hint = ''): Failure {
  return new Failure(EXIT.cannotStart, message, hint);
}

/** At something that a person must decide or move. */
function stopped(message: Message, hint = '', kind: Failure['kind'] = 'other'): Failure {
  return new Failure(EXIT.stopped, message, hint, kind);
}

/** The same command may well succeed then. */
function later(message: string, hint = ''): Failure {
  return new Failure(EXIT.later, message, hint);
}

/** Money in half nano-dollars. */
interface SpentBudget {
  /** Whether the cap is that of the last 24 hours, and not this run's. */
  perDay: boolean;
  cap: number;
  spent: number;
  /** What is booked for this run's calls of unknown cost. */
  unknown: number;
  /** What the call that found no room can cost. */
  most: number;
  /** When there is room for it again; null if no time will help. */
  goOnAt: Date | null;
}

export const failures = {
  usage: (message: Message, hint = 'See `ticket-classify --help`.') => cannotStart(message, hint),

  noCredentials: () =>
    cannotStart(
      'No credentials for Claude: ANTHROPIC_API_KEY is not set, and there is no other login.',
      'Set ANTHROPIC_API_KEY (in the environment or in a .env file here), or try the program without a key: add --simulate.',
    ),
  badCredentials: (why: string) =>
    cannotStart(
      `The credentials for Claude can't be used: ${why}`,
      'Set ANTHROPIC_API_KEY, or repair the login that the Anthropic SDK finds.',
    ),
  badHost: (url: string, why: string) =>
    cannotStart(
      `ANTHROPIC_BASE_URL is ${JSON.stringify(url)}: ${why}`,
      'Give it as https://host (or http:// on this machine), without /v1, or unset it.',
    ),
  badProxy: (name: string) =>
    // Not shown: it may hold a password.
    cannotStart(
      `${name} is not the address of a proxy.`,
      'Give it as http://host:port or http://user:password@host:port, or unset it.',
    ),
  badEnvironment: (name: string, value: string, wanted: string) =>
    cannotStart(
      `${name} is ${JSON.stringify(value)}, which is not ${wanted}.`,
      `Correct it or unset it.`,
    ),

  fileUnreadable: (file: string, why: string) =>
    cannotStart(`Can't read ${file}: ${why}.`, 'Check the path and its rights.'),
  inputEmpty: (file: string) =>
    cannotStart(`${file} is empty: 0 bytes.`, 'Was the export finished before this run began?'),
  inputBlank: (file: string) =>
    cannotStart(`${file} holds nothing but blank lines.`, 'Was the export finished?'),
  inputMalformed: (file: string, line: number, why: string, hint: string) =>
    cannotStart(`${file}, line ${line}: ${why}`, hint),
  inputUnreadable: (rows: string, reasons: readonly string[]) =>
    cannotStart(
      [`${rows} can't be read as tickets:`, ...reasons],
      'Mend the export, or name other columns (--columns). Nothing was sent, and no output replaced.',
    ),
  notATicket: (file: string, what: string, column: string) =>
    cannotStart(`${file} holds ${what}`, 'Export again. If it is a ticket:').offer(
      '--columns',
      `body=${column}`,
    ),
  inputFormat: (file: string, why: string, hint: string) => cannotStart(`${file} ${why}`, hint),
  encodingUnknown: (file: string) =>
    cannotStart(`${file} is not UTF-8 text.`, 'Name its encoding: --encoding <label>'),
  otherEncoding: (file: string, label: string, language: string) =>
    cannotStart(`${file} is not UTF-8 text. By all signs it is ${language} in ${label}:`).offer(
      '--encoding',
      label,
    ),
  perhapsEncoding: (file: string, labels: readonly string[]) =>
    labels.reduce(
      (failure, label) => failure.offer('--encoding', label),
      cannotStart(
        `${file} is not UTF-8 text, and too little of it tells its encoding.`,
        'Look at what is made of a ticket (`ticket-classify show`) before you pay for it. Likeliest:',
      ),
    ),
  damagedUtf8: (file: string, line: number) =>
    cannotStart(
      `${file}, line ${line}: bytes that are not UTF-8, in a file that is UTF-8 else.`,
      'Mend the line, or leave those bytes out: iconv -f UTF-8 -t UTF-8 -c <file> | ticket-classify -',
    ),
  notInEncoding: (file: string, label: string, line: number) =>
    cannotStart(
      `${file}, line ${line}: bytes that are not ${label}.`,
      'Mend them, or name the encoding that it is in: --encoding <label>',
    ),
  shapesDiffer: (first: string, second: string, difference: string) =>
    cannotStart(
      `${second} has not the shape of ${first}: ${difference}.`,
      'Files of one run must have the same format and the same columns; run the others apart.',
    ),
  /** @param flags that name those which it could be; empty if none could */
  noTextColumn: (columns: string, flags: readonly string[]) => {
    const message = `No column holds the tickets' text, as far as can be told. The columns are: ${columns}.`;
    if (flags.length === 0) {
      return cannotStart(message, 'Name the one that does, if any: --columns body=<column>');
    }
    return cannotStart(message, 'Name the one that does, for example:').offer(...flags);
  },
  noHeader: (file: string, header: string) =>
    cannotStart(
      `${file}: the first line is no header, but seems to be a ticket.`,
      `Put one before it: (echo ${header}; cat <file>) | ticket-classify -`,
    ),
  headerBelow: (file: string, line: number) =>
    cannotStart(
      `${file}: the first line does not look like a header; line ${line} does.`,
      `Leave out what stands before it: tail -n +${line} <file> | ticket-classify -`,
    ),
  noBodyColumn: (subject: string, columns: string, guess: string | null) =>
    cannotStart(
      `Only a subject was found (${subject}), no body. The columns are: ${columns}.`,
      `Name the body (${guess === null ? '' : 'perhaps '}--columns ${shellWord(`body=${guess ?? '…'}`)}), or go on with subjects alone:`,
    ).offer('--subject-only'),
  unknownColumn: (field: string, column: string, columns: string, nearest: string) =>
    cannotStart(
      `--columns ${field}=${column}: there is no such column. The columns are: ${columns}.`,
      `Did you mean --columns ${field}=${nearest}?`,
    ),
  columnClash: (columns: string, suggestion: string, where: string) =>
    cannotStart(
      `The input already has columns that the answers would be written to${where}: ${columns}.`,
      'Choose another prefix for ours:',
    ).offer('--prefix', suggestion),

  earlierOutput: (prefix: string) =>
    cannotStart(
      `The input is an earlier output of this program: it has all the columns ${prefix}….`,
      'To keep both, give --prefix another text. To replace them:',
    ).offer('--replace'),

  notEarlierOutput: (prefix: string) =>
    cannotStart(
      `--replace: the input is no earlier output of this program with the prefix ${JSON.stringify(prefix)}.`,
      'Leave --replace out, or give the --prefix of that output. Nothing was taken out of it.',
    ),

  outputIsInput: (file: string) =>
    cannotStart(
      `-o ${file} is an input of this run.`,
      'Name another file; the input is never written to.',
    ),
  summaryIsOther: (path: string, other: string) =>
    cannotStart(
      `--summary ${path} is another file of this run (${other}).`,
      'Name a file of its own; the summary would replace what is in it.',
    ),
  summaryLost: (path: string, why: string) =>
    stopped(
      `The rows are written, but the summary could not be: ${path}: ${why}.`,
      'There is no need to run again for it: each row has its cost, and the ledger all of them.',
    ),
  partialExists: (partial: string) =>
    cannotStart(
      `${partial} exists: rows of an earlier run that did not finish, each of them paid for.`,
      'Keep what you need of it, then move or delete it, or name another output with -o.',
    ),
  outputUnwritable: (file: string, why: string) =>
    cannotStart(
      `Can't write ${file}: ${why}.`,
      'Nothing was sent. Name another file, or mend the folder and its rights.',
    ),
  outputInUse: (file: string) =>
    later(
      `${file} is being written by another run.`,
      'Wait for it to end, or name another output with -o.',
    ),
  ledgerIsOther: (path: string, other: string) =>
    cannotStart(
      `The ledger ${path} and ${other} of this run are one file.`,
      'Nothing was sent. Give each a name of its own: -o, --summary, --ledger.',
    ),
  outputFailed: (file: string, why: string) =>
    stopped(`Writing ${file} failed: ${why}.`, 'Make room, or write elsewhere.', 'output'),

  playbookMissing: (folder: string, why: string) =>
    cannotStart(
      `No playbook in ${folder}: ${why}.`,
      'A playbook is a folder with playbook.yaml, system.md and examples.yaml; `ticket-classify init <dir>` makes one.',
    ),
  playbookBroken: (folder: string, mistakes: readonly string[]) =>
    cannotStart(
      [
        `The playbook in ${folder} has ${mistakes.length} mistake${mistakes.length === 1 ? '' : 's'}:`,
        ...mistakes.map((mistake) => `  - ${mistake}`),
      ],
      `Correct them, then look again: ticket-classify check ${folder}`,
    ),
  unpricedModel: (model: string, known: string) =>
    cannotStart(
      `The price of model ${model} is not known, so neither would be the cost of this run.`,
      `Use one of ${known}, or give its prices in playbook.yaml under models.prices.`,
    ),

  ticketNotFound: (id: string, guess: string) =>
    cannotStart(
      `There is no ticket with the id ${JSON.stringify(id)}.`,
      guess && `The nearest is ${JSON.stringify(guess)}.`,
    ),
  ticketRepeated: (id: string, ledger: string) =>
    cannotStart(
      `${id} stands on several rows of one input: its verdicts name no single ticket.`,
      `They are in ${ledger}, one for each text; \`ticket-classify forget\` takes all of them out.`,
    ),
  ticketWithoutId: (id: string) =>
    cannotStart(
      `${id} was made from the text of a ticket without an id, and such tickets have no history.`,
      'The ledger holds the answers about that text; `ticket-classify forget` takes them out.',
    ),
  folderExists: (folder: string) =>
    cannotStart(
      `${folder} exists and is no empty folder.`,
      'Name a new folder; nothing was copied.',
    ),

  keyRefused: (host: string, why: string) =>
    cannotStart(
      `${host} refused the credentials: ${why}.`,
      'Check ANTHROPIC_API_KEY (or the login in use), and that it belongs to this host.',
    ),
  noSuchHost: (host: string) =>
    cannotStart(
      `There is no host of the name in ${host}, or it can't be looked up here.`,
      'Check ANTHROPIC_BASE_URL and the network; behind a proxy, set HTTPS_PROXY.',
    ),
  untrusted: (host: string, why: string) =>
    cannotStart(
      `The certificate of ${host} is not trusted: ${why}.`,
      "If it is your company's own, name its CA certificate in the environment: NODE_EXTRA_CA_CERTS=<file>.",
    ),
  noTunnel: (why: string, variable: string, failure: string) =>
    cannotStart(
      `No request could be sent: ${why}.`,
      failure === '407'
        ? `It wants other credentials: ${variable}=http://user:password@host:port.`
        : `Check ${variable}, or name hosts that need no proxy in NO_PROXY.`,
    ),
  modelUnknown: (host: string, model: string, why: string) =>
    cannotStart(
      `${host} does not know the model ${model}: ${why}.`,
      'Choose another with --fast-model or --strong-model, or in playbook.yaml.',
    ),
  spendLimit: (why: string) =>
    stopped(
      `The account may spend no more: ${why}.`,
      'Raise the limit or add credit in the Claude Console, then go on.',
    ),
  budgetSpent: ({ perDay, cap, spent, unknown, most, goOnAt }: SpentBudget) => {
    const flag = perDay ? '--max-cost-per-day' : '--max-cost';
    const dollars = `$${usd(cap)}`;
    const lost = unknown > 0 ? ` (${roundedUsd(unknown)} of it for calls of unknown cost)` : '';
    const period = perDay ? ' in the last 24 hours' : '';
    const message =
      most > cap
        ? `${flag} ${dollars} is less than the next call could cost: ${roundedUsd(most)}` +
          `${spent > 0 ? `; ${roundedUsd(spent)} is spent${lost}` : ''}.`
        : `${flag} ${dollars} is nearly used up: ${roundedUsd(spent)} is spent${period}${lost}, ` +
          `and the next call could cost ${roundedUsd(most)}.`;
    const enough = `${Math.max(1, Math.ceil(most / halfNanosOf(1)))}`;
    const time = goOnAt && new Date(Math.ceil(goOnAt.getTime() / 1_000) * 1_000);
    const room = time && `There is room again from ${time.toISOString().replace('.000', '')} on.`;
    const hint = perDay
      ? `${room ? `${room} To go on before` : 'To go on'}, allow more: ${flag} <usd>.`
      : most > cap
        ? ''
        : `Each run may spend as much; allow more with ${flag} <usd>.`;
    const failure = stopped(message, hint, 'budget');
    if (most > cap && !perDay) failure.offer(flag, enough);
    failure.goOnAt = time;
    return failure;
  },
  costUntold: (model: string, host: string) =>
    stopped(
      `${host} does not tell what an answer of ${model} cost: its usage has no input_tokens and output_tokens, so no cap can hold.`,
      'What came is kept. To go on without a cap, with each answer booked at the most that it can have cost:',
    ).offer('--max-cost', 'none'),
  uselessAgain: (model: string, host: string, times: number, what: string) =>
    stopped(
      `${times} answers of ${model} in a row were paid for and are of no use. What came: ${what}.`,
      `Something is wrong with every answer, not with one ticket. Does ${host} force the tool that it is asked to, and is the model up to it? Look at one request: ticket-classify show <file> --id <id>`,
    ),
  notTheApi: (host: string, why: string) =>
    cannotStart(
      `${host} does not answer as the Messages API does: ${why}.`,
      'The path is wrong, or something else answers in its place: a proxy, a firewall, a login page. Check ANTHROPIC_BASE_URL, and HTTPS_PROXY where there is one.',
    ),
  refusedAgain: (times: number, why: string) =>
    stopped(
      `${times} requests in a row were refused for the same reason: ${why}.`,
      'Something is wrong with every request, not with one ticket. Look at one: ticket-classify show <file> --id <id>',
    ),
  waitTooLong: (seconds: number, allowed: string) =>
    later(
      `The API asks us to wait ${Math.ceil(seconds)} s, longer than --max-wait ${allowed}.`,
      'Come back later, or allow more: --max-wait.',
    ),
  noSuccess: (allowed: string, why: string, host = 'https://api.anthropic.com') =>
    later(
      `No call has succeeded for ${allowed} (--max-wait). The last failure: ${why}.`,
      /\.anthropic\.com\b/.test(host)
        ? 'The API seems to be down. See https://status.claude.com and come back later.'
        : `${host} seems to be down, or not to be the API (ANTHROPIC_BASE_URL). Look at it, and come back later.`,
    ),

  ledgerInUse: (path: string, who: string) =>
    later(
      `${path} is in use by another run${who && ` (${who})`}.`,
      'Wait for it to end, or give this run a ledger of its own: --ledger <file>.',
    ),
  ledgerFolderUnwritable: (path: string, folder: string, why: string) =>
    cannotStart(
      `The folder of the ledger ${path} can't be written to: ${folder}: ${why}.`,
      'Mend the folder and its rights, or keep the ledger elsewhere: --ledger <file>.',
    ),
  ledgerNoLock: (path: string, file: string) =>
    cannotStart(
      `The ledger ${path} can't be locked: ${file} is there, and was not made by this program.`,
      'Nothing was deleted. Move it away, or keep the ledger elsewhere: --ledger <file>.',
    ),
  ledgerLockForeign: (path: string, lock: string) =>
    cannotStart(
      `The ledger ${path} can't be locked: ${lock} belongs to another user.`,
      'Wait for their run to end; if there is none, have them delete it. Or give this run a ledger of its own: --ledger <file>.',
    ),
  ledgerWithoutLock: (path: string, folder: string) =>
    cannotStart(
      `The ledger ${path} can't be locked: no socket can be made beside it, nor in ${folder}.`,
      'Their paths are too long or their disks have no sockets. Keep the ledger elsewhere: --ledger <file>.',
    ),

  ledgerNoFile: (path: string, isFolder: boolean) =>
    cannotStart(
      `--ledger ${path} is ${isFolder ? 'a folder' : 'no plain file'}.`,
      isFolder
        ? 'Name a file in it; it need not exist yet.'
        : 'Name another file; it need not exist yet. To remember nothing: --no-ledger.',
    ),
  ledgerUnwritable: (path: string, why: string) =>
    cannotStart(
      `Can't write the ledger ${path}: ${why}.`,
      'Nothing was sent. Name another file with --ledger, or remember nothing: --no-ledger.',
    ),
  ledgerMissing: (path: string) =>
    cannotStart(`There is no ledger ${path}.`, 'Name the one that your runs use: --ledger <file>.'),
  notALedger: (path: string) =>
    cannotStart(
      `${path} is not a ledger of this program: its first line is not a ledger's.`,
      'Nothing was changed in it. Name another file with --ledger; it need not exist yet.',
    ),
  newerLedger: (path: string, version: number, known: number) =>
    cannotStart(
      `${path} is a ledger of version ${version}; this program knows version ${known}.`,
      'Nothing was changed in it. Update ticket-classify, or name another ledger with --ledger.',
    ),
  ledgerOfOtherKind: (path: string, simulated: boolean) =>
    cannotStart(
      simulated
        ? `${path} holds simulated answers, and this run's are real.`
        : `${path} holds real answers, and this run's are simulated.`,
      'They are never mixed. Name another file with --ledger.',
    ),
  ledgerFailed: (path: string, why: string) =>
    stopped(
      `Writing the ledger ${path} failed: ${why}.`,
      'Make room, then go on; what it holds by now is not lost.',
      'ledger',
    ),
  playbookChanged: ({ from, to, texts, cost }: ChangedPlaybook) => {
    const were = texts === 1 ? '1 text of the ledger was' : `${texts} texts of the ledger were`;
    const again = `Asking about ${texts === 1 ? 'it' : 'them'} again costs some ${roundedUsd(halfNanosOf(cost))}`;
    return stopped(
      `The playbook is now ${to}, and ${were} answered under another (${from}).`,
      `${again}: --reask. Or use the old answers: --keep-answers.`,
    )
      .offer('--reask')
      .offer('--keep-answers');
  },

  noBatches: (host: string, status: string) =>
    cannotStart(
      `${host} has no Message Batches: it answered ${status}.`,
      'Ask it live: leave out --batch.',
    ),
  batchesForbidden: (playbook: string) =>
    cannotStart(
      `The playbook ${playbook} forbids --batch (allow_batch: false).`,
      'Leave out --batch.',
    ),
  batchesRefused: (host: string, why: string) =>
    stopped(
      `${host} refused a batch: ${why}.`,
      'No other try can mend that. Batches that were sent before go on; see `ticket-classify batches`.',
    ),
  batchTooLarge: (host: string, requests: number, why: string) => {
    const what = `${host} refused a batch of ${requests} requests as too large: ${why}.`;
    if (requests === 1) return stopped(what, 'Ask it live: leave out --batch.');
    const half = String(Math.ceil(requests / 2));
    return stopped(what, 'Send smaller ones:').offer('--batch-size', half);
  },
  humanReviewOff: (why: string) =>
    stopped(
      `The workspace of this key has human review turned off, and so no Message Batches: ${why}.`,
      'Use a key of a workspace that has it on, or ask live: leave out --batch.',
    ),
  batchMissing: (id: string, why: string, allowed: string) =>
    later(
      `${id}: ${why}, and that for ${allowed} (--max-wait).`,
      'What it answered is paid for, so nothing of it is asked again; the same command looks once more. A key of another workspace does not see it: use the one that it was sent with.',
    ),
  batchUnreadable: (id: string, why: string) =>
    stopped(
      `None of the results of ${id} can be read: ${why}.`,
      'They are paid for, and stay on the server for 29 days: a later version of this program may read them.',
    ),
  batchErrored: (id: string, why: string) =>
    stopped(
      `Every request of ${id} was refused for the same reason: ${why}.`,
      'Something is wrong with every request, not with one ticket. Nothing of it was paid for.',
    ),
  batchesRunning: () => later('Not all is answered yet.'),
  textInBatch: (id: string, ledger: string) =>
    stopped(
      `A ticket's text is in a batch that is not collected yet (${id}), and would be paid for twice.`,
      `To give that up: ticket-classify batches cancel --ledger ${shellWord(ledger)}. To go on by batch:`,
    ).offer('--batch'),
  inputGrew: () =>
    later(
      'The input has changed while the batches ran: it holds tickets that were in none.',
      'The answers so far are in the ledger; the same command asks about the others.',
    ),
  batchElsewhere: (id: string, host: string, here: string) =>
    cannotStart(
      `${id} was sent to ${host}, and not to ${here}.`,
      'Set ANTHROPIC_BASE_URL as it was then.',
    ),
  noSuchBatch: (id: string, ledger: string) =>
    cannotStart(
      `No open batch of ${ledger} is called ${id}.`,
      'See them with `ticket-classify batches`.',
    ),

  interrupted: (signal: 'SIGINT' | 'SIGTERM') =>
    new Failure(signal === 'SIGINT' ? 130 : 143, 'Interrupted.'),
};

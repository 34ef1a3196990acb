// What will happen, said before it does.
import { execFile } from 'node:child_process';
import { basename, dirname, resolve } from 'node:path';
import { plural } from '../ground/figures.ts';
import { columnsText } from '../intake/columns/find-columns.ts';
import type { Intake } from '../intake/open-intake.ts';
import type { KnownAnswers } from '../ledger/known-answers.ts';
import type { LedgerState } from '../ledger/ledger.ts';
import type { Settings } from '../settings/resolve.ts';
import { likelyCost } from './likely-cost.ts';
import type { Desk } from './open-desk.ts';
import { inputNames, type Plan } from './plan.ts';

const ANTHROPIC = 'api.anthropic.com';
const SIGNS: Record<string, string> = {
  ',': 'commas',
  ';': 'semicolons',
  '\t': 'tabs',
  '|': 'pipes',
};

export interface FirstLines {
  inputs: readonly string[];
  intake: Intake;
  settings: Settings;
  ledger: LedgerState & Pick<KnownAnswers, 'answers'>;
  /** For people: a path, or `stdout`; null: none is written. */
  output: string | null;
  /** Where messages go. */
  url: string;
}

export const IDS_REPEAT = [
  'Ids repeat in the first rows: each row may be a message, and each is paid for.',
  '  --first-per-ticket asks about the first row of each id, and gives its answer to the others.',
];

/** @param output for people: a path, or `stdout` */
export async function announce(desk: Desk, plan: Plan, output: string): Promise<void> {
  const { settings, ledger, connection, note } = desk;
  const { intake } = plan;
  const { url } = connection;
  note(...firstLines({ inputs: inputNames(plan), intake, settings, ledger, output, url }));
  const likely = await likelyCost(desk, plan);
  if (likely !== null) note(firstLine('likely', likely));
  if (intake.idsRepeat && !settings.flags.firstPerTicket) note(...IDS_REPEAT);
  if (ledger.isNew && ledger.path !== null) await warnIfInGit(ledger.path, note);
}

export function firstLines(told: FirstLines): string[] {
  const { inputs, intake, settings, ledger, output, url } = told;
  const { playbook, origins, flags } = settings;
  const { models, thresholds } = playbook;
  const { hostname, origin } = new URL(url);
  const lines: [string, string][] = [
    ['input', `${inputs.join(', ')} (${formatText(intake)})`],
    ...intake.remarks.map((remark): [string, string] => ['note', remark]),
    ['columns', columnsText(intake.found) + droppedText(intake)],
    [
      'playbook',
      `${playbook.identity} (${playbook.folder === flags.playbook ? playbook.folder : 'built in'})`,
    ],
    [
      'models',
      `${models.fast}, then ${models.strong} where a field is under ${thresholds.default}`,
    ],
  ];
  if (origins.length > 0) lines.push(['settings', origins.join(', ')]);
  if (flags.simulate) lines.push(['sent to', 'nobody: a built-in stand-in answers']);
  else if (hostname !== ANTHROPIC) lines.push(['sent to', `${origin}, which is not Anthropic's`]);
  const proxy = flags.simulate ? null : settings.findProxy(url);
  if (proxy) lines.push(['by proxy', proxy.url]);
  lines.push(['ledger', ledgerText(ledger)]);
  if (output !== null) lines.push(['output', output]);
  return lines.map(([name, text]) => firstLine(name, text));
}

function firstLine(name: string, text: string): string {
  return `${name.padEnd(9)} ${text}`;
}

function ledgerText({ path, isNew, answers, unread }: FirstLines['ledger']): string {
  if (path === null) return 'none: nothing is remembered after this run';
  if (isNew) return `${path} (new)`;
  const torn = unread === 0 ? '' : `; ${plural(unread, 'line')} of it can't be read`;
  return `${path} (${plural(answers.size(), 'answer')}${torn})`;
}

function droppedText({ dropped }: Intake): string {
  return dropped.length > 0 ? `; ${dropped.length} of an earlier output are replaced` : '';
}

function formatText({ shape }: Intake): string {
  if (shape.format === 'jsonl') return 'jsonl';
  return `${shape.format}, ${SIGNS[shape.delimiter] ?? JSON.stringify(shape.delimiter)}`;
}

/** Tells once, when a ledger is made, if git would add it: summaries in it quote customers. */
async function warnIfInGit(path: string, note: Desk['note']): Promise<void> {
  if (!(await isUnignored(path))) return;
  note(
    `${path} lies in a git repository that does not ignore it, and summaries in it quote customers.`,
    `  Add this line to .gitignore: ${basename(path)}*`,
  );
}

/** False outside of a repository, and where there is no git. */
function isUnignored(path: string): Promise<boolean> {
  const cwd = dirname(resolve(path));
  return new Promise((answer) => {
    // 0: ignored, 1: not, 128: no repository.
    execFile('git', ['check-ignore', '-q', '--', basename(path)], { cwd }, (error) =>
      answer(error?.code === 1),
    );
  });
}

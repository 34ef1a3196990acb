// Two versions of a playbook in, what changed between them and what must be asked again out.
import { FIELDS } from '../ticket.ts';
import type { Playbook, Rule, WorkedExample } from './playbook.ts';

export interface Comparison {
  /** What differs, each as a line. */
  changes: string[];
  /** What that means for tickets that the ledger answers, each as a sentence. */
  consequences: string[];
}

export function compare(before: Playbook, after: Playbook): Comparison {
  const decided = [
    ...thresholdChanges(before, after),
    ...patternChanges(before, after),
    ...settingChange('native_languages', before.nativeLanguages, after.nativeLanguages),
  ];
  const cut = settingChange('max_body_chars', before.maxBodyChars, after.maxBodyChars);
  const routed = ruleChanges(before, after);
  return {
    changes: [
      ...labelChanges(before, after),
      ...exampleChanges(before, after),
      ...(before.promptHash === after.promptHash ? [] : ['what Claude is sent with each ticket']),
      ...modelChanges(before, after),
      ...decided,
      ...cut,
      ...settingChange('review_below', before.reviewBelow, after.reviewBelow),
      ...settingChange('allow_batch', before.allowBatch, after.allowBatch),
      ...routed,
    ],
    consequences: consequencesOf(before, after, {
      isDecided: decided.length > 0,
      isCut: cut.length > 0,
      isRouted: routed.length > 0,
    }),
  };
}

function consequencesOf(
  before: Playbook,
  after: Playbook,
  anew: { isDecided: boolean; isCut: boolean; isRouted: boolean },
): string[] {
  const gone = FIELDS.flatMap((field) => missingFrom(after, before, field));
  const isAsked = before.promptHash !== after.promptHash;
  const sentences = [
    isAsked
      ? 'Every ticket must be asked about again, or keep its old answer: a run stops and lets you choose (--reask, --keep-answers).'
      : '',
    isAsked && gone.length > 0
      ? `Kept answers with ${gone.join(', ')} can't be used, and are asked again.`
      : '',
    before.models.fast === after.models.fast
      ? ''
      : `${after.models.fast} has answered nothing yet: it is asked about every ticket.`,
    before.models.strong === after.models.strong
      ? ''
      : `${after.models.strong} has answered nothing yet: it is asked about every ticket that is escalated.`,
    anew.isCut
      ? 'Texts longer than the shorter of the two lengths are other texts now, and are asked about again.'
      : '',
    anew.isDecided
      ? 'Escalation is decided anew: only what is newly escalated is asked, of the strong model.'
      : '',
    anew.isRouted ? 'Queues and SLAs are decided anew, without a call.' : '',
  ];
  return sentences.filter((sentence) => sentence !== '');
}

function namesOf({ labels }: Playbook, field: (typeof FIELDS)[number]): string[] {
  return labels[field].map(({ name }) => name);
}

/** Names of labels that the first lacks and the second has, as `team onboarding`. */
function missingFrom(
  lacking: Playbook,
  having: Playbook,
  field: (typeof FIELDS)[number],
): string[] {
  const names = namesOf(lacking, field);
  return namesOf(having, field)
    .filter((name) => !names.includes(name))
    .map((name) => `${field} ${name}`);
}

function labelChanges(before: Playbook, after: Playbook): string[] {
  return FIELDS.flatMap((field) => [
    ...missingFrom(after, before, field).map((name) => `${name} is gone${leftover(name, after)}`),
    ...missingFrom(before, after, field).map((name) => `${name} is new`),
    ...after.labels[field]
      .filter(({ name, description }) => {
        const old = before.labels[field].find((label) => label.name === name);
        return old !== undefined && old.description !== description;
      })
      .map(({ name }) => `${field} ${name} is described otherwise`),
  ]);
}

/** Where the name of a label that is gone still stands; the schema sees only who gives it as an answer. */
function leftover(label: string, { system, labels }: Playbook): string {
  const name = label.slice(label.indexOf(' ') + 1);
  const word = new RegExp(`(?<![\\w-])${name}(?![\\w-])`, 'i');
  const described = FIELDS.flatMap((field) =>
    labels[field]
      .filter(({ description }) => word.test(description))
      .map((other) => `the description of ${field} ${other.name}`),
  );
  const descriptions = FIELDS.flatMap((field) => labels[field].map((other) => other.description));
  const instructions = descriptions.reduce(
    (text, description) => text.replace(description.trim(), ''),
    system.replace(/<example>[^]*?<\/example>/g, ''),
  );
  const places = [...(word.test(instructions) ? ['system.md'] : []), ...described];
  return places.length > 0 ? `, but the word still stands in ${places.join(', ')}` : '';
}

function exampleChanges(before: Playbook, after: Playbook): string[] {
  const text = (example: WorkedExample) => JSON.stringify(example);
  const [old, now] = [before, after].map(({ examples }) => new Set(examples.map(text)));
  const added = [...(now ?? [])].filter((example) => !old?.has(example)).length;
  const removed = [...(old ?? [])].filter((example) => !now?.has(example)).length;
  if (added + removed === 0) return [];
  return [`examples: ${added} new or changed, ${removed} gone or changed`];
}

function modelChanges(before: Playbook, after: Playbook): string[] {
  return (['fast', 'strong'] as const)
    .filter((model) => before.models[model] !== after.models[model])
    .map((model) => `the ${model} model: ${before.models[model]} → ${after.models[model]}`);
}

function thresholdChanges(before: Playbook, after: Playbook): string[] {
  const of = (playbook: Playbook): [string, number | undefined][] => [
    ...(['default', ...FIELDS] as const).map((field): [string, number | undefined] => [
      field,
      playbook.thresholds[field],
    ]),
    ...playbook.labels.team.map(({ name, threshold }): [string, number | undefined] => [
      `team ${name}`,
      threshold ?? undefined,
    ]),
  ];
  const old = new Map(of(before));
  return of(after)
    .filter(([name, threshold]) => old.get(name) !== threshold)
    .map(
      ([name, threshold]) =>
        `threshold ${name}: ${old.get(name) ?? 'none'} → ${threshold ?? 'none'}`,
    );
}

function patternChanges(before: Playbook, after: Playbook): string[] {
  const of = ({ patterns }: Playbook) =>
    new Map(patterns.map(({ name, regex }) => [name, String(regex)]));
  return mapChanges('pattern', of(before), of(after));
}

function ruleChanges(before: Playbook, after: Playbook): string[] {
  const of = ({ rules }: Playbook) =>
    new Map(rules.map(({ name, ...rule }: Rule) => [name, JSON.stringify(rule)]));
  const [old, now] = [of(before), of(after)];
  const changes = mapChanges('rule', old, now);
  const isMoved = changes.length === 0 && [...old.keys()].join('\n') !== [...now.keys()].join('\n');
  return isMoved ? ['the order of the rules'] : changes;
}

function mapChanges(
  what: string,
  before: ReadonlyMap<string, string>,
  after: ReadonlyMap<string, string>,
): string[] {
  return [
    ...[...before.keys()]
      .filter((name) => !after.has(name))
      .map((name) => `${what} ${name} is gone`),
    ...[...after].flatMap(([name, text]) => {
      if (!before.has(name)) return [`${what} ${name} is new`];
      return before.get(name) === text ? [] : [`${what} ${name} has changed`];
    }),
  ];
}

type Setting = string | number | boolean | null | readonly string[];

function settingChange(name: string, before: Setting, after: Setting): string[] {
  const [old, now] = [before, after].map((value) => (value === null ? 'none' : value.toString()));
  return old === now ? [] : [`${name}: ${old} → ${now}`];
}

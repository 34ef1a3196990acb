// What the parts of a playbook say of each other, read over: every contradiction in one list.
import { closest, distance } from 'fastest-levenshtein';
import { FIELDS, type Field } from '../ticket.ts';
import type { ExamplesFile, PlaybookFile } from './schema.ts';

/** As much of a playbook as could be read: what is broken elsewhere must not hide what is wrong here. */
export type Readable = { [Part in keyof PlaybookFile]?: PlaybookFile[Part] | undefined };

const LISTS = {
  team: 'teams',
  ticket_type: 'ticket_types',
  urgency: 'urgencies',
  sentiment: 'sentiments',
} as const satisfies Record<Field, keyof PlaybookFile>;

/** Each mistake as one sentence that begins with its place. */
export function mistakesOf(file: Readable, examples: ExamplesFile): string[] {
  return [
    ...repeatedNames(file),
    ...unknownLabels(file, examples),
    ...unknownFieldsInQueues(file),
    ...missingCatchAll(file),
  ];
}

/** The labels of one field as the file lists them; null where the list itself is broken. */
function labelsOf(file: Readable, field: Field): string[] | null {
  return file[LISTS[field]]?.map((label) => label.name) ?? null;
}

function isUnknown(file: Readable, field: Field, label: string): boolean {
  const labels = labelsOf(file, field);
  return labels !== null && !labels.includes(label);
}

function repeatedNames(file: Readable): string[] {
  const lists: [string, string[]][] = [
    ...FIELDS.map((field): [string, string[]] => [LISTS[field], labelsOf(file, field) ?? []]),
    ['escalate_patterns', (file.escalate_patterns ?? []).map((pattern) => pattern.name)],
    ['routing', (file.routing ?? []).map((rule) => rule.name)],
  ];
  return lists.flatMap(([list, names]) => {
    // Labels are compared without regard to case, so Billing and billing are one.
    const lower = names.map((name) => name.toLowerCase());
    const repeated = new Set(names.filter((_, at) => lower.indexOf(lower[at] ?? '') !== at));
    return [...repeated].map((name) => `playbook.yaml, ${list}: "${name}" is there twice`);
  });
}

/** Each label that is named and not there once, with all who name it. */
function unknownLabels(file: Readable, examples: ExamplesFile): string[] {
  return FIELDS.flatMap((field) => {
    const named = new Map<string, Naming>();
    const naming = (label: string) => {
      const all = named.get(label) ?? { examples: [], rules: [] };
      named.set(label, all);
      return all;
    };
    examples.forEach(({ answer }, at) => naming(answer[field]).examples.push(at + 1));
    for (const rule of file.routing ?? []) {
      for (const label of rule.when[field] ?? []) naming(label).rules.push(rule.name);
    }
    return [...named]
      .filter(([label]) => isUnknown(file, field, label))
      .map(([label, by]) => unknownLabel(label, by, labelsOf(file, field) ?? [], LISTS[field]));
  });
}

interface Naming {
  /** 1-based places in examples.yaml. */
  examples: number[];
  rules: string[];
}

function unknownLabel(label: string, by: Naming, labels: readonly string[], list: string): string {
  const parts = [
    counted(by.examples.length, 'example', by.examples.map(String)),
    counted(by.rules.length, 'rule', by.rules),
  ].filter((part) => part !== '');
  const verb = by.examples.length + by.rules.length === 1 ? 'names' : 'name';
  const near = labels.length > 0 ? closest(label, labels) : '';
  const guess = near && distance(label, near) <= 2 ? `; did you mean "${near}"?` : '';
  return `playbook.yaml, ${list}: "${label}" is not there, but ${parts.join(' and ')} ${verb} it${guess}`;
}

/** So many places are told. */
const PLACES = 8;

function counted(count: number, noun: string, places: readonly string[]): string {
  if (count === 0) return '';
  const told = places.slice(0, PLACES).join(', ') + (places.length > PLACES ? ', …' : '');
  return `${count} ${noun}${count === 1 ? '' : 's'} (${told})`;
}

function unknownFieldsInQueues(file: Readable): string[] {
  const known: string[] = [...FIELDS, 'account_tier'];
  return (file.routing ?? []).flatMap((rule) =>
    [...rule.queue.matchAll(/\{(.*?)\}/g)]
      .filter(([, field]) => !known.includes(field ?? ''))
      .map(
        ([text]) =>
          `playbook.yaml, rule ${rule.name}: the queue names ${text}; it may name {${known.join('}, {')}}`,
      ),
  );
}

function missingCatchAll(file: Readable): string[] {
  const last = file.routing?.at(-1);
  if (!last || Object.keys(last.when).length === 0) return [];
  return [
    `playbook.yaml, rule ${last.name}: the last rule must match every ticket, so it must have no "when"`,
  ];
}

// What the parts of a playbook say of each other, read over: every contradiction in one list.
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
    ...unknownLabelsInRules(file),
    ...unknownFieldsInQueues(file),
    ...missingCatchAll(file),
    ...unknownLabelsInExamples(file, examples),
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

function unknownLabelsInRules(file: Readable): string[] {
  return (file.routing ?? []).flatMap((rule) =>
    FIELDS.flatMap((field) =>
      (rule.when[field] ?? [])
        .filter((label) => isUnknown(file, field, label))
        .map((label) => `playbook.yaml, rule ${rule.name}: ${unknownLabel(file, field, label)}`),
    ),
  );
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

function unknownLabelsInExamples(file: Readable, examples: ExamplesFile): string[] {
  return examples.flatMap((example, at) =>
    FIELDS.filter((field) => isUnknown(file, field, example.answer[field])).map(
      (field) =>
        `examples.yaml, example ${at + 1}: ${unknownLabel(file, field, example.answer[field])}`,
    ),
  );
}

function unknownLabel(file: Readable, field: Field, label: string): string {
  return `"${label}" is not among the ${LISTS[field]} (${labelsOf(file, field)?.join(', ')})`;
}

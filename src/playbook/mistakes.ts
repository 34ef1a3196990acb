// What the parts of a playbook say of each other, read over: every contradiction in one list.
import { FIELDS, type Field } from '../ticket.ts';
import type { ExamplesFile, PlaybookFile } from './schema.ts';

const LISTS = {
  team: 'teams',
  ticket_type: 'ticket_types',
  urgency: 'urgencies',
  sentiment: 'sentiments',
} as const satisfies Record<Field, keyof PlaybookFile>;

/** Each mistake as one sentence that begins with its place. */
export function mistakesOf(file: PlaybookFile, examples: ExamplesFile): string[] {
  return [
    ...repeatedNames(file),
    ...unknownLabelsInRules(file),
    ...unknownFieldsInQueues(file),
    ...missingCatchAll(file),
    ...unknownLabelsInExamples(file, examples),
  ];
}

/** The labels of one field as the file lists them. */
export function labelsOf(file: PlaybookFile, field: Field): string[] {
  return file[LISTS[field]].map((label) => label.name);
}

function repeatedNames(file: PlaybookFile): string[] {
  const lists: [string, string[]][] = [
    ...FIELDS.map((field): [string, string[]] => [LISTS[field], labelsOf(file, field)]),
    ['escalate_patterns', file.escalate_patterns.map((pattern) => pattern.name)],
    ['routing', file.routing.map((rule) => rule.name)],
  ];
  return lists.flatMap(([list, names]) => {
    // Labels are compared without regard to case, so Billing and billing are one.
    const lower = names.map((name) => name.toLowerCase());
    const repeated = new Set(names.filter((_, at) => lower.indexOf(lower[at] ?? '') !== at));
    return [...repeated].map((name) => `playbook.yaml, ${list}: "${name}" is there twice`);
  });
}

function unknownLabelsInRules(file: PlaybookFile): string[] {
  return file.routing.flatMap((rule) =>
    FIELDS.flatMap((field) =>
      (rule.when[field] ?? [])
        .filter((label) => !labelsOf(file, field).includes(label))
        .map((label) => `playbook.yaml, rule ${rule.name}: ${unknownLabel(file, field, label)}`),
    ),
  );
}

function unknownFieldsInQueues(file: PlaybookFile): string[] {
  const known: string[] = [...FIELDS, 'account_tier'];
  return file.routing.flatMap((rule) =>
    [...rule.queue.matchAll(/\{(.*?)\}/g)]
      .filter(([, field]) => !known.includes(field ?? ''))
      .map(
        ([text]) =>
          `playbook.yaml, rule ${rule.name}: the queue names ${text}; it may name {${known.join('}, {')}}`,
      ),
  );
}

function missingCatchAll(file: PlaybookFile): string[] {
  const last = file.routing.at(-1);
  if (!last || Object.keys(last.when).length === 0) return [];
  return [
    `playbook.yaml, rule ${last.name}: the last rule must match every ticket, so it must have no "when"`,
  ];
}

function unknownLabelsInExamples(file: PlaybookFile, examples: ExamplesFile): string[] {
  return examples.flatMap((example, at) =>
    FIELDS.filter((field) => !labelsOf(file, field).includes(example.answer[field])).map(
      (field) =>
        `examples.yaml, example ${at + 1}: ${unknownLabel(file, field, example.answer[field])}`,
    ),
  );
}

function unknownLabel(file: PlaybookFile, field: Field, label: string): string {
  return `"${label}" is not among the ${LISTS[field]} (${labelsOf(file, field).join(', ')})`;
}

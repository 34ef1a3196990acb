// A playbook without mistakes, read over as a colleague would: what is allowed, but hardly meant.
import { CONFIDENCE_OF, FIELDS, type Field } from '../ticket.ts';
import { endlessPatterns } from './patterns.ts';
import type { Condition, Playbook, Rule, WorkedExample } from './playbook.ts';

/** Each as a sentence. */
export function remarksOn(playbook: Playbook): string[] {
  return [
    ...labelsWithoutExample(playbook),
    ...labelsOfMostExamples(playbook),
    ...confidencesOfOneSide(playbook),
    ...likeExamples(playbook),
    ...longExamples(playbook),
    ...likeDescriptions(playbook),
    ...deadRules(playbook.rules),
    ...uselessThresholds(playbook),
    ...patternsWithoutEnd(playbook),
  ];
}

function labelsWithoutExample({ labels, examples }: Playbook): string[] {
  return FIELDS.flatMap((field) => {
    const shown = new Set(examples.map(({ answer }) => String(answer[field]).toLowerCase()));
    const unseen = labels[field]
      .map(({ name }) => name)
      .filter((name) => !shown.has(name.toLowerCase()));
    if (unseen.length === 0) return [];
    return [`No example is answered with ${field} ${unseen.join(', ')}.`];
  });
}

/** Of fewer examples a share says nothing. */
const ENOUGH_EXAMPLES = 8;
/** Most tickets are neutral, so that half the examples may well be. */
const MOST = 0.6;

function labelsOfMostExamples({ labels, examples }: Playbook): string[] {
  if (examples.length < ENOUGH_EXAMPLES) return [];
  return FIELDS.flatMap((field) =>
    labels[field].flatMap(({ name }) => {
      const times = examples.filter(({ answer }) => answer[field] === name).length;
      if (times <= examples.length * MOST || labels[field].length < 3) return [];
      return [
        `${times} of the ${examples.length} examples are answered with ${field} ${name}: show more of the others, or Claude leans towards it.`,
      ];
    }),
  );
}

function confidencesOfOneSide({ examples, thresholds, models }: Playbook): string[] {
  if (examples.length < ENOUGH_EXAMPLES) return [];
  return FIELDS.flatMap((field) => {
    const threshold = thresholds[field] ?? thresholds.default;
    if (threshold <= 0 || threshold >= 1) return [];
    const sure = examples.filter(({ answer }) => Number(answer[CONFIDENCE_OF[field]]) >= threshold);
    const name = CONFIDENCE_OF[field];
    if (sure.length === examples.length) {
      return [
        `No example's ${name} is under the threshold ${threshold}: show some in doubt, or ${models.fast} is hardly ever unsure of it.`,
      ];
    }
    return sure.length > 0
      ? []
      : [
          `Every example's ${name} is under the threshold ${threshold}: show some that are sure, or nearly every ticket goes to ${models.strong}.`,
        ];
  });
}

function likeExamples({ examples }: Playbook): string[] {
  const words = examples.map(({ ticket }) => wordsOf(`${ticket.subject} ${ticket.body}`));
  return examples.flatMap((example, at) =>
    examples.slice(0, at).flatMap((other, before) => {
      const [one, two] = [words[before], words[at]];
      if (!one || !two || shareOf(one, two) < ALIKE) return [];
      const differs = FIELDS.filter((field) => example.answer[field] !== other.answer[field]);
      const pair = `Examples ${told(other, before)} and ${told(example, at)} are nearly the same ticket`;
      return differs.length > 0
        ? [`${pair}, but are answered with another ${differs.join(', ')}: which is right?`]
        : [`${pair}: one is enough.`];
    }),
  );
}

function longExamples({ examples, maxBodyChars }: Playbook): string[] {
  return examples.flatMap((example, at) =>
    example.ticket.body.length > maxBodyChars
      ? [
          `Example ${told(example, at)} has a body of ${example.ticket.body.length} characters, over max_body_chars (${maxBodyChars}): shorten it, a ticket is cut there.`,
        ]
      : [],
  );
}

/** Its place in examples.yaml, and how it begins. */
function told({ ticket }: WorkedExample, at: number): string {
  const text = ticket.subject || ticket.body;
  return `${at + 1} ("${text.length > 40 ? `${text.slice(0, 39)}…` : text}")`;
}

/** Of all the words of two descriptions, the share that both have: from here on they say the same. */
const ALIKE = 0.6;

function likeDescriptions({ labels }: Playbook): string[] {
  return FIELDS.flatMap((field) =>
    labels[field].flatMap((label, at) =>
      labels[field]
        .slice(0, at)
        .filter((other) => likeness(label.description, other.description) >= ALIKE)
        .map(
          (other) =>
            `${other.name} and ${label.name} (${field}) are described in nearly the same words: what tells them apart?`,
        ),
    ),
  );
}

/** Jaccard's index of their words, 0 to 1. */
function likeness(one: string, other: string): number {
  return shareOf(wordsOf(one), wordsOf(other));
}

function shareOf(a: Set<string>, b: Set<string>): number {
  const both = [...a].filter((word) => b.has(word)).length;
  const all = a.size + b.size - both;
  return all === 0 ? 0 : both / all;
}

function wordsOf(text: string): Set<string> {
  return new Set(text.toLowerCase().match(/[\p{L}\p{N}]+/gu));
}

const CONDITIONS: readonly Condition[] = [...FIELDS, 'account_tier'];

function deadRules(rules: readonly Rule[]): string[] {
  return rules.flatMap((rule, at) => {
    const before = rules.slice(0, at).find((other) => takesAllOf(other, rule));
    return before
      ? [`Rule ${rule.name} can never match: ${before.name}, before it, takes all its tickets.`]
      : [];
  });
}

/** Whether each condition of the first rule holds wherever the second rule's do. */
function takesAllOf({ when: first }: Rule, { when: second }: Rule): boolean {
  return CONDITIONS.every((condition) => {
    const wide = first[condition]?.map((value) => value.toLowerCase());
    const narrow = second[condition]?.map((value) => value.toLowerCase());
    return !wide || (narrow?.every((value) => wide.includes(value)) ?? false);
  });
}

function uselessThresholds({ thresholds, models }: Playbook): string[] {
  return (['default', ...FIELDS] as const satisfies readonly (Field | 'default')[]).flatMap(
    (field) => {
      const threshold = thresholds[field];
      if (threshold === 0)
        return [`The threshold ${field} is 0: however unsure, ${models.fast} is believed.`];
      return threshold === 1
        ? [`The threshold ${field} is 1: nearly every ticket goes to ${models.strong}.`]
        : [];
    },
  );
}

function patternsWithoutEnd({ patterns }: Playbook): string[] {
  return endlessPatterns(patterns.filter(({ isBuiltIn }) => !isBuiltIn)).map(
    (name) =>
      `The pattern ${name} does not end within 2 s on some texts. In a run it has 0.2 s a ticket, then the ticket counts as matching: let no repeated part match the same words in two ways.`,
  );
}

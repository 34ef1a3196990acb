// Fields and lessons in, and out what it takes to choose a label for a text.

import type { Example, Field, LabelField, Lessons } from './lessons.ts';
import {
  addWords,
  centreOf,
  comparison,
  rarityIn,
  textFeatures,
  ticketFeatures,
  weigh,
  type Features,
  type Rarity,
} from './features.ts';

/** Which label of one field? */
export interface Choice {
  field: string;
  candidates: Candidate[];
  /** For a text that says nothing. */
  fallback: string;
}

export interface Candidate {
  label: string;
  centre: Features;
  /** Places in the comparison: of the centre, and of the label's examples. */
  place: number;
  examples: number[];
}

export interface Studied {
  rarity: Rarity;
  compare: (features: Features) => number[];
  choices: Choice[];
}

/**
 * TF-IDF (Salton): a label's score will be the likeness of a ticket to the sum of the label's
 * lessons (Rocchio), and to the nearest of its examples.
 */
export function study(fields: Field[], lessons: Lessons): Studied {
  const examples = lessons.examples.map(exampleFeatures);
  const taught = fields
    .filter((field) => field.kind === 'label')
    .map((field) => ({ ...field, lessons: lessonsOf(field, lessons, examples) }));
  const rarity = rarityIn(
    [...taught.flatMap((field) => field.lessons.map((lesson) => lesson.features)), ...examples],
    lessons.sentences.map(textFeatures),
  );
  const rows = examples.map((features) => weigh(features, rarity));
  const choices = taught.map(({ name, labels, lessons: own }): Choice => {
    const weighed = own.map((one) => ({ ...one, features: weigh(one.features, rarity) }));
    const candidates = labels.map((label): Candidate => {
      const ofLabel = weighed.filter((lesson) => lesson.label === label);
      const places = ofLabel.map(({ example }) => example).filter((place) => place !== null);
      const centre = centreOfLabel(ofLabel, places.length);
      return { label, centre, place: rows.push(centre) - 1, examples: places };
    });
    return { field: name, candidates, fallback: mostGeneral(candidates, own) };
  });
  return { rarity, compare: comparison(rows), choices };
}

/** A text that teaches one label of a field. */
interface Lesson {
  label: string;
  features: Features;
  /** Which of the prompt's examples it is; null for a description. */
  example: number | null;
}

/** Found by trial on forty tickets that stand in no prompt. */
const DESCRIPTION_WEIGHT = 2.5;
const ANSWER_TEXT_WEIGHT = 0.5;
/** Many examples of a label weigh more than one, but by far not in proportion. */
const EXAMPLES_POWER = 0.25;

function centreOfLabel(lessons: Lesson[], examples: number): Features {
  return centreOf(
    lessons.map(({ features, example }) => ({
      features,
      weight: example === null ? DESCRIPTION_WEIGHT : examples ** -EXAMPLES_POWER,
    })),
  );
}

/** The label that the others' descriptions refer to most, or else the one most like all of them. */
function mostGeneral(candidates: Candidate[], lessons: Lesson[]): string {
  const centres = candidates.map(({ centre }) => centre);
  const all = centreOf(centres.map((features) => ({ features, weight: 1 })));
  const [likeItself = 1, ...likenesses] = comparison([all, ...centres])(all);
  const ranked = candidates.map(({ label }, i) => {
    const name = [...textFeatures(spaced(label)).keys()].at(-1) ?? '';
    const mentions = lessons.filter(
      (lesson) => lesson.example === null && lesson.label !== label && lesson.features.has(name),
    );
    return { label, rank: mentions.length + (likenesses[i] ?? 0) / (likeItself || 1) };
  });
  return ranked.toSorted((a, b) => b.rank - a.rank)[0]?.label ?? '';
}

function spaced(label: string): string {
  return label.replace(/[_-]/g, ' ');
}

function lessonsOf(field: LabelField, lessons: Lessons, examples: Features[]): Lesson[] {
  const { name, labels } = field;
  const isOurs = (label: unknown): label is string => labels.some((known) => known === label);
  const taught: Lesson[] = [];
  for (const [label, description] of bestList(labels, lessons)) {
    if (!isOurs(label)) continue;
    const features = textFeatures(`${spaced(label)} ${description}`);
    taught.push({ label, features, example: null });
  }
  for (const [example, features] of examples.entries()) {
    const label = lessons.examples[example]?.answer[name];
    if (isOurs(label)) taught.push({ label, features, example });
  }
  return taught;
}

/** Two fields can share a label's name, so the list counts that describes the most of a field's. */
function bestList(labels: string[], { descriptions }: Lessons): Map<string, string> {
  const known = (list: Map<string, string>): number =>
    labels.filter((label) => list.has(label)).length;
  return descriptions.toSorted((a, b) => known(b) - known(a))[0] ?? new Map();
}

/** The sentences of the right answer say what matters in the ticket, in the prompt's language. */
function exampleFeatures({ ticket, answer }: Example): Features {
  const features = ticketFeatures(ticket);
  for (const value of Object.values(answer)) {
    const isSentence = typeof value === 'string' && value.includes(' ');
    if (isSentence) addWords(features, value, ANSWER_TEXT_WEIGHT);
  }
  return features;
}

// A text classifier that learns from the request itself: from its labels, their descriptions and the
// worked examples of its prompt. It is sensible for any playbook, and no more than that.

import { fieldsOf, type Field } from './fields.ts';
import { readLessons, readTicket, type Example, type Lessons } from './lessons.ts';
import type { JsonObject } from './shape.ts';
import { centreOf, likeness, rarityIn, sharedWords, weigh } from './vectors.ts';
import {
  addWords,
  saysAnything,
  textFeatures,
  ticketFeatures,
  type Features,
  type TicketText,
} from './words.ts';

export interface Classifier {
  fields: Field[];
  /** @param model A name with `sonnet` or `opus` in it is a bit surer. */
  read(ticket: string, model: string): Reading;
}

export interface Reading extends TicketText {
  /** By label field. */
  labels: Record<string, string>;
  /** By label field, 0.35 to 0.99 with two decimals. */
  confidence: Record<string, number>;
  /** What spoke most for the first field's label. */
  words: string[];
}

export function learn(schema: JsonObject, system: string): Classifier {
  const fields = fieldsOf(schema);
  const lessons = readLessons(system);
  const learnt = fields
    .filter((field) => field.kind === 'label')
    .map(({ name, labels }) => ({ name, judge: learnField(name, labels, lessons) }));

  function read(text: string, model: string): Reading {
    const ticket = readTicket(text);
    const features = ticketFeatures(ticket);
    const doubt = /sonnet|opus/.test(model) ? STRONG_DOUBT : FAST_DOUBT;
    const reading: Reading = { ...ticket, labels: {}, confidence: {}, words: [] };
    for (const [i, { name, judge }] of learnt.entries()) {
      const { label, margin, words } = judge(features);
      const sure = Math.sqrt(margin) / (Math.sqrt(margin) + doubt);
      reading.labels[name] = label;
      reading.confidence[name] = Math.round((LEAST + (MOST - LEAST) * sure) * 100) / 100;
      if (i === 0) reading.words = words;
    }
    return reading;
  }

  return { fields, read };
}

const LEAST = 0.35;
const MOST = 0.99;
/** The root of the lead over the second label at which half of all doubt is gone. */
const FAST_DOUBT = 0.06;
const STRONG_DOUBT = 0.05;
/** Scores much smaller than this are so faint that their order says little. */
const FAINT = 0.1;

/** Set by trial on two dozen tickets that are not in any prompt. */
const DESCRIPTION_WEIGHT = 2.5;
const ANSWER_TEXT_WEIGHT = 0.5;
const NEAREST_WEIGHT = 0.5;
/** Many examples of a label weigh more than one, but by far not in proportion. */
const EXAMPLES_POWER = 0.25;
const SHOWN_WORDS = 4;

interface Judgement {
  label: string;
  /** By how much of its score the label leads the next, 0 to 1. */
  margin: number;
  words: string[];
}

/** A text that teaches one label. */
interface Lesson {
  label: string;
  features: Features;
  isExample: boolean;
}

interface Candidate {
  label: string;
  centre: Features;
  examples: Lesson[];
}

type Judge = (features: Features) => Judgement;

/**
 * TF-IDF (Salton): a label's score is the likeness of a ticket to the sum of its lessons (Rocchio),
 * and to the nearest of its examples.
 */
function learnField(field: string, labels: string[], lessons: Lessons): Judge {
  const taught = lessonsOf(field, labels, lessons);
  const rarity = rarityIn(
    taught.map((lesson) => lesson.features),
    lessons.sentences.map(textFeatures),
  );
  const candidates = labels.map((label): Candidate => {
    const own = taught
      .filter((lesson) => lesson.label === label)
      .map((lesson) => ({ ...lesson, features: weigh(lesson.features, rarity) }));
    const examples = own.filter((lesson) => lesson.isExample);
    const weight = examples.length ** -EXAMPLES_POWER;
    const centre = centreOf(
      own.map(({ features, isExample }) => ({
        features,
        weight: isExample ? weight : DESCRIPTION_WEIGHT,
      })),
    );
    return { label, centre, examples };
  });
  const fallback = mostGeneral(candidates, taught);

  return (features) => {
    const text = weigh(features, rarity);
    if (!saysAnything(text)) return { label: fallback, margin: 0, words: [] };
    const scored = candidates.map(({ label, centre, examples }) => {
      const nearest = Math.max(0, ...examples.map((one) => likeness(text, one.features)));
      return { label, centre, score: likeness(text, centre) + NEAREST_WEIGHT * nearest };
    });
    const [best, second] = scored.toSorted((a, b) => b.score - a.score);
    if (best === undefined) return { label: fallback, margin: 0, words: [] };
    const margin = (best.score - (second?.score ?? 0)) / (best.score + FAINT);
    return { label: best.label, margin, words: sharedWords(text, best.centre, SHOWN_WORDS) };
  };
}

/** The label that the others' descriptions refer to most, or else the one most like all of them. */
function mostGeneral(candidates: Candidate[], taught: Lesson[]): string {
  const all = centreOf(candidates.map(({ centre }) => ({ features: centre, weight: 1 })));
  const ranked = candidates.map(({ label, centre }) => {
    const name = [...textFeatures(spaced(label)).keys()].at(-1) ?? '';
    const mentions = taught.filter(
      (lesson) => !lesson.isExample && lesson.label !== label && lesson.features.has(name),
    );
    return { label, rank: mentions.length + likeness(all, centre) / (likeness(all, all) || 1) };
  });
  return ranked.toSorted((a, b) => b.rank - a.rank)[0]?.label ?? '';
}

function spaced(label: string): string {
  return label.replace(/[_-]/g, ' ');
}

function lessonsOf(field: string, labels: string[], lessons: Lessons): Lesson[] {
  const isOurs = (label: unknown): label is string => labels.some((known) => known === label);
  const taught: Lesson[] = [];
  for (const [label, description] of bestList(labels, lessons)) {
    if (!isOurs(label)) continue;
    const features = textFeatures(`${spaced(label)} ${description}`);
    taught.push({ label, features, isExample: false });
  }
  for (const example of lessons.examples) {
    const label = example.answer[field];
    if (isOurs(label)) taught.push({ label, features: exampleFeatures(example), isExample: true });
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

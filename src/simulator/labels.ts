// A text classifier that learns from the request itself: from its labels, their descriptions and the
// worked examples of its prompt. It is sensible for any playbook, and no more than that.

import { fieldsOf, readLessons, readTicket, type Field } from './lessons.ts';
import type { JsonObject } from './shape.ts';
import { study, type Choice } from './study.ts';
import {
  saysAnything,
  sharedWords,
  ticketFeatures,
  weigh,
  type Features,
  type TicketText,
} from './features.ts';

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
  const { rarity, compare, choices } = study(fields, readLessons(system));

  function read(text: string, model: string): Reading {
    const ticket = readTicket(text);
    const features = weigh(ticketFeatures(ticket), rarity);
    const likenesses = compare(features);
    const doubt = /sonnet|opus/.test(model) ? STRONG_DOUBT : FAST_DOUBT;
    const reading: Reading = { ...ticket, labels: {}, confidence: {}, words: [] };
    for (const choice of choices) {
      const { label, margin, centre } = choose(choice, features, likenesses);
      const sure = Math.sqrt(margin) / (Math.sqrt(margin) + doubt);
      reading.labels[choice.field] = label;
      reading.confidence[choice.field] = Math.round((LEAST + (MOST - LEAST) * sure) * 100) / 100;
      if (choice === choices[0]) reading.words = sharedWords(features, centre);
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

/** What the likest single example adds. */
const NEAREST_WEIGHT = 0.5;

/** The margin is the share of its score by which the best label leads the next: 0 to 1. */
function choose(
  { candidates, fallback }: Choice,
  features: Features,
  likenesses: number[],
): { label: string; margin: number; centre: Features } {
  const nothing = { label: fallback, margin: 0, centre: new Map() };
  if (!saysAnything(features)) return nothing;
  let best = { label: fallback, centre: nothing.centre, score: 0 };
  let second = 0;
  for (const { label, centre, place, examples } of candidates) {
    let nearest = 0;
    for (const example of examples) nearest = Math.max(nearest, likenesses[example] ?? 0);
    const score = (likenesses[place] ?? 0) + NEAREST_WEIGHT * nearest;
    second = Math.max(second, Math.min(score, best.score));
    if (score > best.score) best = { label, centre, score };
  }
  return { ...best, margin: (best.score - second) / (best.score + FAINT) };
}

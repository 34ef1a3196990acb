// A ticket or a description in, weighted features out.

/** How much of each feature a text has. */
export type Features = Map<string, number>;

export interface TicketText {
  tier: string;
  subject: string;
  body: string;
}

export function ticketFeatures({ tier, subject, body }: TicketText): Features {
  const features: Features = new Map();
  addWords(features, subject, SUBJECT_WEIGHT);
  addWords(features, body, 1);
  addTone(features, `${subject}\n${body}`);
  if (tier !== '') features.set(`${TIER}${tier}`, TIER_WEIGHT);
  return features;
}

export function textFeatures(text: string): Features {
  const features: Features = new Map();
  addWords(features, text, 1);
  return features;
}

export function addWords(features: Features, text: string, weight: number): void {
  let before = '';
  for (const word of text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []) {
    const stem = stemOf(word);
    add(features, stem, weight);
    if (before !== '') add(features, `${before} ${stem}`, weight * PAIR_WEIGHT);
    before = stem;
  }
}

/** Whether there is more to go by than the customer's tier. */
export function saysAnything(features: Features): boolean {
  for (const name of features.keys()) if (!name.startsWith(TIER)) return true;
  return false;
}

const TIER = 'tier: ';
const SUBJECT_WEIGHT = 1.5;
const TIER_WEIGHT = 0.5;
const PAIR_WEIGHT = 0.5;

/** Shouting: what the letters of a word don't show. */
function addTone(features: Features, text: string): void {
  const marks = text.match(/!/g)?.length ?? 0;
  if (marks > 0) add(features, '!', Math.min(marks, 3));
  const shouted = text.match(/\b\p{Lu}{4,}\b/gu)?.length ?? 0;
  if (shouted > 1) add(features, 'capitals', Math.min(shouted, 3));
}

function add(features: Features, name: string, weight: number): void {
  features.set(name, (features.get(name) ?? 0) + weight);
}

/** Enough for "charges", "charged" and "charging" to meet; not linguistics. */
function stemOf(word: string): string {
  if (word.length < 4) return word;
  const stem = word.replace(/(?:ing|edly|ed|ies|es|s|ly|e|y)$/, '');
  return stem.length < 3 ? word : stem;
}

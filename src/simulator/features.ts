// Texts in, weighted features out: how rare they are, how long, how alike.

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

/** By feature, in every text that teaches; other features count for nothing. */
export type Rarity = Map<string, number>;

/** Under 1, as a few dozen short texts say little about how rare a word is. */
const RARITY_POWER = 0.7;

/**
 * @param taught What is to be known.
 * @param background Whole language in small pieces, so that "not" and "the" are found out as common.
 */
export function rarityIn(taught: readonly Features[], background: readonly Features[]): Rarity {
  const counts = new Map<string, number>();
  for (const piece of background) {
    for (const name of piece.keys()) counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  const rarity: Rarity = new Map();
  for (const name of taught.flatMap((features) => [...features.keys()])) {
    rarity.set(
      name,
      Math.log((background.length + 1) / ((counts.get(name) ?? 0) + 0.5)) ** RARITY_POWER,
    );
  }
  return rarity;
}

/** Of length 1, where unknown words count towards the length: of a strange text little is left. */
export function weigh(features: Features, rarity: Rarity): Features {
  const weighed: Features = new Map();
  let unknown = 0;
  for (const [name, amount] of features) {
    const rare = rarity.get(name);
    if (rare !== undefined) weighed.set(name, Math.log1p(amount) * rare);
    else unknown += Math.log1p(amount) ** 2;
  }
  return scale(weighed, 1 / (Math.hypot(lengthOf(weighed), Math.sqrt(unknown)) || 1));
}

/** The sum, each with its own weight. Half way to length 1: a label much taught is a frequent one. */
export function centreOf(texts: readonly { features: Features; weight: number }[]): Features {
  const sum: Features = new Map();
  for (const { features, weight } of texts) {
    for (const [name, amount] of features) sum.set(name, (sum.get(name) ?? 0) + amount * weight);
  }
  return scale(sum, 1 / Math.sqrt(lengthOf(sum) || 1));
}

/** How like each of the texts a text is, in their order: the products with their vectors. */
export function comparison(texts: readonly Features[]): (features: Features) => number[] {
  const holders = new Map<string, { places: number[]; amounts: number[] }>();
  for (const [place, features] of texts.entries()) {
    for (const [name, amount] of features) {
      const holder = holders.get(name) ?? { places: [], amounts: [] };
      holder.places.push(place);
      holder.amounts.push(amount);
      holders.set(name, holder);
    }
  }
  return (features) => {
    const sums = texts.map(() => 0);
    for (const [name, amount] of features) {
      const { places, amounts } = holders.get(name) ?? NOWHERE;
      for (let i = 0; i < places.length; i += 1) {
        const place = places[i] ?? 0;
        sums[place] = (sums[place] ?? 0) + amount * (amounts[i] ?? 0);
      }
    }
    return sums;
  };
}

const NOWHERE: { places: number[]; amounts: number[] } = { places: [], amounts: [] };

/** The single words, short ones left out, that make two texts most alike. */
export function sharedWords(a: Features, b: Features = new Map()): string[] {
  return [...a]
    .filter(([name]) => b.has(name) && /^\p{L}{4,}$/u.test(name))
    .map(([name, amount]) => ({ name, amount: amount * (b.get(name) ?? 0) }))
    .toSorted((x, y) => y.amount - x.amount)
    .slice(0, SHOWN_WORDS)
    .map(({ name }) => name);
}

const SHOWN_WORDS = 4;

function lengthOf(features: Features): number {
  let squares = 0;
  for (const amount of features.values()) squares += amount * amount;
  return Math.sqrt(squares);
}

function scale(features: Features, by: number): Features {
  for (const [name, amount] of features) features.set(name, amount * by);
  return features;
}

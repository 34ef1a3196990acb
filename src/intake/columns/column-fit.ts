// What a column holds → how well that suits a field: about 0, more for better.
import type { ColumnField } from '../../ticket.ts';
import type { Traits } from './column-traits.ts';

/** Added to a name's weight, these put a column behind all that suit. */
export const CONTRADICTED = -10;
const EMPTY = -100;

/** Fewer filled cells than this contradict nothing. */
const ENOUGH = 3;
/** From so many on, few different texts are labels. */
const MANY = 10;
const PER_MISSING = 0.4;

const CONTRADICTS: Record<ColumnField, (traits: Traits) => boolean> = {
  id: (traits) => traits.words >= 3 || traits.length > 64 || isOtherKind(traits),
  subject: (traits) =>
    traits.length > 200 ||
    traits.lines >= 0.3 ||
    traits.codes >= 0.8 ||
    isLabel(traits) ||
    isOtherKind(traits),
  body: (traits) => traits.codes >= 0.8 || isLabel(traits) || isOtherKind(traits),
  account_tier: (traits) =>
    traits.words > 4 ||
    traits.length > 40 ||
    (traits.filled >= MANY && traits.distinct > 0.5) ||
    isOtherKind(traits),
};

const BONUS: Record<ColumnField, (traits: Traits) => number> = {
  // Not unique is no contradiction: in a table of comments a ticket's id repeats.
  id: (traits) => 0.3 * traits.keys - 0.25 * (1 - traits.distinct),
  subject: (traits) => 0.05 * Math.min(traits.words, 4),
  // Ten times the length is worth a sixth: more than a slightly better name, less than a sure one.
  body: (traits) => Math.min(0.5, Math.log10(traits.length) / 6) - 0.1 * traits.html,
  account_tier: () => 0,
};

export function columnFit(field: ColumnField, traits: Traits): number {
  if (traits.cells === 0) return 0;
  if (traits.filled === 0) return EMPTY;
  if (traits.filled >= ENOUGH && CONTRADICTS[field](traits)) return CONTRADICTED;
  return BONUS[field](traits) - PER_MISSING * (1 - traits.filled / traits.cells);
}

/** Text as people write it, whatever the column is called. */
export function isProse(traits: Traits): boolean {
  const repeats = traits.filled >= ENOUGH && traits.distinct <= 0.2;
  return traits.words >= 5 && traits.length >= 30 && !repeats;
}

function isLabel(traits: Traits): boolean {
  return traits.filled >= MANY && traits.distinct <= 0.2 && traits.words <= 3;
}

function isOtherKind(traits: Traits): boolean {
  return traits.phones >= 0.5 || traits.dates >= 0.5 || traits.addresses >= 0.5;
}

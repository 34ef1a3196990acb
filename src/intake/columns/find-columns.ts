// Column names (or JSON paths) and the first rows → which hold id, subject, body and account tier.
import { closest } from 'fastest-levenshtein';
import { COLUMN_FIELDS, type ColumnField } from '../../ticket.ts';
import { failures } from '../../ground/errors.ts';
import { shellWord } from '../../ground/shell-word.ts';
import { columnWeight, plainName } from './column-names.ts';
import { columnFit, columnTraits, CONTRADICTED } from './column-traits.ts';
import { bodyGuesses, proposeColumns, type Column } from './propose-columns.ts';

/** The column of each field by its name; null where there is none. */
export type Columns = Record<ColumnField, string | null>;

/** A column in the first rows: '' where empty, null for an object; nothing where there are no rows yet. */
export type Sample = (name: string) => readonly (string | null)[];

export interface Found {
  columns: Columns;
  /** Other columns that could have been the body, best first; none if `--columns` named it. */
  alternatives: string[];
}

/**
 * A name of this weight is believed against its cells where no other column fits: warehouses mask
 * bodies as `description1`. A weaker one is not: a `number` that is a phone number is no id.
 */
const BELIEVED: Record<ColumnField, number> = {
  id: 0.7,
  subject: 0.95,
  body: 0.8,
  account_tier: Infinity,
};

const OTHERS_SHOWN = 3;

/** Of a file of many fields. */
const NAMES_SHOWN = 60;

/**
 * @param names the columns there are, in order; of those that repeat the first counts
 * @param given what `--columns` says, which goes before any guess
 * @throws Failure that lists the columns and guesses the one that is meant
 */
export function findColumns(
  names: readonly string[],
  sample: Sample,
  given: Partial<Record<ColumnField, string>>,
  subjectOnly: boolean,
): Found {
  const columns: Columns = { id: null, subject: null, body: null, account_tier: null };
  for (const field of COLUMN_FIELDS) {
    const asked = given[field];
    if (asked !== undefined) columns[field] = named(names, field, asked);
  }
  const all = [...new Set(names)].map((name) => ({ name, traits: columnTraits(sample(name)) }));
  for (const field of COLUMN_FIELDS) columns[field] ??= best(field, free(all, columns));

  const left = free(all, columns);
  const guesses = bodyGuesses(left);
  if (columns.body === null) {
    if (columns.subject === null) throw failures.noTextColumn(listed(names), proposed(left, given));
    if (!subjectOnly)
      throw failures.noBodyColumn(columns.subject, listed(names), guesses[0] ?? null);
  }
  const alternatives = guesses.filter((name) => columnWeight('subject', name) === 0);
  return { columns, alternatives: given.body === undefined ? alternatives : [] };
}

/** For the first lines of a run: `id ← Issue key, body ← Description (others: Comment)`. */
export function columnsText({ columns, alternatives }: Found): string {
  const others = alternatives.slice(0, OTHERS_SHOWN).join(', ');
  const more = alternatives.length - OTHERS_SHOWN;
  const note = others && ` (others: ${others}${more > 0 ? ` and ${more} more` : ''})`;
  return COLUMN_FIELDS.filter((field) => columns[field] !== null)
    .map((field) => `${field} ← ${columns[field] || '""'}${field === 'body' ? note : ''}`)
    .join(', ');
}

function best(field: ColumnField, all: readonly Column[]): string | null {
  const [first] = all
    .map(({ name, traits }) => {
      const weight = columnWeight(field, name);
      const fit = columnFit(field, traits);
      const fits =
        weight > 0 && fit > -Infinity && (fit !== CONTRADICTED || weight >= BELIEVED[field]);
      return { name, fits, score: weight + fit };
    })
    .filter(({ fits }) => fits)
    .toSorted((a, b) => b.score - a.score);
  return first?.name ?? null;
}

function free(all: readonly Column[], columns: Columns): Column[] {
  const taken = Object.values(columns);
  return all.filter(({ name }) => !taken.includes(name));
}

function named(names: readonly string[], field: ColumnField, asked: string): string {
  const exact = names.find((name) => name === asked);
  const found = exact ?? names.find((name) => plainName(name) === plainName(asked));
  // A dotted path may lead into a nested JSON object, whose keys are not listed.
  if (found === undefined && names.some((name) => asked.startsWith(`${name}.`))) return asked;
  if (found !== undefined) return found;
  const guess = shellWord(nearest(asked, names));
  throw failures.unknownColumn(field, asked, listed(names), guess);
}

function nearest(asked: string, names: readonly string[]): string {
  const plain = closest(plainName(asked), names.map(plainName));
  return names.find((candidate) => plainName(candidate) === plain) ?? '';
}

/** As flags: all fields that can be told, or no more than the body would be sent. */
function proposed(left: readonly Column[], given: Partial<Record<ColumnField, string>>): string[] {
  return Object.entries(proposeColumns(left))
    .filter(([field]) => !Object.hasOwn(given, field))
    .flatMap(([field, name]) => ['--columns', `${field}=${name}`]);
}

function listed(names: readonly string[]): string {
  const shown = names.slice(0, NAMES_SHOWN).map((name) => JSON.stringify(name));
  const more = names.length - shown.length;
  return shown.join(', ') + (more > 0 ? ` and ${more} more` : '');
}

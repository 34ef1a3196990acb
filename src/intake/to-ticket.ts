// Row → Ticket: the four fields by their columns, cleaned and cut, with language and patterns.
import { Failure } from '../ground/errors.ts';
import { textHash } from '../ground/keys.ts';
import { patternFinder } from '../playbook/patterns.ts';
import { ticketText } from '../playbook/prompt.ts';
import { type Row, type Ticket, COLUMN_FIELDS } from '../ticket.ts';
import type { Columns } from './columns/find-columns.ts';
import { textAt } from './json/json-fields.ts';
import { languageOf as detectLanguage } from './language.ts';
import { patternTexts } from './pattern-texts.ts';
import { type Fields, type TextSettings, textSteps } from './text.ts';

export interface TextColumns {
  columns: Columns;
  /** Names of the cells of a table's row; not used for JSON. */
  header: readonly string[];
}

export interface TicketOptions {
  /**
   * What was told of a text before, by its hash; undefined: it is detected, and that is most of what
   * making a ticket takes.
   */
  languageOf?: (textHash: string) => string | null | undefined;
  /** Tells the user something, once. */
  note?: (text: string) => void;
}

/** Whatever making a ticket throws is that ticket's fault: no text of a customer ends a run. */
export function ticketMaker(
  settings: TextSettings,
  { columns, header }: TextColumns,
  { languageOf = () => undefined, note = () => {} }: TicketOptions = {},
): (row: Row) => Ticket {
  const patternsIn = patternFinder(settings.playbook.patterns, (name) =>
    note(`The pattern ${name} does not end on a ticket, which so counts as matching. See check.`),
  );
  const { nativeLanguages } = settings.playbook;
  const steps = textSteps(settings);
  const nextId = idMaker();
  let place = 0;

  /** Fills the fields in; tells what is wrong with them. */
  function readFields(row: Row, fields: Fields): string | null {
    const isTooLarge = row.bytes > MOST_BYTES;
    let fault = row.fault ?? (isTooLarge ? 'it has more than 2 MB' : null);
    for (const field of COLUMN_FIELDS) {
      const column = columns[field];
      const isText = field === 'subject' || field === 'body';
      if (column === null || (isText && isTooLarge)) continue;
      const text = fieldText(row, column, header);
      // Without its id or its plan a ticket has its text still.
      if (text === null && isText) fault ??= `${column} is an object or a list, not text`;
      fields[field] = text ?? '';
    }
    return fault;
  }

  function ticketOf(row: Row, fields: Fields, fault: string | null): Ticket {
    const seen = steps.seen(fields);
    const { id, subject, body, account_tier } = steps.sent(seen);
    const accountTier = account_tier || 'standard';
    const hash = textHash(ticketText({ account_tier: accountTier, subject, body }));
    const texts = patternTexts(seen.account_tier, seen.subject, seen.body, fields.body);
    const known = languageOf(hash);
    const language =
      known === undefined ? detectLanguage(`${subject}\n${body}`.trim(), nativeLanguages) : known;
    return {
      place: place++,
      id: id || nextId(hash),
      hasOwnId: id !== '',
      textHash: hash,
      subject,
      body,
      accountTier,
      language,
      patterns: patternsIn(texts),
      fault,
      row,
    };
  }

  return function toTicket(row) {
    const fields = { ...NO_TEXT };
    try {
      const fault = readFields(row, fields);
      return ticketOf(row, fields, fault);
    } catch (error) {
      if (error instanceof Failure) throw error;
      const why = error instanceof Error ? error.message : String(error);
      return ticketOf(row, { ...NO_TEXT, id: fields.id }, `the text can't be read: ${why}`);
    }
  };
}

/** What is larger is no ticket but its attachments, and would be cut to nearly nothing. */
const MOST_BYTES = 2 * 1024 * 1024;

const NO_TEXT: Fields = { id: '', subject: '', body: '', account_tier: '' };

/** What databases, spreadsheets, pandas and R write for no value, as whole cells and to the letter. */
const NO_VALUE = new Set(
  'NULL null Null (null) <null> [NULL] \\N NaN nan NAN NaT None <NA> NA N/A n/a #N/A'.split(' '),
);
const LONGEST_NO_VALUE = 20;

/**
 * The text in a column of a row, or at a path of a JSON row: '' where there is none.
 * Null for what is no text: it is never sent as `[object Object]`.
 * @param header names of a table's cells; of names that repeat the first counts
 */
export function fieldText(row: Row, column: string, header: readonly string[]): string | null {
  const text =
    row.kind === 'table' ? (row.cells[header.indexOf(column)] ?? '') : textAt(row, column);
  if (text === null || text.length > LONGEST_NO_VALUE) return text;
  return NO_VALUE.has(text.trim()) ? '' : text;
}

/** An id that stays the same when rows move: of the text's hash, and a counter where texts repeat. */
function idMaker(): (hash: string) => string {
  // Numbers of 48 bits, and a count only where a text repeats: a million rows take some 40 MB.
  const seen = new Set<number>();
  const repeats = new Map<number, number>();
  return (hash) => {
    const digits = hash.slice(0, 12);
    const key = Number.parseInt(digits, 16);
    if (!seen.has(key)) {
      seen.add(key);
      return `text-${digits}`;
    }
    const times = (repeats.get(key) ?? 1) + 1;
    repeats.set(key, times);
    return `text-${digits}-${times}`;
  };
}

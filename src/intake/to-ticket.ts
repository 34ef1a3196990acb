// Row → Ticket: the four fields by their columns, cleaned and cut, with language and patterns.
import { textHash } from '../ground/keys.ts';
import type { Playbook } from '../playbook/playbook.ts';
import { ticketText } from '../playbook/prompt.ts';
import { type Row, type Ticket, COLUMN_FIELDS } from '../ticket.ts';
import { type Columns } from './columns/find-columns.ts';
import { cutQuotes } from './cut-quotes.ts';
import { fieldText } from './field-text.ts';
import { htmlText } from './html-text.ts';
import { languageOf } from './language.ts';
import { patternTexts } from './pattern-texts.ts';
import { cleanText, cutMiddle } from './text.ts';

/** A long id as `--excel` writes it. */
const EXCEL_ID = /^="([\dE]+)"$/i;

/**
 * @param header names of the cells of a table's row; not used for JSON
 * @param knownLanguage what was told of a text before, by its hash; undefined: it is detected, and
 *   that is most of what making a ticket takes
 * @param isCut whether quoted replies and signatures are left out of bodies
 */
export function ticketMaker(
  columns: Columns,
  header: readonly string[],
  playbook: Pick<Playbook, 'maxBodyChars' | 'patterns'>,
  knownLanguage: (textHash: string) => string | null | undefined = () => undefined,
  isCut = false,
): (row: Row) => Ticket {
  const nextId = idMaker();
  let place = 0;

  return function toTicket(row) {
    const fields = { id: '', subject: '', body: '', account_tier: '' };
    let { fault } = row;
    let raw = '';
    for (const field of COLUMN_FIELDS) {
      const column = columns[field];
      const text = column === null ? '' : fieldText(row, column, header);
      if (text === null) fault ??= `${column} is an object or a list, not text`;
      if (field === 'body') raw = text ?? '';
      const plain = field === 'body' ? htmlText(text ?? '') : (text ?? '');
      const clean = cleanText(plain);
      fields[field] = EXCEL_ID.exec(clean)?.[1] ?? clean;
    }
    const { id, subject, body, account_tier } = fields;
    const read = patternTexts(account_tier, subject, body, raw);
    const own = isCut ? cutQuotes(subject, body) : body;
    const sent = cutMiddle(own, playbook.maxBodyChars);
    const accountTier = account_tier || 'standard';
    const hash = textHash(ticketText({ account_tier: accountTier, subject, body: sent }));
    const language = knownLanguage(hash);
    return {
      place: place++,
      id: id || nextId(hash),
      hasOwnId: id !== '',
      textHash: hash,
      subject,
      body: sent,
      accountTier,
      language: language === undefined ? languageOf(`${subject}\n${sent}`.trim()) : language,
      patterns: playbook.patterns
        .filter(({ regex }) => read.some((text) => regex.test(text)))
        .map(({ name }) => name),
      fault,
      row,
    };
  };
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

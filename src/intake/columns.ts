// Column names (or JSON keys) → which of them hold id, subject, body and account tier.
import { closest } from 'fastest-levenshtein';
import { failures } from '../errors.ts';

export const COLUMN_FIELDS = ['id', 'subject', 'body', 'account_tier'] as const;
export type ColumnField = (typeof COLUMN_FIELDS)[number];

/** The column of each field by its name; null where there is none. */
export type Columns = Record<ColumnField, string | null>;

/**
 * What help desks call them, the surest first, without case, accents, spaces and signs. Whole names only,
 * or Jira's `Summation column` would pass for its `Summary`.
 */
const NAMES: Record<ColumnField, string[]> = {
  id: words(`ticketid ticketnumber ticketno ticketnr ticketkey issuekey caseid casenumber
    incidentnumber requestid conversationid id number key ticket case issueid sysid reference
    ticketnummer vorgangsnummer nummer numeroticket numerodeticket idticket iddelticket numero`),
  subject: words(`subject ticketsubject title tickettitle ticketname summary shortdescription
    headline topic betreff titel kurzbeschreibung objet sujet titre asunto titulo tema`),
  body: words(`body ticketbody description ticketdescription plainbody bodytext content
    contents message messagebody firstmessage initialmessage customermessage details text comment
    comments question request issuedescription problem utterance query beschreibung nachricht
    inhalt anfrage contenu corps message descripcion mensaje contenido cuerpo consulta`),
  account_tier: words(`accounttier tier plan accountplan customertier customerplan supportplan
    supporttier subscription subscriptionplan plantype accounttype requesterplan requestertier
    servicelevel kundenstufe tarif niveau formule abonnement niveldecuenta nivel suscripcion`),
};

/**
 * @param names the columns there are, in order
 * @param given what `--columns` says, which goes before any guess
 * @throws Failure that lists the columns and guesses the nearest
 */
export function findColumns(
  names: readonly string[],
  given: Partial<Record<ColumnField, string>>,
  subjectOnly: boolean,
): Columns {
  const columns: Columns = { id: null, subject: null, body: null, account_tier: null };
  for (const field of COLUMN_FIELDS) {
    const asked = given[field];
    columns[field] = asked === undefined ? findByName(names, field) : named(names, field, asked);
  }
  if (columns.body === null) {
    const listed = names.map((name) => JSON.stringify(name)).join(', ');
    const free = names.filter((name) => !Object.values(columns).includes(name));
    const guess = nearest('description', free.length > 0 ? free : names);
    if (columns.subject === null) throw failures.noTextColumn(listed, guess);
    if (!subjectOnly) throw failures.noBodyColumn(columns.subject, listed, guess);
  }
  return columns;
}

/** For the first lines of a run: `id ← Issue key, subject ← Summary, body ← Description`. */
export function columnsText(columns: Columns): string {
  return COLUMN_FIELDS.filter((field) => columns[field] !== null)
    .map((field) => `${field} ← ${columns[field]}`)
    .join(', ');
}

function findByName(names: readonly string[], field: ColumnField): string | null {
  const plain = names.map(plainName);
  for (const word of NAMES[field]) {
    const at = plain.indexOf(word);
    if (at >= 0) return names[at] ?? null;
  }
  return null;
}

function named(names: readonly string[], field: ColumnField, asked: string): string {
  const exact = names.find((name) => name === asked);
  const found = exact ?? names.find((name) => plainName(name) === plainName(asked));
  // A dotted path may lead into a nested JSON object, whose keys are not listed.
  if (found === undefined && names.some((name) => asked.startsWith(`${name}.`))) return asked;
  if (found !== undefined) return found;
  const listed = names.map((name) => JSON.stringify(name)).join(', ');
  throw failures.unknownColumn(field, asked, listed, nearest(asked, names));
}

/** As it must be typed in a shell. */
function nearest(asked: string, names: readonly string[]): string {
  const plain = closest(plainName(asked), names.map(plainName));
  const name = names.find((candidate) => plainName(candidate) === plain) ?? '';
  return /^[\w.-]+$/.test(name) ? name : `'${name}'`;
}

function plainName(name: string): string {
  return name
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]/gu, '');
}

function words(text: string): string[] {
  return text.split(/\s+/);
}

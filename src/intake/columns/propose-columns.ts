// Columns whose names say nothing → those that could be each field by what they hold.
import type { ColumnField } from '../../ticket.ts';
import { columnWeight, columnWords, plainName } from './column-names.ts';
import { columnFit, CONTRADICTED, isProse, type Traits } from './column-traits.ts';

export interface Column {
  name: string;
  traits: Traits;
}

/** Never a body, however long their cells are. */
const NEVER = new Set(['category', 'intent', 'status', 'priority', 'tags', 'labels', 'assignee']);
/** Words of what agents write, or customers when all is done. */
const AFTERWARDS = new Set(
  `satisfaction rating resolution solution answer reply response internal private work close note notes antwort losung
   reponse respuesta solucion`.split(/\s+/),
);
/** Words of ids that are not the ticket's. */
const OTHER_IDS = new Set(
  `requester author user assignee agent group brand organization company account customer contact
  form sender parent external sync batch`.split(/\s+/),
);

/** Those that could be the body, best first. */
export function bodyGuesses(columns: readonly Column[]): string[] {
  return columns
    .filter(({ name, traits }) => {
      if (NEVER.has(plainName(name)) || columnFit('body', traits) <= CONTRADICTED) return false;
      return columnWeight('body', name) > 0 || isProse(traits);
    })
    .toSorted((a, b) => likeness(b) - likeness(a))
    .map(({ name }) => name);
}

/** Of the fields those that can be told; without a body nothing. */
export function proposeColumns(
  columns: readonly Column[],
): Partial<Record<Exclude<ColumnField, 'account_tier'>, string>> {
  const [body] = bodyGuesses(columns);
  if (body === undefined) return {};
  // Those that stand beside it in the same object go first.
  const around = body.slice(0, body.lastIndexOf('.') + 1);
  const others = columns
    .filter(({ name }) => name !== body)
    .toSorted((a, b) => Number(b.name.startsWith(around)) - Number(a.name.startsWith(around)));
  const subject = others.find(isSubject)?.name;
  const id = others.find(isId)?.name;
  return {
    ...(id !== undefined && { id }),
    ...(subject !== undefined && { subject }),
    body,
  };
}

function likeness({ name, traits }: Column): number {
  const isLate = columnWords(name).some((word) => AFTERWARDS.has(word));
  const isOfSubject = columnWeight('subject', name) > 0;
  return (
    columnWeight('body', name) +
    columnFit('body', traits) -
    (isLate ? 0.5 : 0) -
    (isOfSubject ? 1 : 0)
  );
}

function isSubject({ name, traits }: Column): boolean {
  if (columnFit('subject', traits) <= CONTRADICTED || traits.filled === 0) return false;
  const isShort = traits.words >= 2 && traits.length <= 120 && traits.distinct > 0.5;
  return columnWeight('subject', name) > 0 || (isShort && !NEVER.has(plainName(name)));
}

function isId({ name, traits }: Column): boolean {
  const { cells, filled, codes, keys, distinct, dates, addresses } = traits;
  if (columnWords(name).some((word) => OTHER_IDS.has(word))) return false;
  const isOne = cells > 0 && filled === cells && distinct === 1 && dates + addresses === 0;
  return isOne && (codes > 0.9 || keys > 0.9);
}

// Columns that are not taken → those that could be the body by what they hold, best first.
import { columnFit, CONTRADICTED, isProse } from './column-fit.ts';
import type { Traits } from './column-traits.ts';
import { columnWeight } from './column-weight.ts';
import { columnWords, plainName } from './column-words.ts';

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

export function bodyGuesses(columns: readonly Column[]): string[] {
  return columns
    .filter(({ name, traits }) => {
      if (NEVER.has(plainName(name)) || columnFit('body', traits) <= CONTRADICTED) return false;
      return columnWeight('body', name) > 0 || isProse(traits);
    })
    .toSorted((a, b) => likeness(b) - likeness(a))
    .map(({ name }) => name);
}

function likeness({ name, traits }: Column): number {
  const isLate = columnWords(name).some((word) => AFTERWARDS.has(word));
  const isSubject = columnWeight('subject', name) > 0;
  return (
    columnWeight('body', name) +
    columnFit('body', traits) -
    (isLate ? 0.5 : 0) -
    (isSubject ? 1 : 0)
  );
}

import { distance } from 'fastest-levenshtein';
import { failures, type Failure } from '../ground/errors.ts';
import { digitsOfMadeId } from '../ground/keys.ts';
import { scanLedger } from './scan-ledger.ts';

/** With the id that was probably meant; one made from a text resembles none. */
export async function notInLedger(path: string, id: string): Promise<Failure> {
  if (digitsOfMadeId(id) !== null) return failures.ticketNotFound(id, '');
  let nearest = '';
  let least = Infinity;
  await scanLedger(path, (head) => {
    if (head?.kind !== 'verdict') return;
    const edits = distance(id, head.id);
    // Half of it another is no slip of the finger.
    if (edits >= least || edits > Math.min(3, id.length / 2)) return;
    nearest = head.id;
    least = edits;
  });
  return failures.ticketNotFound(id, nearest);
}

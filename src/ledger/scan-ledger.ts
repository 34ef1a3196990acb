// A ledger's file in; its lines after the header out, one after the other.
import { accessSync, constants, createReadStream, statSync } from 'node:fs';
import { distance } from 'fastest-levenshtein';
import { diskError } from '../ground/disk-error.ts';
import { Failure, failures } from '../ground/errors.ts';
import { digitsOfMadeId } from '../ground/keys.ts';
import {
  HEADER_START,
  readHeader,
  readLine,
  VERSION,
  type AnswerLine,
  type Header,
  type Line,
  type VerdictLine,
} from './format.ts';

/** Where a line stands: its first byte, and the first after its end. */
export interface Place {
  from: number;
  to: number;
  /** False for what stands after the last line end: a crash may have cut it off. */
  whole: boolean;
}

/** As much of a line as an index needs. */
export type Skimmed =
  | ({ kind: 'answer' } & Pick<AnswerLine, 'text' | 'host' | 'model' | 'playbook' | 'time'>)
  | ({ kind: 'verdict'; said: string } & Pick<VerdictLine, 'id' | 'text' | 'repeated'>);

export interface Scanned {
  /** Null for a file that is empty, or whose header was torn before anything followed it. */
  header: Header | null;
  /** Of the file, in bytes. */
  size: number;
  /** Whether it ends inside a line. */
  torn: boolean;
}

/**
 * @param visit called with at least the head of each line; with null for one that can't be read
 * @throws Failure if there is none, or if it can't be read, is no ledger or of a later version
 */
export async function scanLedger(
  path: string,
  visit: (head: Skimmed | Line | null, place: Place, line: string) => void,
): Promise<Scanned> {
  refuseUnreadable(path);
  let header: Header | null = null;
  let size = 0;
  let torn = false;
  await eachLine(path, (text, place) => {
    size = place.to;
    torn = !place.whole;
    if (text === '') return;
    // Some editors put a mark before it.
    if (header === null) header = headerOf(path, text.replace(/^\uFEFF/, ''));
    else visit(skimmed(text) ?? readLine(text), place, text);
  });
  return { header, size, torn };
}

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

function refuseUnreadable(path: string): void {
  try {
    const existing = statSync(path, { throwIfNoEntry: false });
    if (!existing) throw failures.ledgerMissing(path);
    if (!existing.isFile()) throw failures.ledgerNoFile(path, existing.isDirectory());
    accessSync(path, constants.R_OK);
  } catch (error) {
    if (error instanceof Failure) throw error;
    throw failures.fileUnreadable(path, diskError(error));
  }
}

const LF = 10;
const CR = 13;
/** Large enough that handing them over costs nothing, small enough that a signal is heard in between. */
const CHUNK_BYTES = 1 << 20;

/** A line ends as this program ends it, or as another has written it since: no line holds either byte. */
async function eachLine(path: string, visit: (line: string, place: Place) => void): Promise<void> {
  let rest: Buffer[] = [];
  let restLength = 0;
  let size = 0;
  for await (const read of createReadStream(path, { highWaterMark: CHUNK_BYTES })) {
    const chunk = Buffer.isBuffer(read) ? read : Buffer.from(read);
    let start = 0;
    const next = endsIn(chunk);
    for (let end = next(0); end >= 0; end = next(start)) {
      const own = chunk.subarray(start, end);
      const line = restLength > 0 ? Buffer.concat([...rest, own]) : own;
      visit(line.toString(), { from: size + start - restLength, to: size + end + 1, whole: true });
      rest = [];
      restLength = 0;
      start = end + 1;
    }
    rest.push(chunk.subarray(start));
    restLength += chunk.length - start;
    size += chunk.length;
  }
  if (restLength === 0) return;
  visit(Buffer.concat(rest).toString(), { from: size - restLength, to: size, whole: false });
}

/** To be asked for one end after the other. */
function endsIn(chunk: Buffer): (from: number) => number {
  let cr = -1;
  let isOver = false;
  return (from) => {
    if (cr < from && !isOver) {
      cr = chunk.indexOf(CR, from);
      isOver = cr < 0;
    }
    const lf = chunk.indexOf(LF, from);
    return isOver || (lf >= 0 && lf < cr) ? lf : cr;
  };
}

/** Null for a header that was torn before anything followed it. */
function headerOf(path: string, line: string): Header | null {
  const header = readHeader(line);
  const isTorn = line.startsWith(HEADER_START) || HEADER_START.startsWith(line);
  if (header === null && isTorn) return null;
  if (header === null) throw failures.notALedger(path);
  if (header.version > VERSION) throw failures.newerLedger(path, header.version, VERSION);
  return header;
}

const HASH = '"([0-9a-f]{32})"';
const PLAIN = String.raw`"([^"\\]*)"`;
const ANSWER = new RegExp(
  `^\\{"kind":"answer","key":${HASH},"text":${HASH},"host":${PLAIN},"model":${PLAIN},"playbook":${PLAIN},"time":${PLAIN},.*"\\}$`,
);
const VERDICT = new RegExp(
  `^\\{"kind":"verdict","id":${PLAIN},"text":${HASH},"repeated":(true|false),(.*?),"playbook":${PLAIN},.*"\\}$`,
);

/**
 * The head of a line that has the order in which this program writes it: parsing all of a million
 * lines takes five times as long. Null for any other line, which may be a good one all the same.
 */
function skimmed(line: string): Skimmed | null {
  const answer = ANSWER.exec(line);
  if (answer) {
    const [, , text = '', host = '', model = '', playbook = '', time = ''] = answer;
    return { kind: 'answer', text, host, model, playbook, time };
  }
  const verdict = VERDICT.exec(line);
  if (!verdict) return null;
  const [, id = '', text = '', repeated, said = ''] = verdict;
  return { kind: 'verdict', id, text, repeated: repeated === 'true', said };
}

// Paths → one stream of rows and what they have in common.
import type { Readable } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import { failures } from '../ground/errors.ts';
import type { Row, Shape } from '../ticket.ts';
import { findColumns, type Found, type Sample } from './columns/find-columns.ts';
import { isObjectAt, pathsOf } from './json/json-fields.ts';
import { refuseNoTicket } from './no-ticket.ts';
import { openInput, type Input, type InputOptions } from './open-input.ts';
import { refuseTicketAsHeader, refuseTitleAsHeader } from './refuse-header.ts';
import { refuseUnreadableHead } from './readable.ts';
import { openSource } from './source.ts';
import { fieldText } from './to-ticket.ts';

export interface IntakeOptions extends InputOptions {
  /** Paths; `-` is stdin. */
  files: readonly string[];
  subjectOnly: boolean;
}

export interface Intake {
  shape: Shape;
  found: Found;
  /** Columns that `isDropped` took out. */
  dropped: string[];
  /** Whether ids repeat in the first rows, as where each message is a row. */
  idsRepeat: boolean;
  /** All inputs together in bytes of their rows, as far as can be told by now; null for a pipe. */
  size: () => number | null;
  /** What is odd, and what was left out; more may come while rows are read. */
  remarks: readonly string[];
  rows: AsyncGenerator<Row>;
  /** For whoever does not read the rows to their end. */
  close: () => Promise<void>;
}

/**
 * Opens the inputs one at a time: of plain files after the first no more than the beginning is looked
 * at, until their turn comes.
 * @param stop aborted while the first bytes are waited for: they are waited for no longer
 * @throws Failure if an input can't be read, has no text column, or another shape than the first; what
 *   `stop` is aborted with
 */
export async function openIntake(
  options: IntakeOptions,
  stdin: Readable,
  stop?: AbortSignal,
): Promise<Intake> {
  const remarks: string[] = [];
  const remark = (text: string) => {
    if (!remarks.includes(text)) remarks.push(text);
  };
  const opening = { ...options, remark, stdin };
  const { first, others } = await unlessStopped(openInputs(opening), stop);
  const { head, shape } = first;
  const sample = (name: string) => head.map((row) => sampleText(row, name, shape.names));
  const isEmpty = shape.format === 'jsonl' && head.length === 0;
  const found = isEmpty ? NOTHING : findIn(first, sample, options);
  const ids = found.columns.id === null ? [] : sample(found.columns.id).filter((id) => id);
  return {
    shape,
    found,
    dropped: first.dropped,
    idsRepeat: new Set(ids).size < ids.length,
    size: () => sum([first, ...others].map(({ size }) => size())),
    remarks,
    rows: inTurns(rowsOf(first, others)),
    close: first.close,
  };
}

interface Inputs {
  first: Input;
  others: { open: () => Promise<Input>; size: Input['size'] }[];
}

interface Opening extends IntakeOptions {
  stdin: Readable;
  remark: (text: string) => void;
}

async function openInputs(opening: Opening): Promise<Inputs> {
  const [path, ...paths] = opening.files;
  if (path === undefined) throw failures.usage('No input was named.');
  const first = await openPath(path, opening);
  const others: Inputs['others'] = [];
  for (const other of paths) others.push(await openOther(first, other, opening));
  return { first, others };
}

async function openPath(path: string, opening: Opening): Promise<Input> {
  const source = await openSource(path, opening.stdin);
  return openInput(source, opening, opening.remark);
}

/** A plain file is closed until its turn; whatever else there is comes but once. */
async function openOther(
  first: Input,
  path: string,
  opening: Opening,
): Promise<Inputs['others'][number]> {
  const input = await openPath(path, opening);
  const { size } = input;
  refuseOtherShape(first, input);
  if (size() === null) return { size, open: async () => input };
  await input.close();
  return { size, open: () => openPath(path, opening) };
}

async function* rowsOf(first: Input, others: Inputs['others']): AsyncGenerator<Row> {
  yield* first.rows;
  for (const { open } of others) {
    const input = await open();
    refuseOtherShape(first, input);
    yield* input.rows;
  }
}

/** So long nothing else may have been heard of: no signal, no answer. */
const TURN_MS = 50;

/** The same rows; where they took whoever reads them long, the rest of the program has its turn. */
export async function* inTurns(rows: AsyncIterable<Row>): AsyncGenerator<Row> {
  let since = performance.now();
  for await (const row of rows) {
    yield row;
    if (performance.now() - since < TURN_MS) continue;
    await setImmediate();
    since = performance.now();
  }
}

function findIn(
  first: Input,
  sample: Sample,
  { columns, subjectOnly }: Pick<IntakeOptions, 'columns' | 'subjectOnly'>,
): Found {
  if (first.shape.format === 'jsonl') refuseUnreadableHead(first.head, first.isWhole);
  const find = () => findColumns(namesOf(first), sample, columns, subjectOnly);
  const isJudged = first.shape.format !== 'jsonl' && columns.body === undefined;
  const found = isJudged ? findBelowHeader(first, find) : find();
  if (first.isOneObject && columns.body === undefined) refuseNoTicket(first, found.columns);
  return found;
}

/** What it waits for goes on waiting: a pipe that is silent can't be told to stop. */
async function unlessStopped<T>(work: Promise<T>, stop: AbortSignal | undefined): Promise<T> {
  if (!stop) return work;
  let onAbort = () => {};
  const stopped = new Promise<never>((_, reject) => {
    onAbort = () => reject(stop.reason);
    stop.addEventListener('abort', onAbort);
    if (stop.aborted) onAbort();
  });
  try {
    return await Promise.race([work, stopped]);
  } finally {
    stop.removeEventListener('abort', onAbort);
    work.catch(() => {});
  }
}

/** What is wrong with the names may be that they are none. */
function findBelowHeader(first: Input, find: () => Found): Found {
  refuseTicketAsHeader(first);
  try {
    return find();
  } catch (error) {
    refuseTitleAsHeader(first);
    throw error;
  }
}

const NOTHING: Found = {
  columns: { id: null, subject: null, body: null, account_tier: null },
  alternatives: [],
};

/** Null for what is no text, and for an object that stands for one: its parts have names as well. */
function sampleText(row: Row, column: string, header: readonly string[]): string | null {
  const isObject = row.kind === 'json' && isObjectAt(row, column);
  return isObject ? null : fieldText(row, column, header);
}

/** What `--columns` can name: of JSON the paths into nested objects too. */
function namesOf({ shape, head }: Input): string[] {
  if (shape.format !== 'jsonl') return shape.names;
  return pathsOf(head.flatMap((row) => (row.kind === 'json' ? [row.value] : [])));
}

function sum(sizes: readonly (number | null)[]): number | null {
  return sizes.reduce((all, size) => (all === null || size === null ? null : all + size), 0);
}

function refuseOtherShape(first: Input, other: Input): void {
  const [a, b] = [first.shape, other.shape];
  const differ = (difference: string) => failures.shapesDiffer(first.name, other.name, difference);
  if ((a.format === 'jsonl') !== (b.format === 'jsonl')) {
    throw differ(`one is ${a.format}, the other ${b.format}`);
  }
  if (a.format === 'jsonl') return;
  const missing = a.names.filter((name) => !b.names.includes(name));
  const added = b.names.filter((name) => !a.names.includes(name));
  if (missing.length > 0) throw differ(`it lacks the columns ${missing.join(', ')}`);
  if (added.length > 0) throw differ(`it has the columns ${added.join(', ')} as well`);
  const at = a.names.findIndex((name, index) => b.names[index] !== name);
  if (at >= 0 || a.names.length !== b.names.length) {
    throw differ(`column ${at + 1} is ${b.names[at] ?? 'missing'} instead of ${a.names[at]}`);
  }
}

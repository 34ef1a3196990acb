// Where the rows go and in which format, from flags, inputs and whether a person is watching.
import { extname } from 'node:path';
import { failures } from '../ground/errors.ts';
import { STDIN } from '../intake/source.ts';
import { isSameFile } from '../output/destination.ts';
import type { OutputFormat } from '../output/row-text.ts';
import type { Flags } from '../settings/flags.ts';
import type { InputFormat } from '../ticket.ts';

export interface Output {
  /** Null: stdout. */
  path: string | null;
  format: OutputFormat;
}

/** @throws Failure if the output is one of the inputs, or `--excel` meets rows that are no table. */
export async function chooseOutput(
  flags: Flags,
  inputs: readonly string[],
  inputFormat: InputFormat,
  terminal: boolean,
): Promise<Output> {
  const output = await findOutput(flags, inputs, inputFormat, terminal);
  if (flags.excel && output.format === 'jsonl') {
    const hint = 'Add --output-format csv.';
    throw failures.usage('--excel is for tables, and the rows would be JSON lines.', hint);
  }
  return output;
}

async function findOutput(
  flags: Flags,
  inputs: readonly string[],
  inputFormat: InputFormat,
  terminal: boolean,
): Promise<Output> {
  const named = pathOf(flags);
  const format = outputFormatOf(flags) ?? inputFormat;
  if (named === null) {
    const beside = terminal && flags.output !== '-' ? besideInput(inputs, format) : null;
    return { path: beside, format };
  }
  for (const input of inputs) {
    if (await isSameFile(named, input)) throw failures.outputIsInput(named);
  }
  return { path: named, format };
}

function pathOf({ output }: Flags): string | null {
  return output === '-' ? null : (output ?? null);
}

/** Null where the input decides. @throws Failure for a name that promises what is not written here */
export function outputFormatOf(flags: Flags): OutputFormat | null {
  const path = pathOf(flags);
  return flags.outputFormat ?? (path === null ? null : formatOf(path));
}

/** Rows on a terminal help nobody: they go beside the input. */
function besideInput(inputs: readonly string[], format: OutputFormat): string | null {
  const [first] = inputs;
  if (first === undefined || first === STDIN) return null;
  return `${first.slice(0, first.length - extname(first).length)}.classified.${format}`;
}

/** Names that would promise what is not in the file. */
const OTHER_FORMATS = new Set([
  '.xlsx',
  '.xls',
  '.json',
  '.gz',
  '.zip',
  '.parquet',
  '.ods',
  '.html',
]);

function formatOf(path: string): OutputFormat | null {
  const extension = extname(path).toLowerCase();
  if (extension === '.csv') return 'csv';
  if (extension === '.tsv') return 'tsv';
  if (extension === '.jsonl' || extension === '.ndjson') return 'jsonl';
  if (!OTHER_FORMATS.has(extension)) return null;
  const hint = 'Name it .csv, .tsv or .jsonl, or say what to write: --output-format csv.';
  throw failures.usage(`-o ${path}: ${extension} is no format that is written here.`, hint);
}

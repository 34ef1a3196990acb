// The file of `--summary`: checked at the start, written at the end.
import { access, constants, rename, writeFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { failures } from '../ground/errors.ts';
import { isSameFile } from '../output/destination.ts';
import type { Summary } from '../output/summary-format.ts';

/** Before anything is paid for. @throws Failure if it can't be written, or is another file of the run */
export async function checkSummaryFile(path: string, others: readonly string[]): Promise<void> {
  for (const other of others) {
    if (resolve(path) === resolve(other) || (await isSameFile(path, other))) {
      throw failures.summaryIsOther(path, other);
    }
  }
  await access(dirname(resolve(path)), constants.W_OK).catch(() => {
    throw failures.outputUnwritable(path, 'its folder does not exist or may not be written to');
  });
}

/** @throws Failure, which says that the rows at least are written. */
export async function writeSummary(path: string, summary: Summary): Promise<void> {
  try {
    const draft = `${path}.partial`;
    await writeFile(draft, `${JSON.stringify(summary, null, 2)}\n`);
    await rename(draft, path);
  } catch (error) {
    throw failures.summaryLost(path, error instanceof Error ? error.message : String(error));
  }
}

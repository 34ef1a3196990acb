// The file of `--summary`: checked at the start, written at the end.
import { access, constants, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { diskError } from '../ground/disk-error.ts';
import { failures } from '../ground/errors.ts';
import { isSameFile } from '../output/destination.ts';
import { firstMode, replacedFile, takeRights } from '../output/replaced-file.ts';
import type { Summary } from '../output/summary-format.ts';

/** Before anything is paid for. @throws Failure if it can't be written, or is another file of the run */
export async function checkSummaryFile(path: string, others: readonly string[]): Promise<void> {
  for (const other of others) {
    if (resolve(path) === resolve(other) || (await isSameFile(path, other))) {
      throw failures.summaryIsOther(path, other);
    }
  }
  const { path: file, direct } = await replacedFile(path);
  await access(direct ? file : dirname(resolve(file)), constants.W_OK).catch(() => {
    throw failures.outputUnwritable(path, 'its folder does not exist or may not be written to');
  });
}

/** @throws Failure, which says that the rows at least are written. */
export async function writeSummary(path: string, summary: Summary): Promise<void> {
  const text = `${JSON.stringify(summary, null, 2)}\n`;
  try {
    const file = await replacedFile(path);
    if (file.direct) {
      await writeFile(file.path, text);
      return;
    }
    await rm(file.partial, { force: true });
    await writeFile(file.partial, text, { flag: 'wx', mode: firstMode(file), flush: true });
    await takeRights(file);
    await rename(file.partial, file.path);
  } catch (error) {
    throw failures.summaryLost(path, diskError(error));
  }
}

import type { IntakeOptions } from '../intake/open-intake.ts';
import { isOurs } from '../output/earlier-output.ts';
import type { Settings } from '../settings/resolve.ts';

export function intakeOptions({ flags }: Settings, files: readonly string[]): IntakeOptions {
  return {
    files,
    format: flags.inputFormat ?? null,
    delimiter: flags.delimiter ?? null,
    columns: Object.fromEntries(flags.columns.map(({ field, column }) => [field, column])),
    subjectOnly: flags.subjectOnly,
    isDropped: flags.replace ? isOurs(flags.prefix) : null,
    encoding: flags.encoding ?? null,
  };
}

// Copies a playbook into a new folder, to edit.
import { cp, readdir, stat } from 'node:fs/promises';
import { EXIT, failures } from '../ground/errors.ts';
import { printed } from '../ground/printable.ts';
import { loadPlaybook, playbookFolder } from '../playbook/load-playbook.ts';
import type { Context } from '../run/context.ts';

export async function initCommand(
  folder: string,
  flags: Record<string, unknown>,
  context: Context,
): Promise<number> {
  const existing = await stat(folder).catch(() => null);
  const isEmpty = existing?.isDirectory() && (await readdir(folder)).length === 0;
  if (existing && !isEmpty) throw failures.folderExists(folder);
  const source = playbookFolder(
    typeof flags['playbook'] === 'string' ? flags['playbook'] : 'support',
  );
  const playbook = await loadPlaybook(source);
  await cp(source, folder, { recursive: true }).catch((error: unknown) => {
    throw failures.outputUnwritable(folder, error instanceof Error ? error.message : String(error));
  });
  context.stderr.write(
    printed(
      `${folder} is a copy of the playbook ${playbook.name}.`,
      '',
      'playbook.yaml  teams, types, urgencies, sentiments; models; thresholds; patterns; routing rules',
      'system.md      the instructions',
      'examples.yaml  worked tickets with the right answers',
      '',
      'Edit them, then:',
      `  ticket-classify check ${folder}`,
      `  ticket-classify backlog.csv --playbook ${folder}`,
    ),
  );
  return EXIT.ok;
}

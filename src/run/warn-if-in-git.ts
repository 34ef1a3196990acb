import { execFile } from 'node:child_process';
import { basename, dirname, resolve } from 'node:path';

/** Tells once, when a ledger is made, if git would add it: summaries in it quote customers. */
export async function warnIfInGit(path: string, note: (text: string) => void): Promise<void> {
  if (!(await isUnignored(path))) return;
  note(
    `${path} lies in a git repository that does not ignore it, and summaries in it quote customers.\n` +
      `  Add this line to .gitignore: ${basename(path)}*`,
  );
}

/** False outside of a repository, and where there is no git. */
function isUnignored(path: string): Promise<boolean> {
  const cwd = dirname(resolve(path));
  return new Promise((answer) => {
    // 0: ignored, 1: not, 128: no repository.
    execFile('git', ['check-ignore', '-q', '--', basename(path)], { cwd }, (error) =>
      answer(error?.code === 1),
    );
  });
}

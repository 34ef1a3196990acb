// Environment variables, and the few that a .env file in the working folder may give.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { failures } from './errors.ts';

/** No more than these: a base URL or a proxy planted in a file would carry tickets and key away. */
const FROM_FILE = [
  'ANTHROPIC_API_KEY',
  'HAIKU_CONFIDENCE_THRESHOLD',
  'CLASSIFIER_LOG_LEVEL',
] as const;

export interface Variable {
  value: string;
  from: 'environment' | '.env';
}

/** Looks a variable up; null if it is not set or empty. */
export type Environment = (name: string) => Variable | null;

export function readEnvironment(
  env: Readonly<Record<string, string | undefined>>,
  folder: string,
): Environment {
  const file = readFile(join(folder, '.env'));
  return (name) => {
    const own = env[name];
    if (own) return { value: own, from: 'environment' };
    const allowed = FROM_FILE.some((known) => known === name);
    const value = allowed ? file[name] : undefined;
    return value ? { value, from: '.env' } : null;
  };
}

function readFile(path: string): Readonly<Record<string, string | undefined>> {
  try {
    return parseEnv(readFileSync(path, 'utf8'));
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    // No such file, or a folder of that name, is usual.
    if (['ENOENT', 'ENOTDIR', 'EISDIR'].includes(code)) return {};
    throw failures.fileUnreadable(path, code);
  }
}

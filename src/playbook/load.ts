// A folder → a Playbook, checked whole: all its mistakes in one message, before a cent is spent.
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseDocument } from 'yaml';
import { z } from 'zod';
import { failures } from '../errors.ts';
import { mistakesOf } from './mistakes.ts';
import type { Playbook } from './playbook.ts';
import { renderSystem, toolFrom } from './prompt.ts';
import { examplesSchema, playbookSchema, type ExamplesFile, type PlaybookFile } from './schema.ts';

const BUILT_IN = fileURLToPath(new URL('../../prompts/', import.meta.url));

/** The folder meant by `--playbook`: a path, or the name of a built-in playbook. */
export function playbookFolder(given: string): string {
  const builtIn = join(BUILT_IN, given);
  return !existsSync(given) && /^[\w-]+$/.test(given) && existsSync(builtIn) ? builtIn : given;
}

/** @throws Failure that lists every mistake in the playbook. */
export async function loadPlaybook(folder: string): Promise<Playbook> {
  const [yaml, template, examplesYaml] = await Promise.all(
    ['playbook.yaml', 'system.md', 'examples.yaml'].map((name) => read(folder, name)),
  );
  const file = parse('playbook.yaml', yaml ?? '', playbookSchema);
  const examples = parse('examples.yaml', examplesYaml ?? '', examplesSchema);
  if (!file.value || !examples.value) {
    throw failures.playbookBroken(folder, [...file.mistakes, ...examples.mistakes]);
  }

  const labels = labelsFrom(file.value);
  const { system, mistakes } = renderSystem(template ?? '', labels, examples.value);
  mistakes.push(...mistakesOf(file.value, examples.value));
  if (mistakes.length > 0) throw failures.playbookBroken(folder, mistakes);
  return playbookFrom(folder, file.value, labels, system);
}

async function read(folder: string, name: string): Promise<string> {
  try {
    return await readFile(join(folder, name), 'utf8');
  } catch (error) {
    const why = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    throw failures.playbookMissing(
      folder,
      why === 'ENOENT' ? `${name} is not there` : `${name}: ${why}`,
    );
  }
}

function parse<T extends PlaybookFile | ExamplesFile>(
  name: string,
  text: string,
  schema: z.ZodType<T>,
): { value: T | null; mistakes: string[] } {
  const document = parseDocument(text);
  if (document.errors.length > 0) {
    const mistakes = document.errors.map((error) => `${name}: ${error.message.split('\n')[0]}`);
    return { value: null, mistakes };
  }
  const result = schema.safeParse(document.toJS());
  if (result.success) return { value: result.data, mistakes: [] };
  const mistakes = result.error.issues.map(({ path, message }) =>
    path.length > 0 ? `${name}, ${z.core.toDotPath(path)}: ${message}` : `${name}: ${message}`,
  );
  return { value: null, mistakes };
}

function labelsFrom(file: PlaybookFile): Playbook['labels'] {
  const plain = (labels: { name: string; description: string }[]) =>
    labels.map(({ name, description }) => ({ name, description, threshold: null }));
  return {
    team: file.teams.map((team) => ({ ...team, threshold: team.threshold ?? null })),
    ticket_type: plain(file.ticket_types),
    urgency: plain(file.urgencies),
    sentiment: plain(file.sentiments),
  };
}

function playbookFrom(
  folder: string,
  file: PlaybookFile,
  labels: Playbook['labels'],
  system: string,
): Playbook {
  const sent = JSON.stringify([system, toolFrom(labels)]);
  const hash = createHash('sha256').update(sent).digest('hex').slice(0, 8);
  return {
    name: file.name,
    version: file.version,
    identity: `${file.name}@${hash}`,
    folder,
    labels,
    models: file.models,
    thresholds: file.thresholds,
    nativeLanguages: file.native_languages,
    patterns: file.escalate_patterns.map(({ name, pattern }) => ({ name, regex: pattern })),
    rules: file.routing.map(({ name, when, queue, sla }) => ({
      name,
      when,
      queue,
      slaMinutes: sla,
    })),
    reviewBelow: file.review_below ?? null,
    maxBodyChars: file.max_body_chars,
    system,
  };
}

// A folder → a Playbook, checked whole: all its mistakes in one message, before a cent is spent.
import { hash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseDocument } from 'yaml';
import { z } from 'zod';
import { failures } from '../ground/errors.ts';
import { mistakesOf, type Readable } from './mistakes.ts';
import type { Playbook } from './playbook.ts';
import { renderSystem, templateMistakes, toolFrom } from './prompt.ts';
import { examplesSchema, playbookSchema, type PlaybookFile } from './schema.ts';

const BUILT_IN = fileURLToPath(new URL('../../prompts/', import.meta.url));

/** The folder meant by `--playbook`: a path, or the name of a built-in playbook. */
export function playbookFolder(given: string): string {
  const builtIn = join(BUILT_IN, given);
  return !existsSync(given) && /^[\w-]+$/.test(given) && existsSync(builtIn) ? builtIn : given;
}

/**
 * @param lean Claude is asked for neither summary nor reason.
 * @throws Failure that lists every mistake in the playbook.
 */
export async function loadPlaybook(folder: string, lean = false): Promise<Playbook> {
  const texts = await readAll(folder);
  const mistakes: string[] = [];
  const raw = parseYaml('playbook.yaml', texts['playbook.yaml'], mistakes);
  const file = playbookSchema.safeParse(raw);
  mistakes.push(...complaints('playbook.yaml', file.error, raw));
  const rawExamples = parseYaml('examples.yaml', texts['examples.yaml'], mistakes);
  const examples = examplesSchema.safeParse(rawExamples);
  mistakes.push(...complaints('examples.yaml', examples.error, rawExamples));
  mistakes.push(...templateMistakes(texts['system.md'], lean));
  const readable = file.data ?? readableParts(raw);
  mistakes.push(...mistakesOf(readable, examples.data ?? []));
  if (mistakes.length > 0 || !file.success || !examples.success) {
    throw failures.playbookBroken(folder, mistakes);
  }
  const labels = labelsFrom(file.data);
  const system = (isLean: boolean) =>
    renderSystem(texts['system.md'], labels, examples.data, isLean);
  const known = file.data.escalate_patterns.length > 0 ? await builtInPatterns() : new Set();
  return {
    ...playbookFrom(folder, file.data, labels, lean, system),
    patterns: file.data.escalate_patterns.map(({ name, pattern }) => ({
      name,
      regex: pattern,
      isBuiltIn: known.has(String(pattern)),
    })),
    examples: examples.data,
  };
}

/** Those of our own playbooks, which most others begin as copies of. */
async function builtInPatterns(): Promise<Set<string>> {
  const folders = await readdir(BUILT_IN);
  const files = folders.map((name) => readFile(join(BUILT_IN, name, 'playbook.yaml'), 'utf8'));
  const raw = (await Promise.all(files)).map((text): unknown => parseDocument(text).toJS());
  const { escalate_patterns } = playbookSchema.shape;
  const parts = raw.map((file) => z.object({ escalate_patterns }).parse(file));
  return new Set(
    parts.flatMap((file) => file.escalate_patterns.map(({ pattern }) => String(pattern))),
  );
}

const FILES = ['playbook.yaml', 'system.md', 'examples.yaml'] as const;

async function readAll(folder: string): Promise<Record<(typeof FILES)[number], string>> {
  const [playbook, system, examples] = await Promise.all(FILES.map((name) => read(folder, name)));
  const faults = [playbook, system, examples].flatMap((file) => file?.fault ?? []);
  if (faults.length > 0) throw failures.playbookMissing(folder, faults.join(', '));
  return {
    'playbook.yaml': playbook?.text ?? '',
    'system.md': system?.text ?? '',
    'examples.yaml': examples?.text ?? '',
  };
}

async function read(folder: string, name: string): Promise<{ text?: string; fault?: string }> {
  try {
    return { text: await readFile(join(folder, name), 'utf8') };
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    return { fault: code === 'ENOENT' ? `${name} is not there` : `${name}: ${code}` };
  }
}

/** Undefined, and a mistake, where the text is no YAML. */
function parseYaml(name: string, text: string, mistakes: string[]): unknown {
  const document = parseDocument(text);
  mistakes.push(...document.errors.map((error) => `${name}: ${error.message.split('\n')[0]}`));
  return document.errors.length > 0 ? undefined : document.toJS();
}

function complaints(name: string, error: z.ZodError | undefined, raw: unknown): string[] {
  if (raw === undefined) return [];
  return (error?.issues ?? []).map(({ path, message }) =>
    path.length > 0 ? `${name}, ${z.core.toDotPath(path)}: ${message}` : `${name}: ${message}`,
  );
}

/** The top-level parts of a broken file that are right by themselves. */
function readableParts(raw: unknown): Readable {
  if (typeof raw !== 'object' || raw === null) return {};
  const { teams, ticket_types, urgencies, sentiments, routing, escalate_patterns } =
    playbookSchema.shape;
  const parts = z.object({
    teams: teams.optional().catch(undefined),
    ticket_types: ticket_types.optional().catch(undefined),
    urgencies: urgencies.optional().catch(undefined),
    sentiments: sentiments.optional().catch(undefined),
    routing: routing.optional().catch(undefined),
    escalate_patterns: escalate_patterns.catch([]),
  });
  return parts.parse(raw);
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
  lean: boolean,
  system: (lean: boolean) => string,
): Omit<Playbook, 'examples' | 'patterns'> {
  const hashOf = (isLean: boolean) =>
    hash('sha256', JSON.stringify([system(isLean), toolFrom(labels, isLean)]), 'hex');
  const identityOf = (promptHash: string) => `${file.name}@${promptHash.slice(0, 8)}`;
  const promptHash = hashOf(lean);
  return {
    name: file.name,
    version: file.version,
    identity: identityOf(promptHash),
    promptHash,
    lean,
    twin: identityOf(hashOf(!lean)),
    folder,
    labels,
    models: file.models,
    thresholds: file.thresholds,
    nativeLanguages: file.native_languages,
    rules: file.routing.map(({ name, when, queue, sla }) => ({
      name,
      when,
      queue,
      slaMinutes: sla,
    })),
    reviewBelow: file.review_below ?? null,
    allowBatch: file.allow_batch,
    maxBodyChars: file.max_body_chars,
    system: system(lean),
  };
}

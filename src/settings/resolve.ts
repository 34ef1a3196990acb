// Flags before environment before playbook before defaults → one settings object, handed on whole.
import type { Access } from '../claude/client.ts';
import { pricedModel, type Model } from '../claude/models.ts';
import { failures } from '../ground/errors.ts';
import { loadPlaybook, playbookFolder } from '../playbook/load-playbook.ts';
import type { Playbook } from '../playbook/playbook.ts';
import type { Environment } from '../ground/environment.ts';
import { checkFlags, type Flags } from './flags.ts';
import { proxyFinder, type FindProxy } from '../claude/proxy.ts';

export interface Settings {
  flags: Flags;
  /** With models and thresholds as flags and environment say. */
  playbook: Playbook;
  /** Facts about the playbook's two models, by name. */
  models: ReadonlyMap<string, Model>;
  access: Pick<Access, 'apiKey' | 'authToken' | 'baseURL'>;
  findProxy: FindProxy;
  /** Whether a cap on the money was asked for, beside the one that every run has. */
  isCapped: boolean;
  volume: 'quiet' | 'normal' | 'verbose';
  /** What was not decided by playbook and defaults, as `threshold 0.8 (from .env)`. */
  origins: string[];
}

/** @throws Failure for a wrong flag or variable, a broken playbook, a model without a price. */
export async function resolveSettings(
  given: Record<string, unknown>,
  environment: Environment,
): Promise<Settings> {
  const flags = checkFlags(given);
  const origins: string[] = [];
  const loaded = await loadPlaybook(playbookFolder(flags.playbook), flags.lean);
  if (flags.cutQuotes) origins.push('quoted replies and signatures left out (--cut-quotes)');
  if (flags.lean) origins.push('no summary, no reason (--lean)');
  const playbook = {
    ...loaded,
    models: modelsOf(loaded, flags, origins),
    thresholds: thresholdsOf(loaded, flags, environment, origins),
  };
  return {
    flags,
    playbook,
    models: factsOf(playbook),
    access: accessOf(environment, origins),
    findProxy: proxyFinder(environment),
    isCapped:
      flags.maxCostPerDay !== null || (given['maxCost'] !== undefined && flags.maxCost !== null),
    volume: volumeOf(flags, environment, origins),
    origins,
  };
}

function modelsOf(playbook: Playbook, flags: Flags, origins: string[]): Playbook['models'] {
  if (flags.fastModel) origins.push(`fast model ${flags.fastModel} (--fast-model)`);
  if (flags.strongModel) origins.push(`strong model ${flags.strongModel} (--strong-model)`);
  return {
    ...playbook.models,
    fast: flags.fastModel ?? playbook.models.fast,
    strong: flags.strongModel ?? playbook.models.strong,
  };
}

function thresholdsOf(
  playbook: Playbook,
  flags: Flags,
  environment: Environment,
  origins: string[],
): Playbook['thresholds'] {
  const thresholds = { ...playbook.thresholds };
  const name = 'HAIKU_CONFIDENCE_THRESHOLD';
  const variable = environment(name);
  if (variable) {
    const value = Number(variable.value);
    if (variable.value.trim() === '' || !(value >= 0 && value <= 1)) {
      throw failures.badEnvironment(name, variable.value, 'a number from 0 to 1');
    }
    thresholds.default = value;
    if (!flags.threshold.some(({ field }) => field === 'default')) {
      origins.push(`threshold ${value} (${name}, from ${placeOf(variable.from)})`);
    }
  }
  for (const { field, value } of flags.threshold) {
    thresholds[field] = value;
    origins.push(`threshold ${field === 'default' ? '' : `${field}=`}${value} (--threshold)`);
  }
  return thresholds;
}

function factsOf({ models }: Playbook): ReadonlyMap<string, Model> {
  return new Map(
    [models.fast, models.strong].map((name) => {
      return [name, pricedModel(name, models.prices)];
    }),
  );
}

function accessOf(environment: Environment, origins: string[]): Settings['access'] {
  const authToken = environment('ANTHROPIC_AUTH_TOKEN');
  const key = environment('ANTHROPIC_API_KEY');
  // A login of the environment goes before a key from a file.
  const apiKey = authToken && key?.from === '.env' ? null : key;
  if (apiKey?.from === '.env') origins.push('ANTHROPIC_API_KEY (from .env)');
  return {
    apiKey: apiKey?.value ?? null,
    authToken: authToken?.value ?? null,
    baseURL: environment('ANTHROPIC_BASE_URL')?.value ?? null,
  };
}

function volumeOf(flags: Flags, environment: Environment, origins: string[]): Settings['volume'] {
  if (flags.quiet) return 'quiet';
  if (flags.verbose) return 'verbose';
  const name = 'CLASSIFIER_LOG_LEVEL';
  const variable = environment(name);
  if (!variable) return 'normal';
  const volumes = { error: 'quiet', info: 'normal', debug: 'verbose' } as const;
  const level = variable.value.toLowerCase();
  if (level !== 'error' && level !== 'info' && level !== 'debug') {
    throw failures.badEnvironment(name, variable.value, 'error, info or debug');
  }
  origins.push(`log level ${level} (${name}, from ${placeOf(variable.from)})`);
  return volumes[level];
}

function placeOf(from: 'environment' | '.env'): string {
  return from === '.env' ? '.env' : 'the environment';
}

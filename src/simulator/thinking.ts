// `thinking` and `output_config` of a request in, what the model thinks before it answers out, or the API's 400.

import { invalid } from './api-error.ts';
import { readObject, refuseOthers, type JsonObject } from './shape.ts';

/** Models that think unless they are told not to, and those that always do. */
const UNLESS_TOLD = new Set(['claude-sonnet-5-5']);
const ALWAYS = new Set([
  'claude-opus-5-5',
  'claude-fable-5-1',
  'claude-fable-5-2',
  'claude-mythos-5-1',
  'claude-mythos-5-2',
]);

/** Tokens, by effort; they are taken from `max_tokens`. */
const THINKS = new Map([
  ['low', 300],
  ['medium', 900],
  ['high', 2_000],
  ['xhigh', 6_000],
  ['max', 12_000],
]);
const CONFIG = new Set(['effort', 'format']);

/** @returns output tokens that are gone before the answer begins. @throws ApiError 400 */
export function thinkingTokens(body: JsonObject, model: string): number {
  const config =
    body['output_config'] === undefined ? {} : readObject(body['output_config'], 'output_config');
  refuseOthers(config, CONFIG, 'output_config.');
  if (config['format'] !== undefined) throw invalid('output_config.format: not simulated');
  const given = config['effort'];
  const effort = typeof given === 'string' ? given : 'high';
  const tokens = THINKS.get(effort);
  if ((given !== undefined && given !== effort) || tokens === undefined) {
    throw invalid(`output_config.effort: Input should be ${[...THINKS.keys()].join(', ')}`);
  }
  if (given !== undefined && model.startsWith('claude-haiku-4-5')) {
    throw invalid('This model does not support the effort parameter.');
  }
  return thinks(body, model, effort) ? tokens : 0;
}

function thinks(body: JsonObject, model: string, effort: string): boolean {
  const canBeTold = UNLESS_TOLD.has(model);
  const thinksFirst = canBeTold || ALWAYS.has(model);
  if (body['thinking'] === undefined) return thinksFirst;
  if (!thinksFirst) throw invalid('thinking: not simulated');
  const type = readObject(body['thinking'], 'thinking')['type'];
  if (type === 'adaptive') return true;
  if (type === 'between_tools' && canBeTold && /^(low|medium|high)$/.test(effort)) return false;
  throw invalid(`"thinking.type.${String(type)}" is not supported for this model.`);
}

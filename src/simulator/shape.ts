// Unknown JSON in, typed values out, or the API's 400 with the path of what is wrong.

import { invalid } from './api-error.ts';

export type JsonObject = Record<string, unknown>;

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function readObject(value: unknown, path: string): JsonObject {
  if (value === undefined) throw invalid(`${path}: Field required`);
  if (!isObject(value)) throw invalid(`${path}: Input should be a valid dictionary`);
  return value;
}

export function readList(value: unknown, path: string): unknown[] {
  if (value === undefined) throw invalid(`${path}: Field required`);
  if (!Array.isArray(value)) throw invalid(`${path}: Input should be a valid list`);
  return value;
}

export function readText(value: unknown, path: string): string {
  if (value === undefined) throw invalid(`${path}: Field required`);
  if (typeof value !== 'string') throw invalid(`${path}: Input should be a valid string`);
  return value;
}

export function readBoolean(value: unknown, path: string): boolean {
  if (typeof value !== 'boolean') throw invalid(`${path}: Input should be a valid boolean`);
  return value;
}

export function refuseOthers(object: JsonObject, known: ReadonlySet<string>, path: string): void {
  for (const name of Object.keys(object)) {
    if (!known.has(name)) throw invalid(`${path}${name}: Extra inputs are not permitted`);
  }
}

/**
 * Called for the parts of a body rather than the whole, so that what repeats is walked once.
 *
 * @throws ApiError 400 if a string holds half of a surrogate pair: no JSON parser but JavaScript's
 * takes it.
 */
export function refuseLoneSurrogates(value: unknown): void {
  if (hasLoneSurrogate(value)) {
    throw invalid('The request body is not valid JSON: no low surrogate in string');
  }
}

function hasLoneSurrogate(value: unknown): boolean {
  if (typeof value === 'string') return /\p{Surrogate}/u.test(value);
  if (Array.isArray(value)) return value.some(hasLoneSurrogate);
  return isObject(value) && Object.entries(value).flat().some(hasLoneSurrogate);
}

import { invalid } from './api-error.ts';
import { isObject, type JsonObject } from './shape.ts';

/** @throws ApiError 400 if the text is no JSON object. */
export function parseBody(text: string): JsonObject {
  const body = parse(text);
  if (!isObject(body)) throw invalid('Input should be a valid dictionary');
  return body;
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

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw invalid(`The request body is not valid JSON: ${reason}`);
  }
}

function hasLoneSurrogate(value: unknown): boolean {
  if (typeof value === 'string') return /\p{Surrogate}/u.test(value);
  if (Array.isArray(value)) return value.some(hasLoneSurrogate);
  return isObject(value) && Object.entries(value).flat().some(hasLoneSurrogate);
}

import { invalid } from './api-error.ts';
import { isObject, type JsonObject } from './shape.ts';

/** @throws ApiError 400 if the text is no JSON object, or holds half of a surrogate pair. */
export function parseBody(text: string): JsonObject {
  const body = parse(text);
  if (!isObject(body)) throw invalid('Input should be a valid dictionary');
  // Clients write a lone surrogate as an escape, so that most bodies need no second look.
  if (/\\u[dD]/.test(text) && hasLoneSurrogate(body)) {
    throw invalid('The request body is not valid JSON: no low surrogate in string');
  }
  return body;
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
  if (!isObject(value)) return false;
  return Object.entries(value).some(
    ([name, inner]) => /\p{Surrogate}/u.test(name) || hasLoneSurrogate(inner),
  );
}

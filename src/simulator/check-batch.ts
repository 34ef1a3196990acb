// The body of a new batch in, its requests out, or the API's 400. What a request asks for is looked
// at only when it is its turn.

import { isDeepStrictEqual } from 'node:util';
import { invalid } from './api-error.ts';
import type { BatchRequest } from './batch.ts';
import {
  readList,
  readObject,
  readText,
  refuseLoneSurrogates,
  refuseOthers,
  type JsonObject,
} from './shape.ts';

/** @throws ApiError 400 */
export function checkBatch(body: JsonObject): BatchRequest[] {
  refuseOthers(body, ENVELOPE, '');
  const list = readList(body['requests'], 'requests');
  refuseLength(list.length);
  const share = sharedPrefix();
  const requests = list.map((value, i) => checkEntry(value, `requests.${i}`, share));
  refuseTwins(requests);
  return requests;
}

const ENVELOPE = new Set(['requests']);
const ENTRY = new Set(['custom_id', 'params']);
const MOST_REQUESTS = 100_000;

function refuseLength(length: number): void {
  const rule =
    length === 0
      ? 'at least 1 item'
      : length > MOST_REQUESTS
        ? `at most ${MOST_REQUESTS} items`
        : '';
  if (rule === '') return;
  throw invalid(`requests: List should have ${rule} after validation, not ${length}`);
}

function checkEntry(value: unknown, path: string, share: Share): BatchRequest {
  const entry = readObject(value, path);
  refuseOthers(entry, ENTRY, `${path}.`);
  const customId = readText(entry['custom_id'], `${path}.custom_id`);
  if (!/^[a-zA-Z0-9_-]{1,64}$/.test(customId)) {
    throw invalid(`${path}.custom_id: String should match pattern '^[a-zA-Z0-9_-]{1,64}$'`);
  }
  return { customId, params: share(readObject(entry['params'], `${path}.params`)), line: '' };
}

function refuseTwins(requests: BatchRequest[]): void {
  const seen = new Set<string>();
  for (const { customId } of requests) {
    if (seen.has(customId)) {
      throw invalid(`requests: custom_id must be unique within a batch, found twice: ${customId}`);
    }
    seen.add(customId);
  }
}

type Share = (params: JsonObject) => JsonObject;

/**
 * Gives all requests of a batch the same copy of the system prompt and of the tools: thousands of
 * them would take some hundred megabytes.
 */
function sharedPrefix(): Share {
  const before: JsonObject = {};
  return (params) => {
    const { system, tools, ...rest } = params;
    refuseLoneSurrogates(rest);
    for (const [name, value] of Object.entries({ system, tools })) {
      if (value === undefined) continue;
      if (!isDeepStrictEqual(before[name], value)) {
        refuseLoneSurrogates(value);
        before[name] = value;
      }
      rest[name] = before[name];
    }
    return rest;
  };
}

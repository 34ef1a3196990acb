// An HTTP request in, its body out, or the API's refusal of what it comes in.

import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { ApiError, invalid } from './api-error.ts';
import { isObject, type JsonObject } from './shape.ts';

/**
 * The whole body as text. One that is too large is read to its end all the same: a server that
 * hangs up in the middle gives its client a broken pipe instead of the reason.
 *
 * @throws ApiError 413
 */
export async function receive(request: IncomingMessage, mostBytes: number): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  await new Promise<void>((resolve, reject) => {
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= mostBytes) chunks.push(chunk);
      else chunks.length = 0;
    });
    request.on('end', resolve);
    request.on('error', reject);
  });
  if (bytes > mostBytes) {
    throw new ApiError(413, 'request_too_large', 'Request exceeds the maximum size');
  }
  return Buffer.concat(chunks).toString();
}

const VERSION = '2026-10-21';

/** @throws ApiError 401 without a key, 400 for another version of the API. */
export function checkHeaders(headers: IncomingHttpHeaders): void {
  if (!keyOf(headers)) {
    throw new ApiError(401, 'authentication_error', 'x-api-key header is required');
  }
  const version = headers['anthropic-version'];
  if (version === undefined) throw invalid('anthropic-version: header is required');
  if (version !== VERSION) throw invalid(`anthropic-version: only ${VERSION} is simulated`);
}

/** Every one will do. */
function keyOf(headers: IncomingHttpHeaders): unknown {
  return /^Bearer (.+)$/.exec(headers.authorization ?? '')?.[1] ?? headers['x-api-key'];
}

/** @throws ApiError 400 if the text is no JSON object. */
export function parseBody(text: string): JsonObject {
  const body = parse(text);
  if (!isObject(body)) throw invalid('Input should be a valid dictionary');
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

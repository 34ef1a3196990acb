import type { IncomingMessage } from 'node:http';
import { ApiError } from './api-error.ts';

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

import { ApiError } from './api-error.ts';
import {
  batchResults,
  cancelBatch,
  createBatch,
  deleteBatch,
  listBatches,
  retrieveBatch,
} from './batch-routes.ts';
import { createMessage } from './messages.ts';
import type { Call, Endpoint } from './obstacles.ts';
import type { Reply } from './reply.ts';
import type { World } from './world.ts';

export interface Route {
  endpoint: Endpoint;
  method: 'GET' | 'POST' | 'DELETE';
  /** Its group is the id. */
  path: RegExp;
  /** The largest body, in bytes; null if there is none to be read. */
  body: number | null;
  /** @throws ApiError */
  run(call: Call, world: World): Reply;
}

const MEGABYTE = 1024 * 1024;
/** Of a body, unless a route says otherwise. */
export const MOST_BYTES = 32 * MEGABYTE;

const BATCHES = /^\/v1\/messages\/batches$/;
const BATCH = /^\/v1\/messages\/batches\/([^/]+)$/;
const CANCEL = /^\/v1\/messages\/batches\/([^/]+)\/cancel$/;
const RESULTS = /^\/v1\/messages\/batches\/([^/]+)\/results$/;

const ROUTES: Route[] = [
  {
    endpoint: 'message',
    method: 'POST',
    path: /^\/v1\/messages$/,
    body: MOST_BYTES,
    run: createMessage,
  },
  { endpoint: 'create', method: 'POST', path: BATCHES, body: 256 * MEGABYTE, run: createBatch },
  { endpoint: 'list', method: 'GET', path: BATCHES, body: null, run: listBatches },
  { endpoint: 'retrieve', method: 'GET', path: BATCH, body: null, run: retrieveBatch },
  { endpoint: 'delete', method: 'DELETE', path: BATCH, body: null, run: deleteBatch },
  { endpoint: 'cancel', method: 'POST', path: CANCEL, body: null, run: cancelBatch },
  { endpoint: 'results', method: 'GET', path: RESULTS, body: null, run: batchResults },
];

/** The route, or the error 404 or 405 to be answered once the body has been read. */
export function findRoute(method: string | undefined, path: string): Route | ApiError {
  const routes = ROUTES.filter((route) => route.path.test(path));
  if (routes.length === 0) return new ApiError(404, 'not_found_error', 'Not found');
  const route = routes.find((candidate) => candidate.method === method);
  return route ?? new ApiError(405, 'invalid_request_error', 'Method Not Allowed');
}

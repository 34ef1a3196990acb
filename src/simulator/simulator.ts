// A Messages API on loopback, as strict and as awkward as the real one.

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { ApiError, errorBody, invalid } from './api-error.ts';
import { promptCache } from './cache.ts';
import { failures, type Failure } from './failures.ts';
import type { Latency } from './latency.ts';
import { rateLimits, type Limits } from './limits.ts';
import { createMessage, type World } from './messages.ts';
import { parseBody } from './parse-body.ts';
import { prefixes } from './prefix.ts';
import { hash } from './random.ts';
import { receive } from './receive.ts';
import { deliver, jsonReply, type Reply } from './reply.ts';
import type { JsonObject } from './shape.ts';
import { newStats, type Stats } from './stats.ts';

export interface SimulatorOptions extends Behaviour {
  /** 0, the default, takes a free one. */
  port?: number;
  /** Any other key is refused; left out, every key will do. */
  apiKey?: string;
  /** Of all that is random; 1 if left out. */
  seed?: number;
  /** Milliseconds; the clock of caches and limits. */
  now?: () => number;
  /** Keeps every body in `stats.bodies`. */
  record?: boolean;
}

/** What can be changed while it runs. */
export interface Behaviour {
  /** Of answers, in milliseconds; errors come at once. 0 if left out. */
  latency?: Latency;
  failures?: Failure[];
  limits?: Limits;
}

export interface Simulator {
  /** To be given to the SDK as `baseURL`. */
  url: string;
  stats: Stats;
  /** Replaces what is named: counts of failures and buckets of limits begin anew. */
  set(behaviour: Behaviour): void;
  close(): Promise<void>;
}

export async function startSimulator(options: SimulatorOptions = {}): Promise<Simulator> {
  const stats = newStats();
  const world = newWorld(options, stats);
  const server = createServer((request, response) => {
    void answer(request, response, { options, stats, world });
  });
  // Node's five seconds would now and then cut a connection just as a client picks it up again.
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  await new Promise<void>((resolve, reject) => {
    server.on('error', reject);
    server.listen(options.port ?? 0, '127.0.0.1', resolve);
  });
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    stats,
    set: (behaviour) => change(world, behaviour, options),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

interface Site {
  options: SimulatorOptions;
  stats: Stats;
  world: World;
}

interface Route {
  method: 'GET' | 'POST';
  path: RegExp;
  /** @throws ApiError */
  run(body: JsonObject, serial: string, world: World): Reply;
}

const ROUTES: Route[] = [{ method: 'POST', path: /^\/v1\/messages$/, run: createMessage }];

const VERSION = '2026-10-21';
const KEEP_ALIVE_MS = 600_000;
const MOST_REMEMBERED = 1_000_000;

function newWorld(options: SimulatorOptions, stats: Stats): World {
  const now = options.now ?? Date.now;
  const seed = options.seed ?? 1;
  const attempts = new Map<number, number>();

  function attempt(model: string, ticket: string): number {
    const key = hash(`${model}\0${ticket}`);
    const count = (attempts.get(key) ?? 0) + 1;
    if (attempts.size >= MOST_REMEMBERED) attempts.clear();
    attempts.set(key, count);
    return count;
  }

  return {
    seed,
    latency: options.latency ?? 0,
    failureFor: failures(options.failures ?? [], seed),
    limits: rateLimits(options.limits ?? {}, now),
    cache: promptCache(now),
    prefixOf: prefixes(),
    attempt,
    statsOf: stats.of,
  };
}

function change(world: World, behaviour: Behaviour, options: SimulatorOptions): void {
  const { latency, failures: list, limits } = behaviour;
  if (latency !== undefined) world.latency = latency;
  if (list !== undefined) world.failureFor = failures(list, world.seed);
  if (limits !== undefined) world.limits = rateLimits(limits, options.now ?? Date.now);
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  site: Site,
): Promise<void> {
  const { options, stats, world } = site;
  stats.requests += 1;
  stats.inFlight += 1;
  stats.mostInFlight = Math.max(stats.mostInFlight, stats.inFlight);
  response.on('close', () => {
    stats.inFlight -= 1;
  });
  const serial = String(stats.requests).padStart(6, '0');
  const requestId = `req_sim_${serial}`;
  const named: { model: string | null } = { model: null };

  function run(text: string): Reply {
    const route = findRoute(request);
    checkHeaders(request, options.apiKey);
    const body = route.method === 'POST' ? parseBody(text) : {};
    if (options.record === true) stats.bodies.push(body);
    if (typeof body['model'] === 'string') {
      named.model = body['model'];
      stats.of(named.model).requests += 1;
    }
    return route.run(body, serial, world);
  }

  const reply = await receive(request)
    .then(run)
    .catch((error: unknown) => refuse(error, requestId));
  const headers = {
    'ticket-classify-simulator': '1',
    'request-id': requestId,
    ...(named.model === null ? {} : world.limits.headers(named.model)),
    ...reply.headers,
  };
  deliver({ ...reply, headers }, response, (status) => {
    countStatus(stats.byStatus, status);
    if (named.model !== null) countStatus(stats.of(named.model).byStatus, status);
  });
}

function findRoute(request: IncomingMessage): Route {
  const path = (request.url ?? '').replace(/\?.*$/, '');
  const routes = ROUTES.filter((route) => route.path.test(path));
  if (routes.length === 0) throw new ApiError(404, 'not_found_error', 'Not found');
  const route = routes.find(({ method }) => method === request.method);
  if (route === undefined) {
    throw new ApiError(405, 'invalid_request_error', 'Method Not Allowed');
  }
  return route;
}

function checkHeaders({ headers }: IncomingMessage, apiKey: string | undefined): void {
  const bearer = /^Bearer (.+)$/.exec(headers.authorization ?? '')?.[1];
  const key = bearer ?? headers['x-api-key'];
  if (key === undefined || key === '') {
    throw new ApiError(401, 'authentication_error', 'x-api-key header is required');
  }
  if (apiKey !== undefined && key !== apiKey) {
    const message = bearer === undefined ? 'invalid x-api-key' : 'Invalid bearer token';
    throw new ApiError(401, 'authentication_error', message);
  }
  const version = headers['anthropic-version'];
  if (version === undefined) throw invalid('anthropic-version: header is required');
  if (version !== VERSION) throw invalid(`anthropic-version: only ${VERSION} is simulated`);
}

function refuse(error: unknown, requestId: string): Reply {
  const known = error instanceof ApiError ? error : mistakeOfOurs(error);
  const wait = known.retryAfter === undefined ? {} : { 'retry-after': String(known.retryAfter) };
  return jsonReply(known.status, errorBody(known, requestId), wait);
}

function mistakeOfOurs(error: unknown): ApiError {
  const reason = error instanceof Error ? error.stack : String(error);
  return new ApiError(500, 'api_error', `The simulator itself failed: ${reason}`);
}

function countStatus(byStatus: Record<number, number>, status: number): void {
  byStatus[status] = (byStatus[status] ?? 0) + 1;
}

// A Messages API on loopback, as strict and as awkward as the real one.

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { ApiError, errorBody, invalid } from './api-error.ts';
import { workOff } from './batch-work.ts';
import { parseBody } from './parse-body.ts';
import { receive } from './receive.ts';
import { deliver, jsonReply, type Reply } from './reply.ts';
import { findRoute, MOST_BYTES } from './routes.ts';
import { newStats, type Stats } from './stats.ts';
import { changeWorld, newWorld, type Behaviour, type World } from './world.ts';

export type { Behaviour };

export interface SimulatorOptions extends Behaviour {
  /** 0, the default, takes a free one. */
  port?: number;
  /** Any other key is refused; left out, every key will do. */
  apiKey?: string;
  /** Of all that is random; 1 if left out. */
  seed?: number;
  /** Milliseconds; the clock of caches, limits and batches. */
  now?: () => number;
  /** Keeps every body in `stats.bodies`, and what batches ask in `stats.batches.created`. */
  record?: boolean;
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
  const world = worldOf(options, stats);
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
  world.url = `http://127.0.0.1:${port}`;
  return {
    url: world.url,
    stats,
    set(behaviour) {
      // What was due before is not to meet what comes now.
      workOff(world);
      changeWorld(world, behaviour);
    },
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

const VERSION = '2026-10-21';
const KEEP_ALIVE_MS = 600_000;

function worldOf(options: SimulatorOptions, stats: Stats): World {
  return newWorld(options, {
    seed: options.seed ?? 1,
    now: options.now ?? Date.now,
    isRecording: options.record ?? false,
    stats,
  });
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

  async function hear(): Promise<Reply> {
    const [path = '', query = ''] = (request.url ?? '').split('?', 2);
    const route = findRoute(request.method, path);
    const isRoute = !(route instanceof ApiError);
    const text = await receive(request, (isRoute ? route.body : null) ?? MOST_BYTES);
    if (!isRoute) throw route;
    checkHeaders(request, options.apiKey);
    const body = route.body === null ? {} : parseBody(text);
    if (world.isRecording && route.body !== null) stats.bodies.push(body);
    if (typeof body['model'] === 'string') {
      named.model = body['model'];
      stats.of(named.model).requests += 1;
    }
    workOff(world);
    const id = route.path.exec(path)?.[1] ?? '';
    return route.run({ body, id, query: new URLSearchParams(query), serial }, world);
  }

  const reply = await hear().catch((error: unknown) => refuse(error, requestId));
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

// A Messages API on loopback, as strict as the real one; how awkward it is, see `Obstacles`.

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { ApiError, errorBody } from './api-error.ts';
import { workOff } from './batch-work.ts';
import { checkHeaders, parseBody, receive } from './receive.ts';
import { deliver, jsonReply, type Reply } from './reply.ts';
import { findRoute, MOST_BYTES } from './routes.ts';
import { newWorld, type SimulatorOptions, type World } from './world.ts';

export interface Simulator {
  /** To be given to the SDK as `baseURL`. */
  url: string;
  /** Does what is due by now, so that it does not meet what changes next. */
  catchUp(): void;
  close(): Promise<void>;
}

export async function startSimulator(options: SimulatorOptions = {}): Promise<Simulator> {
  const world = newWorld(options);
  let requests = 0;
  const server = createServer((request, response) => {
    requests += 1;
    void answer(request, response, { world, serial: String(requests).padStart(6, '0') });
  });
  // Node's five seconds would now and then cut a connection just as a client picks it up again.
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  await new Promise<void>((resolve, reject) => {
    server.on('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  world.url = `http://127.0.0.1:${port}`;
  return {
    url: world.url,
    catchUp: () => workOff(world),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

const KEEP_ALIVE_MS = 600_000;

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  { world, serial }: { world: World; serial: string },
): Promise<void> {
  world.obstacles.watch?.arrived?.(response);
  const requestId = `req_sim_${serial}`;
  const named: { model: string | null } = { model: null };

  async function hear(): Promise<Reply> {
    const [path = '', query = ''] = (request.url ?? '').split('?', 2);
    const route = findRoute(request.method, path);
    const isRoute = !(route instanceof ApiError);
    const text = await receive(request, (isRoute ? route.body : null) ?? MOST_BYTES);
    if (!isRoute) throw route;
    const { endpoint } = route;
    const { headers } = request;
    checkHeaders(headers);
    const body = route.body === null ? {} : parseBody(text);
    if (typeof body['model'] === 'string') named.model = body['model'];
    workOff(world);
    const id = route.path.exec(path)?.[1] ?? '';
    const call = { endpoint, headers, body, id, query: new URLSearchParams(query), serial };
    const run = (): Reply => route.run(call, world);
    const { request: around } = world.obstacles;
    return around === undefined ? run() : around(call, run);
  }

  const reply = await hear().catch((error: unknown) => refuse(error, requestId));
  const headers = {
    'ticket-classify-simulator': '1',
    'request-id': requestId,
    ...(named.model === null ? {} : world.obstacles.headers?.(named.model)),
    ...reply.headers,
  };
  const begun = (): void => world.obstacles.watch?.answered?.(reply.status, named.model);
  deliver({ ...reply, headers, begun }, response);
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

// A proxy → an agent whose connections lead through it.
import { request as plainRequest } from 'node:http';
import { request as secureRequest, type Agent } from 'node:https';
import { isIPv6 } from 'node:net';
import { PassThrough, type Duplex } from 'node:stream';
import { connect as connectSecurely, type ConnectionOptions } from 'node:tls';
import type { Proxy } from './proxy.ts';

/** For a connection to be made. */
export const PATIENCE_SECONDS = 10;

/** No tunnel, so the request was never sent. */
export class NoTunnel extends Error {
  readonly proxy: Omit<Proxy, 'authorization'>;
  /** The status that it answered with, or the error's code: `407`, `ECONNREFUSED`. */
  readonly failure: string;

  constructor({ url, variable }: Proxy, what: string, failure: string) {
    super(`the proxy ${url} (${variable}) ${what} ${failure}`);
    this.proxy = { url, variable };
    this.failure = failure;
  }
}

type Made = (error: Error | null, socket: Duplex) => void;

/** The same agent, through the proxy. */
export function tunnelled(agent: Agent, proxy: Proxy): Agent {
  return Object.assign(agent, {
    createConnection(options: ConnectionOptions, made: Made): undefined {
      openTunnel(proxy, options, made);
    },
  });
}

function openTunnel(proxy: Proxy, options: ConnectionOptions, made: Made): void {
  const { host = '', port = 443 } = options;
  const target = `${isIPv6(host) ? `[${host}]` : host}:${port}`;
  const open = proxy.url.startsWith('https:') ? secureRequest : plainRequest;
  const fail = (error: NoTunnel) => made(error, new PassThrough());
  const asking = open(proxy.url, {
    method: 'CONNECT',
    path: target,
    headers: {
      host: target,
      ...(proxy.authorization && { 'proxy-authorization': proxy.authorization }),
    },
    agent: false,
    timeout: PATIENCE_SECONDS * 1000,
  });
  asking.once('connect', ({ statusCode = 0 }, socket) => {
    socket.setTimeout(0);
    if (statusCode === 200) {
      // Its own errors are the agent's to hear.
      made(null, connectSecurely({ ...options, socket }));
      return;
    }
    socket.destroy();
    fail(new NoTunnel(proxy, 'answered', `${statusCode}`));
  });
  asking.once('timeout', () => asking.destroy(new Error(`no answer within ${PATIENCE_SECONDS} s`)));
  asking.once('error', (error) => fail(unreached(proxy, error)));
  asking.end();
}

function unreached(proxy: Proxy, error: Error): NoTunnel {
  const why = 'code' in error && typeof error.code === 'string' ? error.code : error.message;
  return new NoTunnel(proxy, 'could not be reached:', why);
}

// A proxy → undici's way to open connections through it.
import { request as plainRequest } from 'node:http';
import { request as secureRequest } from 'node:https';
import { isIPv6 } from 'node:net';
import type { buildConnector } from 'undici';
import type { Proxy } from './proxy.ts';

type Connector = buildConnector.connector;

/** As undici gives to a direct connection. */
const PATIENCE_SECONDS = 10;

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

/**
 * In place of undici's ProxyAgent, which (7.30) asks anew without end or pause, deaf to any abort,
 * when the proxy closes the connection instead of answering.
 * @param secure makes a connection of TLS out of the tunnel.
 */
export function tunnel(proxy: Proxy, secure: Connector): Connector {
  const open = proxy.url.startsWith('https:') ? secureRequest : plainRequest;
  return function connect(options, callback) {
    const { hostname, port } = options;
    const host = `${isIPv6(hostname) ? `[${hostname}]` : hostname}:${port || '443'}`;
    const asking = open(proxy.url, {
      method: 'CONNECT',
      path: host,
      headers: { host, ...(proxy.authorization && { 'proxy-authorization': proxy.authorization }) },
      agent: false,
      timeout: PATIENCE_SECONDS * 1000,
    });
    asking.once('connect', ({ statusCode = 0 }, socket) => {
      socket.setTimeout(0);
      if (statusCode === 200) {
        secure({ ...options, httpSocket: socket }, callback);
        return;
      }
      socket.destroy();
      callback(new NoTunnel(proxy, 'answered', `${statusCode}`), null);
    });
    asking.once('timeout', () =>
      asking.destroy(new Error(`no answer within ${PATIENCE_SECONDS} s`)),
    );
    asking.once('error', (error) => callback(unreached(proxy, error), null));
    asking.end();
  };
}

function unreached(proxy: Proxy, error: Error): NoTunnel {
  const why = 'code' in error && typeof error.code === 'string' ? error.code : error.message;
  return new NoTunnel(proxy, 'could not be reached:', why);
}

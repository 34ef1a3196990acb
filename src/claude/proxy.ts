// Environment and a URL → the proxy on the way there. Pure.
import { failures } from '../ground/errors.ts';
import type { Environment } from '../ground/environment.ts';

export interface Proxy {
  /** The variable that names it. */
  variable: string;
  /** Without credentials, for people too: `http://proxy:3128`. */
  url: string;
  /** For its own header; null without credentials. */
  authorization: string | null;
}

/** Null: the connection is direct, as it always is to this machine. @throws Failure for a malformed one. */
export type FindProxy = (url: string) => Proxy | null;

const DEFAULT_PORTS: Record<string, string> = { 'http:': '80', 'https:': '443' };

/** Decides as curl does, and undici's EnvHttpProxyAgent. */
export function proxyFinder(environment: Environment): FindProxy {
  return function findProxy(url) {
    if (isHere(url) || isExempt(new URL(url), valueOf('no_proxy', environment))) return null;
    const names = url.startsWith('https:') ? ['https_proxy', 'http_proxy'] : ['http_proxy'];
    for (const name of names) {
      const variable = nameOf(name, environment);
      if (variable !== null) return proxyFrom(variable, valueOf(name, environment));
    }
    return null;
  };
}

/** The lower case is looked at first, as by curl. */
function nameOf(name: string, environment: Environment): string | null {
  return [name, name.toUpperCase()].find((spelt) => environment(spelt) !== null) ?? null;
}

function valueOf(name: string, environment: Environment): string {
  return environment(nameOf(name, environment) ?? name)?.value ?? '';
}

/** Entries are hosts, which stand for their subdomains too, with or without a port. */
function isExempt({ hostname, port, protocol }: URL, noProxy: string): boolean {
  if (noProxy.trim() === '*') return true;
  return noProxy.split(/[,\s]+/).some((entry) => {
    const [, name = '', only] = /^(?:\*?\.)?(.+?)(?::(\d+))?$/.exec(entry.toLowerCase()) ?? [];
    if (name === '' || (only && only !== (port || DEFAULT_PORTS[protocol]))) return false;
    return hostname === name || hostname.endsWith(`.${name}`);
  });
}

function proxyFrom(variable: string, value: string): Proxy {
  // `proxy:3128` is a common way to write it.
  const text = /^[^/]+:\d+\/?$/.test(value) ? `http://${value}` : value;
  const url = URL.canParse(text) ? new URL(text) : null;
  if (!url || !/^https?:$/.test(url.protocol)) throw failures.badProxy(variable);
  const { origin, username, password } = url;
  const credentials = [username, password].map(decoded).join(':');
  const basic = `Basic ${Buffer.from(credentials).toString('base64')}`;
  return { variable, url: origin, authorization: username === '' ? null : basic };
}

const HERE = /^(localhost|127(\.\d+){3}|\[::1\])$/;

/** Whether a URL leads to a server on this machine. */
export function isHere(url: string): boolean {
  return URL.canParse(url) && HERE.test(new URL(url).hostname);
}

/** A stray `%` of a password is taken as it stands. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

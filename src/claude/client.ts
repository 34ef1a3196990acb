// Settings → the SDK's client, which nothing outside this folder touches.
import Anthropic from '@anthropic-ai/sdk';
import { failures } from '../ground/errors.ts';
import { openFetch } from './fetch.ts';
import { isHere, type FindProxy } from './proxy.ts';

export interface Access {
  apiKey: string | null;
  authToken: string | null;
  /** Null: the profile's, else Anthropic's own. */
  baseURL: string | null;
  /** Left out: every connection is direct. */
  findProxy?: FindProxy;
  /** Of connections at once; 20 if left out. */
  concurrency?: number;
  /** Told what the SDK has to say; its console would land in our rows. */
  log: (text: string) => void;
}

/** @throws Failure if there are no credentials, or host or proxy may not be used; nothing is sent. */
export async function openClient(access: Access): Promise<Anthropic> {
  const client = newClient(access);
  try {
    // Finds what no key at all would only show at the first call, profiles and custom headers included.
    await client.buildRequest({ method: 'post', path: '/v1/messages', body: {} });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw why.startsWith('Could not resolve authentication method')
      ? failures.noCredentials()
      : failures.badCredentials(why);
  }
  checkHost(client.baseURL);
  // A profile may have brought another host.
  access.findProxy?.(client.baseURL);
  return client;
}

/** For `show`, which needs the host and no credentials. */
export function newClient(access: Access): Anthropic {
  const { apiKey, authToken, baseURL, findProxy = () => null, concurrency = 20, log } = access;
  if (baseURL !== null) checkHost(baseURL);
  return new Anthropic({
    apiKey,
    authToken: apiKey === null ? authToken : null,
    ...(baseURL === null ? {} : { baseURL }),
    maxRetries: 0,
    openTelemetry: false,
    fetch: openFetch(findProxy, concurrency),
    logLevel: 'warn',
    logger: { error: log, warn: log, info: log, debug: log },
  });
}

/** The URL that messages go to, as it may be shown. */
export function messagesUrl(client: Anthropic): string {
  return withoutPassword(client.buildURL('/v1/messages', null));
}

/** Where it is asked, as people may see it. */
export function hostOf({ baseURL }: Anthropic): string {
  return withoutPassword(baseURL);
}

/** Of what is no web address as well: a slip of the pen shall not show it. */
function withoutPassword(url: string): string {
  return url.replace(/^(\w+:\/*|\/*)[^/?#]*@/, '$1');
}

function checkHost(baseURL: string): void {
  const url = URL.canParse(baseURL) ? new URL(baseURL) : null;
  if (!url || !/^https?:$/.test(url.protocol))
    throw failures.badHost(withoutPassword(baseURL), 'that is no web address.');
  if (url.protocol === 'http:' && !isHere(baseURL)) {
    throw failures.badHost(
      withoutPassword(baseURL),
      'plain http would carry tickets and key unencrypted.',
    );
  }
  if (/\/v1\/?$/.test(url.pathname)) {
    throw failures.badHost(
      withoutPassword(baseURL),
      'the SDK adds /v1 itself, so that would be /v1/v1/messages.',
    );
  }
}

// Settings → the SDK's client, which nothing outside this folder touches.
import Anthropic from '@anthropic-ai/sdk';
import { failures } from '../errors.ts';

export interface Access {
  apiKey: string | null;
  authToken: string | null;
  /** Null: the profile's, else Anthropic's own. */
  baseURL: string | null;
  /** Told what the SDK has to say; its console would land in our rows. */
  log: (text: string) => void;
}

const HERE = /^(localhost|127(\.\d+){3}|\[::1\])$/;

/** @throws Failure if there are no credentials or the host may not be used; nothing is sent. */
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
  return client;
}

/** For `show`, which needs the host and no credentials. */
export function newClient({ apiKey, authToken, baseURL, log }: Access): Anthropic {
  if (baseURL !== null) checkHost(baseURL);
  return new Anthropic({
    apiKey,
    authToken: apiKey === null ? authToken : null,
    ...(baseURL === null ? {} : { baseURL }),
    maxRetries: 0,
    openTelemetry: false,
    logLevel: 'warn',
    logger: { error: log, warn: log, info: log, debug: log },
  });
}

/** The URL that messages go to. */
export function messagesUrl(client: Anthropic): string {
  return client.buildURL('/v1/messages', null);
}

/** Whether it leads to a server on this machine. */
export function isHere(baseURL: string): boolean {
  return URL.canParse(baseURL) && HERE.test(new URL(baseURL).hostname);
}

function checkHost(baseURL: string): void {
  const url = URL.canParse(baseURL) ? new URL(baseURL) : null;
  if (!url || !/^https?:$/.test(url.protocol))
    throw failures.badHost(baseURL, 'that is no web address.');
  if (url.protocol === 'http:' && !isHere(baseURL)) {
    throw failures.badHost(baseURL, 'plain http would carry tickets and key unencrypted.');
  }
  if (/\/v1\/?$/.test(url.pathname)) {
    throw failures.badHost(baseURL, 'the SDK adds /v1 itself, so that would be /v1/v1/messages.');
  }
}

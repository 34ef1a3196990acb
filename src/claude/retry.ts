// A failed call → what now: again after a wait, give this ticket up, or end the run. Pure.
import { APIConnectionError, APIError } from '@anthropic-ai/sdk';
import { failures, type Failure } from '../ground/errors.ts';
import { NoTunnel } from './tunnel.ts';
import { shown, wordsOf, type Words } from './error-words.ts';
import { NotAMessage, UncountableUsage } from './message.ts';
import { rateLimitsOf, type RateLimit } from './rate-limits.ts';

/** The built-in simulator says so in every response, whatever way it was reached. */
export const SIMULATOR_HEADER = 'ticket-classify-simulator';

/** At most so many requests for one answer. */
export const MAX_ATTEMPTS = 4;

const RETRIED = new Set([408, 409, 429]);

/** Spend limits come as a 429 that never recovers and carries no retry-after. */
const SPEND_LIMITS = new Set(['enforced_spend_limit_reached', 'contract_spend_limit_reached']);
const SELF_SET_LIMIT = /reached your specified API usage limits/i;

/** Whatever the status. Not a card's number that a filter found, nor our own label in a schema. */
const CREDIT =
  /\bcredits?\b(?! cards?\b)|(?<!["'`])\bbilling\b|\bbilling_error\b|\binsufficient[_ ](funds|balance|quota)\b|\bpayment (required|overdue|failed|method)/i;

/** Connections that were never made: a server saw nothing, and nothing is paid. */
const UNSENT = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'CONNECT_TIMEOUT',
]);

/** The codes in which OpenSSL and Node turn a certificate down. */
const UNTRUSTED =
  /^(CERT_|CRL_|DEPTH_ZERO_|ERR_TLS_CERT_|SELF_SIGNED_|UNABLE_TO_|HOSTNAME_MISMATCH|INVALID_(CA|PURPOSE)|PATH_LENGTH_)/;

export interface Problem {
  /** For the row: `529 overloaded_error`, `timed out after 60 s`. */
  why: string;
  requestId: string | null;
  /** Whether another try may help. */
  passing: boolean;
  /** Whether it may have been carried out, and billed, without our learning what it cost. */
  unknownCost: boolean;
  /** Seconds the server asks us to wait; null if it does not say. */
  retryAfter: number | null;
  simulated: boolean;
  /** What all calls to the model had better know of it; `refused`: a 4xx that no retry mends. */
  tells: 'limited' | 'overload' | 'late' | 'failed' | 'refused';
  /** Whether an answer came that can't be counted, and so not used. */
  isPaid: boolean;
  /** Whether somebody else than the API answered: a wrong path or method, a page, a redirect. */
  isForeign: boolean;
  limits: RateLimit[];
}

export class TimedOut extends Error {}

/**
 * @param timeoutSeconds how long a call may take, for the message
 * @param sent texts of the request that no message may repeat
 */
export function problemOf(
  error: unknown,
  timeoutSeconds: number,
  sent: readonly string[] = [],
): Problem {
  const plain = {
    requestId: null,
    passing: true,
    retryAfter: null,
    simulated: false,
    tells: 'failed' as const,
    isPaid: false,
    isForeign: false,
    limits: [],
  };
  if (error instanceof TimedOut) {
    const why = `timed out after ${timeoutSeconds} s`;
    return { ...plain, why, tells: 'late', unknownCost: true };
  }
  if (error instanceof APIConnectionError) {
    const root = rootOf(error);
    const why = `connection failed: ${codeOf(root) ?? shown(root.message)}`;
    return { ...plain, why, unknownCost: !isUnsent(root) };
  }
  if (error instanceof APIError) {
    const status = error.status ?? 0;
    const passing = RETRIED.has(status) || status >= 500;
    const words = wordsOf(error, sent);
    return {
      why: words.text,
      requestId: error.requestID ?? null,
      passing,
      unknownCost: false,
      retryAfter: retryAfterOf(error.headers),
      simulated: error.headers?.has(SIMULATOR_HEADER) ?? false,
      tells: tellsOf(status, passing),
      isPaid: false,
      isForeign: isForeign(status, words),
      limits: error.headers ? rateLimitsOf(error.headers) : [],
    };
  }
  const what = unreadableText(error, sent);
  if (what === null) throw error;
  const isPaid = error instanceof UncountableUsage;
  return { ...plain, why: what, unknownCost: true, isPaid };
}

/** A 200 whose body is no message: it breaks off, is no JSON, is another's. Null for a mistake of ours. */
function unreadableText(error: unknown, sent: readonly string[]): string | null {
  const plain = 'the response was not a message';
  if (error instanceof NotAMessage) return `${plain} ${shown(error.message, sent)}`.trim();
  const brokenOff = error instanceof TypeError && error.message === 'terminated';
  // The SDK writes an error's body out, which ends on what is nested too deeply.
  return brokenOff || error instanceof SyntaxError || error instanceof RangeError ? plain : null;
}

/** The failures that are the run's and not the ticket's, at once; null for a ticket's own. */
export function runFailureOf(
  error: unknown,
  host: string,
  model: string,
  sent: readonly string[] = [],
): Failure | null {
  if (error instanceof APIConnectionError) return connectionFailureOf(rootOf(error), host);
  // Some gateways answer an error with a 200.
  if (error instanceof NotAMessage) return spendFailureOf(shown(error.message, sent));
  if (!(error instanceof APIError)) return null;
  const status = error.status ?? 0;
  const words = wordsOf(error, sent);
  if (status === 402) return failures.spendLimit(words.text);
  const spent = spendFailureOf(words.text, error.errorCode ?? undefined);
  if (spent) return spent;
  if (isForeign(status, words)) return null;
  if (status === 401 || status === 403) return failures.keyRefused(host, words.text);
  return status === 404 ? failures.modelUnknown(host, model, words.text) : null;
}

/** Of words that may come without a status, as those of a batch's result do; null where they are about another thing. */
export function spendFailureOf(words: string, code = ''): Failure | null {
  const isSpent = SPEND_LIMITS.has(code) || SELF_SET_LIMIT.test(words) || CREDIT.test(words);
  return isSpent ? failures.spendLimit(words) : null;
}

/** Statuses that are about the place and not about the request, whoever gives them. */
const ABOUT_PLACE = new Set([405, 406, 410, 415, 417, 421, 426]);

function isForeign(status: number, { isApis }: Words): boolean {
  if (status === 401 || RETRIED.has(status) || status < 300 || status >= 500) return false;
  return !isApis || status < 400 || ABOUT_PLACE.has(status);
}

/**
 * Milliseconds to wait before the attempt after the `attempt`th (1-based):
 * min(8, 0.5·2ⁿ⁻¹) s and up to 0.4 s at random, never less than `retryAfter` seconds.
 */
export function waitBefore(
  attempt: number,
  retryAfter: number | null,
  random: () => number,
): number {
  const seconds = Math.min(8, 0.5 * 2 ** (attempt - 1)) + 0.4 * random();
  return Math.max(seconds, retryAfter ?? 0) * 1000;
}

function tellsOf(status: number, passing: boolean): Problem['tells'] {
  if (!passing) return 'refused';
  if (status === 429) return 'limited';
  return status === 529 ? 'overload' : 'failed';
}

function retryAfterOf(headers: Headers | undefined): number | null {
  const milliseconds = Number(headers?.get('retry-after-ms') ?? Number.NaN);
  if (Number.isFinite(milliseconds)) return milliseconds / 1000;
  const text = headers?.get('retry-after');
  if (!text) return null;
  const seconds = Number(text);
  if (Number.isFinite(seconds)) return Math.max(0, seconds);
  const until = (Date.parse(text) - Date.now()) / 1000;
  return Number.isFinite(until) ? Math.max(0, until) : null;
}

/** What no other try mends; a server or proxy that is merely down may come back. */
function connectionFailureOf(root: Error, host: string): Failure | null {
  const code = codeOf(root) ?? '';
  if (root instanceof NoTunnel) {
    const { proxy, failure } = root;
    if (UNTRUSTED.test(failure)) return failures.untrusted(proxy.url, failure);
    const isLasting = /^(4(?!08|29)\d\d|ECONNREFUSED|ENOTFOUND)$/.test(failure);
    return isLasting ? failures.noTunnel(root.message, proxy.variable, failure) : null;
  }
  if (UNTRUSTED.test(code)) return failures.untrusted(host, code);
  return code === 'ENOTFOUND' ? failures.noSuchHost(host) : null;
}

function isUnsent(root: Error): boolean {
  const code = codeOf(root) ?? '';
  if (root instanceof NoTunnel || UNTRUSTED.test(code)) return true;
  // A connection in use can be lost to an unreachable host as well.
  const wasOpen = 'syscall' in root && (root.syscall === 'read' || root.syscall === 'write');
  return UNSENT.has(code) && !wasOpen;
}

function rootOf(error: Error): Error {
  let root: Error = error;
  while (root.cause instanceof Error) root = root.cause;
  return root;
}

function codeOf(error: Error): string | null {
  return 'code' in error && typeof error.code === 'string' ? error.code : null;
}

// One request out, one message in, or the error that came instead.
import type Anthropic from '@anthropic-ai/sdk';
import type { Clock } from '../ground/clock.ts';
import { messageIn, type Message } from './message.ts';
import { rateLimitsOf, type RateLimit } from './rate-limits.ts';
import type { Request } from './request.ts';
import { SIMULATOR_HEADER, TimedOut } from './retry.ts';

export interface Received {
  message: Message;
  requestId: string | null;
  simulated: boolean;
  latencyMs: number;
  limits: RateLimit[];
}

export interface CallOptions {
  client: Anthropic;
  clock: Clock;
  timeoutSeconds: number;
  /** Aborted: the call itself is dropped, in the air or not. */
  leave: AbortSignal;
}

/** The SDK's own time-out, which ends with the headers while a body can hang as well: ours comes first. */
const LATER_MS = 60_000;

export async function call(
  request: Request,
  { client, clock, timeoutSeconds, leave }: CallOptions,
): Promise<Received> {
  const controller = new AbortController();
  const onLeave = () => controller.abort(leave.reason);
  leave.addEventListener('abort', onLeave, { once: true });
  const milliseconds = timeoutSeconds * 1_000;
  const timer = setTimeout(() => controller.abort(new TimedOut()), milliseconds);
  const started = clock.now();
  try {
    // Not read by the SDK, which goes by the content type that a server gives.
    const response = await client.messages
      .create(request, {
        signal: controller.signal,
        maxRetries: 0,
        timeout: milliseconds + LATER_MS,
      })
      .asResponse();
    const text = await response.text();
    return {
      message: messageIn(text),
      requestId: response.headers.get('request-id'),
      simulated: response.headers.has(SIMULATOR_HEADER),
      latencyMs: Math.max(0, Math.round(clock.now() - started)),
      limits: rateLimitsOf(response.headers),
    };
  } catch (error) {
    controller.signal.throwIfAborted();
    throw error;
  } finally {
    clearTimeout(timer);
    leave.removeEventListener('abort', onLeave);
  }
}

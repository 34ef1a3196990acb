// One request out, one message in, or the error that came instead.
import type Anthropic from '@anthropic-ai/sdk';
import type { Message } from '@anthropic-ai/sdk/resources/messages';
import type { Clock } from '../ground/clock.ts';
import type { Usage } from '../ticket.ts';
import { rateLimitsOf, type RateLimit } from './rate-limits.ts';
import type { Request } from './request.ts';
import { NotAMessage, SIMULATOR_HEADER, TimedOut } from './retry.ts';

export const TIMEOUT_SECONDS = 60;

export interface Received {
  message: Message;
  usage: Usage;
  requestId: string | null;
  simulated: boolean;
  latencyMs: number;
  limits: RateLimit[];
}

/** @param leave aborts the call itself, in the air or not. */
export async function call(
  client: Anthropic,
  request: Request,
  clock: Clock,
  leave: AbortSignal,
): Promise<Received> {
  const controller = new AbortController();
  const onLeave = () => controller.abort(leave.reason);
  leave.addEventListener('abort', onLeave, { once: true });
  // The SDK's own time-out ends with the headers; a body can hang as well.
  const timer = setTimeout(() => controller.abort(new TimedOut()), TIMEOUT_SECONDS * 1000);
  const started = clock.now();
  try {
    const sent = client.messages.create(request, { signal: controller.signal, maxRetries: 0 });
    const { data, response, request_id } = await sent.withResponse();
    return {
      message: messageOf(data),
      usage: usageOf(data),
      requestId: request_id ?? null,
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

/** A 200 may carry a proxy's page, which the SDK hands on as a string. */
function messageOf(data: Message): Message {
  const whole = typeof data === 'object' && Array.isArray(data?.content) && data.usage;
  if (!whole) throw new NotAMessage();
  return data;
}

/** Other servers that speak the API may leave the cache figures out. */
export function usageOf({ usage }: Message): Usage {
  return {
    input: usage.input_tokens ?? 0,
    cacheRead: usage.cache_read_input_tokens ?? 0,
    cacheWrite: usage.cache_creation_input_tokens ?? 0,
    output: usage.output_tokens ?? 0,
  };
}

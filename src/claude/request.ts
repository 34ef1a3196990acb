// Playbook, model and ticket → the exact request. Nothing else of a row is ever sent.
import type { MessageCreateParamsNonStreaming } from '@anthropic-ai/sdk/resources/messages';
import { ticketText, TOOL_NAME, toolFrom } from '../playbook/prompt.ts';
import type { Playbook } from '../playbook/playbook.ts';
import type { Ticket } from '../ticket.ts';

export type Request = MessageCreateParamsNonStreaming;

/** How long the prefix stays cached after its last use: five minutes, or an hour at a higher price. */
export type CacheTime = '5m' | '1h';

/** Room for the ten fields with a long summary and reason: twice what an answer takes. `--lean` needs less. */
export const MAX_TOKENS = 400;

/**
 * The prefix (tool and system prompt) is made once, since it is the same 20,000 characters for every
 * ticket; its end carries the one cache mark.
 * @param forcedTool whether the model accepts a forced tool call; else it is left to the prompt, and
 *   an answer without the call is invalid.
 */
export function requestMaker(
  playbook: Playbook,
  forcedTool: (model: string) => boolean,
  cachedFor: CacheTime = '5m',
): (model: string, ticket: Pick<Ticket, 'accountTier' | 'subject' | 'body'>) => Request {
  const tools = [toolFrom(playbook.labels, playbook.lean)];
  const cache_control = {
    type: 'ephemeral',
    ...(cachedFor === '5m' ? {} : { ttl: cachedFor }),
  } as const;
  const system = [{ type: 'text', text: playbook.system, cache_control } as const];
  return (model, { accountTier, subject, body }) => ({
    model,
    max_tokens: MAX_TOKENS,
    system,
    tools,
    tool_choice: forcedTool(model) ? { type: 'tool', name: TOOL_NAME } : { type: 'auto' },
    messages: [{ role: 'user', content: ticketText({ account_tier: accountTier, subject, body }) }],
  });
}

// Playbook, model and ticket → the exact request. Nothing else of a row is ever sent.
import type { MessageCreateParamsNonStreaming } from '@anthropic-ai/sdk/resources/messages';
import { ticketText, TOOL_NAME, toolFrom } from '../playbook/prompt.ts';
import type { Playbook } from '../playbook/playbook.ts';
import type { Ticket } from '../ticket.ts';
import type { Model } from './models.ts';

export type Request = MessageCreateParamsNonStreaming;

/** How long the prefix stays cached after its last use: five minutes, or an hour at a higher price. */
export type CacheTime = '5m' | '1h';

/** Room for the ten fields with a long summary and reason: twice what an answer takes. `--lean` needs less. */
const MAX_TOKENS = 400;

/** Where thinking takes its room from the same: it would cut the answer off, or leave none. */
const MAX_TOKENS_THINKING = 4_096;

type Manners = Pick<Model, 'forcedTool' | 'thinks'>;

/**
 * The prefix (tool and system prompt) is made once, since it is the same 20,000 characters for every
 * ticket; its end carries the one cache mark.
 * @param mannersOf whether the model accepts a forced tool call, and whether it thinks before it; where
 *   it can't be forced the call is left to the prompt, and an answer without it is invalid.
 */
export function requestMaker(
  playbook: Playbook,
  mannersOf: (model: string) => Manners,
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
    system,
    tools,
    ...askingFor(mannersOf(model)),
    messages: [{ role: 'user', content: ticketText({ account_tier: accountTier, subject, body }) }],
  });
}

function askingFor({
  forcedTool,
  thinks,
}: Manners): Pick<Request, 'max_tokens' | 'tool_choice' | 'thinking' | 'output_config'> {
  const once = { disable_parallel_tool_use: true } as const;
  return {
    max_tokens: thinks ? MAX_TOKENS_THINKING : MAX_TOKENS,
    tool_choice: forcedTool
      ? { type: 'tool', name: TOOL_NAME, ...once }
      : { type: 'auto', ...once },
    // None before the first call: the least that these models take.
    ...(thinks === 'unless told' ? { thinking: { type: 'between_tools' } } : {}),
    ...(thinks === 'always' ? { output_config: { effort: 'low' } } : {}),
  };
}

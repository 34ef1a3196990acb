import Anthropic, { APIError } from '@anthropic-ai/sdk';
import type { MessageCreateParamsNonStreaming } from '@anthropic-ai/sdk/resources/messages';
import { onTestFinished } from 'vitest';
import { startSimulator, type Simulator, type SimulatorOptions } from './faulty-server.ts';

export const HAIKU = 'claude-haiku-4-5';
export const SONNET = 'claude-sonnet-4-6';

export const SCHEMA = {
  type: 'object' as const,
  properties: {
    dish: { type: 'string', enum: ['soup', 'cake', 'other'] },
    dish_confidence: { type: 'number' },
    mood: { type: 'string', enum: ['calm', 'cross'] },
    mood_confidence: { type: 'number' },
    summary: { type: 'string' },
    reason: { type: 'string' },
  },
  required: ['dish', 'dish_confidence', 'mood', 'mood_confidence', 'summary', 'reason'],
  additionalProperties: false,
};

export const TOOL = { name: 'taste', strict: true, input_schema: SCHEMA };

const EXAMPLES = [
  ['Leek broth', 'The broth with leeks was boiling hot and thin.', 'soup', 'calm'],
  ['Sponge', 'The frosting on the sponge is STALE!!! Never again!', 'cake', 'cross'],
  ['Opening hours', 'When are you open on Sundays?', 'other', 'calm'],
];

export const SYSTEM = `Sort letters to a kitchen.

- soup: Anything boiled in a pot, broth, bowls and ladles.
- cake: Anything baked and sweet: frosting, sponge, candles.
- other: All that is neither soup nor cake, opening hours and parking.

- calm: Matter-of-fact words.
- cross: Shouting, insults, threats never to come again.

${EXAMPLES.map(([subject, body, dish, mood]) => {
  const letter = JSON.stringify({ account_tier: 'standard', subject, body });
  const answer = { dish, dish_confidence: 0.9, mood, mood_confidence: 0.9, summary: subject };
  return `<example>\n<ticket>${letter}</ticket>\n<taste>${JSON.stringify(answer)}</taste>\n</example>`;
}).join('\n')}`;

/** 20,000 bytes, 5,000 tokens more: over every model's smallest prefix. */
export const LONG_SYSTEM = `${SYSTEM}\n${'stir '.repeat(4000)}`;

export function ticket(body: string, subject = ''): string {
  return JSON.stringify({ account_tier: 'standard', subject, body });
}

export function params(
  changes: Partial<MessageCreateParamsNonStreaming> = {},
): MessageCreateParamsNonStreaming {
  return {
    model: HAIKU,
    max_tokens: 400,
    system: [{ type: 'text', text: SYSTEM, cache_control: { type: 'ephemeral' } }],
    tools: [TOOL],
    tool_choice: { type: 'tool', name: 'taste' },
    messages: [{ role: 'user', content: ticket('The broth in my bowl was cold.') }],
    ...changes,
  };
}

export interface Desk extends Simulator {
  client: Anthropic;
  ask(changes?: Partial<MessageCreateParamsNonStreaming>): Promise<Anthropic.Message>;
  /** The error that the request is refused with. */
  fail(changes?: object): Promise<APIError>;
}

/** A simulator for one test, with the real SDK as its client. */
export async function desk(options: SimulatorOptions = {}): Promise<Desk> {
  const simulator = await startSimulator(options);
  onTestFinished(() => simulator.close());
  const client = new Anthropic({ baseURL: simulator.url, apiKey: 'sim', maxRetries: 0 });

  async function fail(changes: object = {}): Promise<APIError> {
    try {
      await client.messages.create({ ...params(), ...changes });
    } catch (error) {
      if (error instanceof APIError) return error;
      throw error;
    }
    throw new Error('The request was not refused.');
  }

  return { ...simulator, client, ask: (changes) => client.messages.create(params(changes)), fail };
}

/** The input of the answer's tool call. */
export function inputOf(message: Anthropic.Message): Record<string, unknown> {
  for (const block of message.content) {
    if (block.type === 'tool_use') return Object.fromEntries(Object.entries(block.input ?? {}));
  }
  throw new Error('The answer calls no tool.');
}

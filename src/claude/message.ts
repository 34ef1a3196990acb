// The body of a response → the message in it. No shape of a body can do more than be no message.
import { z } from 'zod';
import { isObject } from '../ground/is-object.ts';
import type { Usage } from '../ticket.ts';

/** What a server sent with a 200 and is no message: a proxy's page, another API's words, nothing. */
export class NotAMessage extends Error {}

/** A message whose usage can't be counted, so that nobody will ever know what it cost. */
export class UncountableUsage extends NotAMessage {}

export interface Message {
  id: string | null;
  /** The model that answered, as the server calls it; null where it does not say. */
  model: string | null;
  stopReason: string | null;
  /** What a refusal was for, where the API says it. */
  refusalCategory: string | null;
  /** Those of its blocks that are objects. */
  blocks: Block[];
  /** Null where the server does not tell it in the API's words: then nobody knows what was paid. */
  usage: Usage | null;
}

export type Block = z.infer<typeof block>;

/** Far over what any model reads or writes; and so sums of them stay whole. */
const MOST_TOKENS = 1e8;

const word = z.string().nullable().catch(null);
const tokens = z.number().int().nonnegative().max(MOST_TOKENS);
const block = z.looseObject({ type: word, name: word, text: word, input: z.unknown().optional() });
const shape = z.looseObject({
  id: word,
  model: word,
  stop_reason: word,
  stop_details: z.looseObject({ category: word }).nullable().catch(null),
  content: z.unknown().optional(),
  usage: z.unknown().optional(),
});
const usageShape = z.looseObject({
  input_tokens: tokens,
  output_tokens: tokens,
  // Other servers that speak the API may leave these out.
  cache_read_input_tokens: tokens.nullish(),
  cache_creation_input_tokens: tokens.nullish(),
});

/** @throws NotAMessage with what came instead, for people */
export function readMessage(body: unknown): Message {
  // Another API's answer has neither, nor has an error that comes with a 200.
  if (!isObject(body) || !('content' in body || body['type'] === 'message')) {
    throw new NotAMessage(isObject(body) ? `but ${otherThanMessage(body)}` : 'but other JSON');
  }
  const data = shape.parse(body);
  return {
    id: data.id,
    model: data.model,
    stopReason: data.stop_reason,
    refusalCategory: data.stop_details?.category ?? null,
    blocks: blocksOf(data.content),
    usage: readUsage(data.usage),
  };
}

/** @throws NotAMessage as `readMessage` does, for what is no JSON as well */
export function messageIn(text: string): Message {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    if (text.trim() === '') throw new NotAMessage('but empty');
    throw new NotAMessage(/^\s*</.test(text) ? 'but a page of HTML' : 'but no JSON');
  }
  return readMessage(body);
}

function blocksOf(content: unknown): Block[] {
  if (typeof content === 'string') return [block.parse({ type: 'text', text: content })];
  return [content].flat().flatMap((one) => block.safeParse(one).data ?? []);
}

/** @throws UncountableUsage for figures that are none */
function readUsage(value: unknown): Usage | null {
  if (value === undefined || value === null) return null;
  const isUntold =
    isObject(value) && (value['input_tokens'] ?? value['output_tokens'] ?? null) === null;
  if (isUntold) return null;
  const { data, error } = usageShape.safeParse(value);
  if (!data) {
    const where = String(error.issues[0]?.path[0] ?? 'no object');
    throw new UncountableUsage(`but one whose usage can't be counted (${where})`);
  }
  return {
    input: data.input_tokens,
    cacheRead: data.cache_read_input_tokens ?? 0,
    cacheWrite: data.cache_creation_input_tokens ?? 0,
    output: data.output_tokens,
  };
}

/** For people, who may learn from an error what it is about. */
function otherThanMessage(body: Record<string, unknown>): string {
  const { error } = body;
  const said = isObject(error) ? [error['type'], error['message']] : [error];
  const words = said.filter((one) => typeof one === 'string');
  return words.length > 0 ? `an error: ${words.join(': ')}` : `JSON with ${namesIn(body)}`;
}

function namesIn(body: object): string {
  const names = Object.keys(body).filter((name) => /^\w{1,20}$/.test(name));
  return names.slice(0, 4).join(', ') || 'nothing in it';
}

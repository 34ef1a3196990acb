// The answer before it is counted: what a model says, as the API puts it.

import type { Classifier, Reading } from './labels.ts';
import type { JsonObject } from './shape.ts';
import { tokensOf } from './tokens.ts';

export type Content =
  | { type: 'text'; text: string; citations: null }
  | { type: 'thinking'; thinking: string; signature: string }
  | { type: 'tool_use'; id: string; name: string; input: JsonObject; caller: { type: 'direct' } };

export interface Draft {
  content: Content[];
  stop: 'tool_use' | 'end_turn' | 'max_tokens' | 'refusal';
  outputTokens: number;
}

/** The tool's input: labels and confidences as read, and texts that nobody can take for a model's. */
export function toolInput(classifier: Classifier, reading: Reading): JsonObject {
  const input: JsonObject = {};
  let texts = 0;
  for (const field of classifier.fields) {
    if (field.kind === 'label') input[field.name] = reading.labels[field.name];
    if (field.kind === 'number') input[field.name] = reading.confidence[field.of ?? ''] ?? 0.5;
    if (field.kind === 'other') input[field.name] = field.empty;
    if (field.kind === 'text') {
      input[field.name] = texts === 0 ? summarise(reading) : explain(reading);
      texts += 1;
    }
  }
  return input;
}

export function toolCall(id: string, name: string, input: JsonObject, density: 10 | 13): Draft {
  const outputTokens = tokensOf(JSON.stringify(input), density);
  const call: Content = { type: 'tool_use', id, name, input, caller: { type: 'direct' } };
  return { content: [call], stop: 'tool_use', outputTokens };
}

export function inWords(text: string, density: 10 | 13): Draft {
  const outputTokens = tokensOf(text, density);
  return { content: [{ type: 'text', text, citations: null }], stop: 'end_turn', outputTokens };
}

/** The same after so many tokens of thought, which the API does not show. */
export function thoughtThrough(draft: Draft, tokens: number): Draft {
  if (tokens === 0) return draft;
  const thought: Content = { type: 'thinking', thinking: '', signature: 'c2ltdWxhdGVk' };
  return {
    ...draft,
    content: [thought, ...draft.content],
    outputTokens: draft.outputTokens + tokens,
  };
}

/** Ends an answer that is longer than `maxTokens`: of a tool call, the fields that were complete. */
export function cutOff(draft: Draft, maxTokens: number): Draft {
  if (draft.outputTokens <= maxTokens) return draft;
  const share = maxTokens / draft.outputTokens;
  const content = draft.content.flatMap((block) => cutBlock(block, share));
  return { content: maxTokens === 0 ? [] : content, stop: 'max_tokens', outputTokens: maxTokens };
}

const SUMMARY_LENGTH = 120;

function summarise({ subject, body }: Reading): string {
  const text = `Simulated: ${subject.trim() || body.trim()}`.replace(/\s+/g, ' ');
  if (text.length <= SUMMARY_LENGTH) return text;
  // Whole words, and so no half of a surrogate pair; a first word that is too long is left out.
  return text.slice(0, text.lastIndexOf(' ', SUMMARY_LENGTH)).trimEnd();
}

function explain({ words }: Reading): string {
  if (words.length === 0) return 'Simulated: no word of the ticket is known from the prompt.';
  return `Simulated: nearest words ${words.join(', ')}.`;
}

function cutBlock(block: Content, share: number): Content[] {
  if (block.type === 'thinking') return [block];
  if (block.type === 'text')
    return [{ ...block, text: block.text.slice(0, block.text.length * share) }];
  const length = JSON.stringify(block.input).length * share;
  const input: JsonObject = {};
  for (const [name, value] of Object.entries(block.input)) {
    if (JSON.stringify({ ...input, [name]: value }).length > length) break;
    input[name] = value;
  }
  return [{ ...block, input }];
}

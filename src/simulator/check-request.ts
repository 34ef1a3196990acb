// A parsed request body in, a typed request out, or the API's refusal.

import { invalid } from './api-error.ts';
import type { Mark } from './cache.ts';
import {
  checkContent,
  checkToolChoice,
  type Block,
  type Tool,
  type ToolChoice,
} from './check-parts.ts';
import { countTokens, modelFacts, type ModelFacts } from './model-facts.ts';
import {
  readBoolean,
  readList,
  readObject,
  readText,
  refuseLoneSurrogates,
  refuseOthers,
  type JsonObject,
} from './shape.ts';
import { measure, type Part, type Prefix } from './prefix.ts';
import { thinkingTokens } from './thinking.ts';

export interface MessageRequest {
  model: string;
  facts: ModelFacts;
  /** Whether the answer is to come in pieces. */
  isStream: boolean;
  maxTokens: number;
  /** Of these, what is gone before the answer begins. */
  thinkingTokens: number;
  prefix: Prefix;
  toolChoice: ToolChoice;
  /** The tool that will be called; null for an answer in text. */
  tool: Tool | null;
  /** The last turn's text. */
  ticket: string;
  /** Of the whole request. */
  inputTokens: number;
  marks: Mark[];
}

/** @throws ApiError 400, or 404 for a model that there is not. */
export function checkRequest(
  body: JsonObject,
  prefixOf: (body: JsonObject) => Prefix,
): MessageRequest {
  for (const name of SAMPLING) {
    if (body[name] !== undefined) throw invalid(`${name}: Extra inputs are not permitted`);
  }
  for (const name of NOT_SIMULATED) {
    if (body[name] !== undefined) throw invalid(`${name}: not simulated`);
  }
  refuseOthers(body, KNOWN, '');
  const isStream = readBoolean(body['stream'] ?? false, 'stream');
  const model = readText(body['model'], 'model');
  const maxTokens = readMaxTokens(body['max_tokens']);
  const facts = modelFacts(model);
  const prefix = prefixOf(body);
  const toolChoice = checkToolChoice(body['tool_choice'], prefix.tools, model);
  const isForced = toolChoice.type === 'tool' || toolChoice.type === 'any';
  if (maxTokens === 0 && isForced) {
    throw invalid('max_tokens: 0 is not supported with a forced tool call');
  }
  const turns = checkTurns(body['messages']);

  const parts = [...prefix.parts, ...turnParts(prefix, toolChoice, turns)];
  const usesTools = prefix.tools.length > 0 && toolChoice.type !== 'none';
  return {
    model,
    facts,
    isStream,
    maxTokens,
    thinkingTokens: thinkingTokens(body, model),
    prefix,
    toolChoice,
    tool: usesTools ? chosenTool(prefix.tools, toolChoice) : null,
    ticket: (turns.at(-1) ?? []).map((block) => block.text).join('\n'),
    ...countParts(parts, facts, usesTools ? facts.toolTokens : 0),
  };
}

const SAMPLING = ['temperature', 'top_p', 'top_k'];
const NOT_SIMULATED = ['cache_control', 'container', 'mcp_servers'];
const KNOWN = new Set([
  'max_tokens',
  'messages',
  'metadata',
  'model',
  'output_config',
  'service_tier',
  'stop_sequences',
  'stream',
  'system',
  'thinking',
  'tool_choice',
  'tools',
]);
const TURN = new Set(['role', 'content']);
const MOST_MARKS = 4;

function readMaxTokens(value: unknown): number {
  if (value === undefined) throw invalid('max_tokens: Field required');
  if (typeof value !== 'number' || !Number.isInteger(value)) {
    throw invalid('max_tokens: Input should be a valid integer');
  }
  if (value < 0) throw invalid('max_tokens: Input should be greater than or equal to 0');
  return value;
}

function checkTurns(value: unknown): Block[][] {
  const turns = readList(value, 'messages');
  refuseLoneSurrogates(turns);
  if (turns.length === 0) throw invalid('messages: at least one message is required');
  return turns.map((turn, i) => checkTurn(readObject(turn, `messages.${i}`), i));
}

function checkTurn(turn: JsonObject, i: number): Block[] {
  refuseOthers(turn, TURN, `messages.${i}.`);
  const role = turn['role'];
  if (role !== 'user' && role !== 'assistant') {
    throw invalid(`messages.${i}.role: Input should be 'user' or 'assistant'`);
  }
  if (role !== (i % 2 === 0 ? 'user' : 'assistant')) {
    throw invalid(
      i === 0
        ? 'messages: first message must use the "user" role'
        : 'messages: roles must alternate between "user" and "assistant"',
    );
  }
  return checkContent(turn['content'], `messages.${i}.content`, 'messages');
}

/** Another `tool_choice` loses what is cached of the messages, but not the prefix. */
function turnParts(prefix: Prefix, choice: ToolChoice, turns: Block[][]): Part[] {
  const blocks = turns.flat();
  if (blocks.every((block) => block.mark === null)) {
    return blocks.map(({ text }) => ({ bytes: Buffer.byteLength(text), mark: null, through: '' }));
  }
  const before = prefix.parts.at(-1)?.through ?? '';
  return measure(`${before}\0${JSON.stringify(choice)}`, blocks);
}

function chosenTool(tools: Tool[], choice: ToolChoice): Tool | null {
  return tools.find((tool) => tool.name === choice.name) ?? tools[0] ?? null;
}

function countParts(
  parts: Part[],
  facts: ModelFacts,
  toolTokens: number,
): Pick<MessageRequest, 'inputTokens' | 'marks'> {
  const marks: Mark[] = [];
  let tokens = 0;
  for (const { bytes, mark, through } of parts) {
    tokens += countTokens(bytes, facts.density);
    if (mark === '1h' && marks.some((earlier) => earlier.ttl === '5m')) {
      throw invalid(
        "a ttl='1h' cache_control block must not come after a ttl='5m' cache_control block",
      );
    }
    if (mark !== null) marks.push({ prefix: through, tokens, ttl: mark });
  }
  if (marks.length > MOST_MARKS) {
    throw invalid(
      `A maximum of ${MOST_MARKS} blocks with cache_control may be provided. Found ${marks.length}.`,
    );
  }
  return { inputTokens: tokens + toolTokens, marks };
}

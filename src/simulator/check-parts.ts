// The parts of a request: text content, `tools` and `tool_choice` in, typed ones out, or the API's 400.

import { invalid } from './api-error.ts';
import type { Ttl } from './cache.ts';
import { modelFacts } from './model-facts.ts';
import {
  isObject,
  readBoolean,
  readList,
  readObject,
  readText,
  refuseOthers,
  type JsonObject,
} from './shape.ts';

export interface Block {
  text: string;
  mark: Ttl | null;
}

/** @param where `system`, or `messages` for a turn's content. */
export function checkContent(value: unknown, path: string, where: string): Block[] {
  if (typeof value === 'string') {
    if (value === '' && where === 'system') return [];
    return [{ text: nonEmpty(value, where), mark: null }];
  }
  return readList(value, path).map((block, i) => checkBlock(block, `${path}.${i}`, where));
}

function readMark(value: unknown, path: string): Ttl | null {
  if (value === undefined || value === null) return null;
  const mark = readObject(value, path);
  refuseOthers(mark, MARK, `${path}.`);
  if (mark['type'] !== 'ephemeral') throw invalid(`${path}.type: Input should be 'ephemeral'`);
  const ttl = mark['ttl'] ?? '5m';
  if (ttl !== '5m' && ttl !== '1h')
    throw invalid(`${path}.ephemeral.ttl: Input should be '5m' or '1h'`);
  return ttl;
}

const MARK = new Set(['type', 'ttl']);
const TEXT_BLOCK = new Set(['type', 'text', 'cache_control', 'citations']);

function checkBlock(value: unknown, path: string, where: string): Block {
  const block = readObject(value, path);
  const type = readText(block['type'], `${path}.type`);
  if (type !== 'text') throw invalid(`${path}.type: only text blocks are simulated`);
  refuseOthers(block, TEXT_BLOCK, `${path}.text.`);
  const text = nonEmpty(readText(block['text'], `${path}.text.text`), where);
  return { text, mark: readMark(block['cache_control'], `${path}.text.cache_control`) };
}

function nonEmpty(text: string, where: string): string {
  if (text === '') throw invalid(`${where}: text content blocks must be non-empty`);
  if (text.trim() === '') {
    throw invalid(`${where}: text content blocks must contain non-whitespace text`);
  }
  return text;
}

export interface Tool {
  name: string;
  schema: JsonObject;
  /** As it counts and caches: without its mark. */
  text: string;
  mark: Ttl | null;
}

export interface ToolChoice {
  type: 'auto' | 'any' | 'tool' | 'none';
  /** Of the tool that is forced. */
  name: string | null;
}

export function checkTools(value: unknown): Tool[] {
  if (value === undefined) return [];
  const tools = readList(value, 'tools').map((tool, i) => checkTool(tool, `tools.${i}`));
  const names = new Set(tools.map((tool) => tool.name));
  if (names.size < tools.length) throw invalid('tools: Tool names must be unique.');
  return tools;
}

export function checkToolChoice(value: unknown, tools: Tool[], model: string): ToolChoice {
  if (value === undefined) return { type: tools.length > 0 ? 'auto' : 'none', name: null };
  const choice = readObject(value, 'tool_choice');
  const type = choiceType(choice['type']);
  refuseOthers(choice, type === 'tool' ? NAMED_CHOICE : CHOICE, `tool_choice.${type}.`);
  const isForced = type === 'tool' || type === 'any';
  if (isForced && !modelFacts(model).forces) {
    throw invalid(`tool_choice: type "${type}" is not supported on this model. Use "auto".`);
  }
  if (type !== 'tool') {
    if (type !== 'none' && tools.length === 0) {
      throw invalid('tool_choice: may only be specified while providing tools');
    }
    return { type, name: null };
  }
  const name = readText(choice['name'], 'tool_choice.tool.name');
  if (!tools.some((tool) => tool.name === name)) {
    throw invalid(`tool_choice: Tool '${name}' not found in provided tools`);
  }
  return { type, name };
}

const TOOL = new Set(['type', 'name', 'description', 'input_schema', 'strict', 'cache_control']);
const CHOICE = new Set(['type', 'disable_parallel_tool_use']);
const NAMED_CHOICE = new Set([...CHOICE, 'name']);

/** What constrained decoding does not know. */
const NOT_STRICT = [
  'minimum',
  'maximum',
  'exclusiveMinimum',
  'exclusiveMaximum',
  'multipleOf',
  'minLength',
  'maxLength',
  'maxItems',
  'uniqueItems',
];

function checkTool(value: unknown, path: string): Tool {
  const tool = readObject(value, path);
  const type = tool['type'] ?? 'custom';
  if (type !== 'custom') throw invalid(`${path}.type: only custom tools are simulated`);
  refuseOthers(tool, TOOL, `${path}.custom.`);
  const name = readText(tool['name'], `${path}.custom.name`);
  if (!/^[a-zA-Z0-9_-]{1,64}$/.test(name)) {
    throw invalid(`${path}.custom.name: String should match pattern '^[a-zA-Z0-9_-]{1,64}$'`);
  }
  if (tool['description'] !== undefined)
    readText(tool['description'], `${path}.custom.description`);
  const schema = readObject(tool['input_schema'], `${path}.custom.input_schema`);
  if (schema['type'] !== 'object') {
    throw invalid(`${path}.custom.input_schema.type: Input should be 'object'`);
  }
  const strict = tool['strict'] ?? false;
  if (readBoolean(strict, `${path}.custom.strict`)) checkStrict(schema, `${path}.custom`);
  const mark = readMark(tool['cache_control'], `${path}.custom.cache_control`);
  const { cache_control: _, ...counted } = tool;
  return { name, schema, text: JSON.stringify(counted), mark };
}

function choiceType(value: unknown): ToolChoice['type'] {
  if (value === 'auto' || value === 'any' || value === 'tool' || value === 'none') return value;
  throw invalid("tool_choice.type: Input should be 'auto', 'any', 'tool' or 'none'");
}

/** Walks schemas only: a property may well be called `maximum`. */
function checkStrict(schema: unknown, path: string): void {
  if (!isObject(schema)) return;
  if (schema['type'] === 'object' && schema['additionalProperties'] !== false) {
    throw invalid(
      `${path}: For 'object' type, 'additionalProperties' must be explicitly set to false`,
    );
  }
  const refused = NOT_STRICT.filter((word) => schema[word] !== undefined);
  if (refused.length > 0) {
    const type = String(schema['type']);
    throw invalid(
      `${path}: For '${type}' type, properties ${refused.join(', ')} are not supported`,
    );
  }
  for (const schemas of [schema['properties'], schema['$defs'], schema['definitions']]) {
    if (isObject(schemas)) Object.values(schemas).forEach((inner) => checkStrict(inner, path));
  }
  for (const schemas of [schema['anyOf'], schema['allOf'], schema['oneOf']]) {
    if (Array.isArray(schemas)) schemas.forEach((inner) => checkStrict(inner, path));
  }
  checkStrict(schema['items'], path);
}

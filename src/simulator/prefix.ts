import { isDeepStrictEqual } from 'node:util';
import { checkContent, checkTools, type Block, type Tool } from './check-parts.ts';
import { learn, type Classifier } from './labels.ts';
import { refuseLoneSurrogates, type JsonObject } from './shape.ts';

/** Tools and system of a request: what every request of a run has in common. */
export interface Prefix {
  tools: Tool[];
  system: Block[];
  /** Bytes and marks in the API's order: tools first. */
  parts: Part[];
  classifierFor(tool: Tool): Classifier;
}

export interface Part {
  bytes: number;
  mark: Block['mark'];
  /** All up to here, by which a cache finds it. */
  through: string;
}

/**
 * Reads the prefix of a request body, and remembers it by its text: checked, measured and learnt
 * once, it costs the thousands of requests that repeat it next to nothing.
 *
 * @throws ApiError 400
 */
export function prefixes(): (body: JsonObject) => Prefix {
  return (body) => {
    const tools = JSON.stringify(body['tools']);
    const system = body['system'];
    const same = known.find((one) => one.tools === tools && isDeepStrictEqual(one.system, system));
    if (same !== undefined) return same.prefix;
    const prefix = readPrefix(body);
    known = [{ tools, system, prefix }, ...known.slice(0, MOST_PREFIXES - 1)];
    return prefix;
  };
}

/** Of all simulators of this process: what a prompt says is the same to each. */
let known: Known[] = [];

interface Known {
  tools: string | undefined;
  system: unknown;
  prefix: Prefix;
}

const MOST_PREFIXES = 16;

function readPrefix(body: JsonObject): Prefix {
  refuseLoneSurrogates([body['tools'], body['system']]);
  const tools = checkTools(body['tools']);
  const system =
    body['system'] === undefined ? [] : checkContent(body['system'], 'system', 'system');
  const classifiers = new Map<string, Classifier>();
  const text = system.map((block) => block.text).join('\n');

  function classifierFor(tool: Tool): Classifier {
    const classifier = classifiers.get(tool.name) ?? learn(tool.schema, text);
    classifiers.set(tool.name, classifier);
    return classifier;
  }

  return { tools, system, parts: measure('', [...tools, ...system]), classifierFor };
}

/** @param before The text that comes before the blocks. */
export function measure(before: string, blocks: readonly Block[]): Part[] {
  let through = before;
  return blocks.map(({ text, mark }) => {
    through = `${through}\0${text}`;
    return { bytes: Buffer.byteLength(text), mark, through };
  });
}

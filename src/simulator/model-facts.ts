// What is known of each model, as of 2026-10. The client has a table of its own, so that a mistake
// in either shows.

import { ApiError } from './api-error.ts';

export interface ModelFacts {
  /** Tokens under which a prefix is silently not cached. */
  smallestPrefix: number;
  /** Whether `tool_choice` may be `tool` or `any`. */
  forces: boolean;
  /** Input tokens that the use of tools adds. */
  toolTokens: number;
  /** Tenths: newer models count 13 tokens where older ones count 10. */
  density: 10 | 13;
  /** Of one short answer, in milliseconds. */
  medianMs: number;
}

/** @throws ApiError 404 if there is no such model. */
export function modelFacts(model: string): ModelFacts {
  const facts = MODELS.get(SNAPSHOTS.get(model) ?? model);
  if (facts === undefined) throw new ApiError(404, 'not_found_error', `model: ${model}`);
  return facts;
}

/** Tokens of a text of so many UTF-8 bytes: four bytes are one, a started one counts whole. */
export function countTokens(bytes: number, density: 10 | 13): number {
  return Math.ceil((bytes * density) / 40);
}

export function tokensOf(text: string, density: 10 | 13): number {
  return countTokens(Buffer.byteLength(text), density);
}

const SNAPSHOTS = new Map([
  ['claude-haiku-4-5-20251001', 'claude-haiku-4-5'],
  ['claude-opus-4-5-20251101', 'claude-opus-4-5'],
  ['claude-sonnet-4-5-20250929', 'claude-sonnet-4-5'],
]);

// prettier-ignore
const MODELS = new Map([
  //                    prefix  forces  tools  density  ms
  ['claude-haiku-4-5',  row(4096, true,  588, 10, 1100)],
  ['claude-haiku-5-5',  row(512,  true,  406, 13, 900)],
  ['claude-sonnet-4-5', row(1024, true,  500, 10, 2400)],
  ['claude-sonnet-4-6', row(1024, true,  589, 10, 2400)],
  ['claude-sonnet-5',   row(1024, true,  500, 13, 2200)],
  ['claude-sonnet-5-5', row(512,  false, 500, 13, 2000)],
  ['claude-opus-4-5',   row(4096, true,  500, 10, 3400)],
  ['claude-opus-4-6',   row(4096, true,  500, 10, 3400)],
  ['claude-opus-4-7',   row(2048, true,  500, 13, 3200)],
  ['claude-opus-4-8',   row(1024, true,  500, 13, 3200)],
  ['claude-opus-5',     row(512,  true,  500, 13, 3000)],
  ['claude-opus-5-5',   row(512,  false, 500, 13, 3000)],
  ['claude-fable-5-1',  row(512,  false, 500, 13, 3600)],
  ['claude-fable-5-2',  row(512,  false, 500, 13, 3600)],
  ['claude-mythos-5-1', row(512,  false, 500, 13, 4200)],
  ['claude-mythos-5-2', row(512,  false, 500, 13, 4200)],
]);

function row(
  smallestPrefix: number,
  forces: boolean,
  toolTokens: number,
  density: 10 | 13,
  medianMs: number,
): ModelFacts {
  return { smallestPrefix, forces, toolTokens, density, medianMs };
}

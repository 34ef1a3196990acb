// A request in, the most that it can cost out.
import type { Usage } from '../ticket.ts';
import { costOf } from './cost.ts';
import type { Model } from './models.ts';
import type { Request } from './request.ts';

/** Tokens that no text of ours shows: 589 for a forced tool, and what frames a message. */
const OVERHEAD = 1_024;

export interface MostCost {
  /** In half nano-dollars. */
  of: (request: Request) => number;
  /** The usage of a response tells the size of the prefix, if that was cached. */
  learn: (usage: Usage) => void;
}

/**
 * For the requests of one model, which all have the same prefix (tools and system prompt). A token is
 * at least one byte of UTF-8, so where tokens are not known the bytes stand for them.
 */
export function mostCost(model: Model, known = 0): MostCost {
  let prefixBytes: number | null = null;
  let prefixTokens = known;

  function of({ tools, system, messages, max_tokens }: Request): number {
    prefixBytes ??= bytesOf([tools, system]);
    const prefix = prefixTokens || prefixBytes;
    const usage = {
      input: bytesOf(messages) + OVERHEAD,
      cacheRead: 0,
      cacheWrite: 0,
      output: max_tokens,
    };
    // A server that does not cache takes the input price, which a playbook may put above the write's.
    return Math.max(
      costOf({ ...usage, cacheWrite: prefix }, model),
      costOf({ ...usage, input: usage.input + prefix }, model),
    );
  }

  return {
    of,
    learn({ cacheRead, cacheWrite }) {
      prefixTokens = Math.max(prefixTokens, cacheRead + cacheWrite);
    },
  };
}

function bytesOf(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value));
}

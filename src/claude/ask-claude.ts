// A model and a ticket in, Claude's answer out: the live way to provide `ask`.
import { setMaxListeners } from 'node:events';
import pLimit from 'p-limit';
import type { Ask } from '../ticket.ts';
import { hostOf } from './client.ts';
import type { Bound } from './lane.ts';
import { openLine, type Line, type LineOptions } from './line.ts';
import { modelOf } from './models.ts';
import { requestMaker, type CacheTime } from './request.ts';

export interface ClaudeOptions extends Omit<LineOptions, 'host'> {
  /** Five minutes if left out; for an hour only where `models` have the prices of that. */
  cachedFor?: CacheTime | undefined;
}

export interface Claude {
  ask: Ask;
  /** By model: milliseconds in which calls waited, by what for. */
  waited: () => ReadonlyMap<string, ReadonlyMap<Bound, number>>;
}

export function askClaude({ cachedFor, ...options }: ClaudeOptions): Claude {
  const { client, playbook, models, concurrency } = options;
  // Each call in the air listens to both.
  setMaxListeners(0, options.stop, options.leave);
  const underCap = pLimit(concurrency);
  const makeRequest = requestMaker(playbook, (name) => modelOf(models, name), cachedFor);
  const lines = new Map<string, Line>();

  function lineTo(name: string): Line {
    const line =
      lines.get(name) ??
      openLine(name, makeRequest, underCap, { ...options, host: hostOf(client) });
    lines.set(name, line);
    return line;
  }

  return {
    ask: (name, ticket) => lineTo(name).ask(ticket),
    waited: () => new Map([...lines].map(([name, line]) => [name, line.waited()])),
  };
}

// Results as no server should send them.

import type { Obstacles } from '../../src/simulator/obstacles.ts';
import type { JsonObject } from '../../src/simulator/shape.ts';

/** A line of the results as it is, or should be: an object, text, or several of these. */
export type Line = JsonObject | string | readonly Line[];

/** @param edit is told the request's `custom_id` and its line, each time the results are read */
export function oddResults(edit: (customId: string, line: JsonObject) => Line): Obstacles {
  return {
    request({ endpoint }, answer) {
      const reply = answer();
      if (endpoint !== 'results' || !Array.isArray(reply.body)) return reply;
      const body = reply.body.map((text: string) => {
        const line: JsonObject = JSON.parse(text);
        return textOf(edit(String(line['custom_id']), line));
      });
      return { ...reply, body };
    },
  };
}

function textOf(line: Line): string {
  if (Array.isArray(line)) return line.map(textOf).join('');
  return `${typeof line === 'string' ? line : JSON.stringify(line)}\n`;
}

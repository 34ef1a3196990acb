import type { Obstacles } from '../../src/simulator/obstacles.ts';
import { begin, WHOLE } from '../../src/simulator/reply.ts';
import { eventText } from '../../src/simulator/stream.ts';

/** Sends the first part of each answer in parts, and each further one when it is asked for. */
export function partByPart(): { obstacle: Obstacles; next: () => void } {
  let next = () => {};
  const obstacle: Obstacles = {
    request(_call, answer) {
      const reply = answer();
      if (!Array.isArray(reply.body)) return reply;
      const parts = reply.body.values();
      return {
        ...reply,
        delivery: {
          ...WHOLE,
          send(sent, response) {
            begin(sent, response);
            next = () => {
              const { value, done } = parts.next();
              if (done === true) response.end();
              else response.write(value);
            };
            next();
          },
        },
      };
    },
  };
  return { obstacle, next: () => next() };
}

/** Ends each stream in its middle with the API's event for an error. */
export const ERROR_MIDWAY: Obstacles = {
  request(_call, answer) {
    const reply = answer();
    const { body } = reply;
    if (!Array.isArray(body)) return reply;
    const error = { type: 'overloaded_error', message: 'Overloaded' };
    const half: string[] = body.slice(0, body.length / 2);
    return { ...reply, body: [...half, eventText({ type: 'error', error })] };
  },
};

import { createHashIndex } from './hash-index.ts';
import type { Answer, Routed } from './ticket.ts';

/**
 * Marks the answers that an earlier ticket already showed: their cost stands there, so that the sum
 * over all rows is what the tickets cost.
 */
export async function* markShared(tickets: AsyncIterable<Routed>): AsyncGenerator<Routed> {
  const shown = createHashIndex();

  function marked(answer: Answer): Answer {
    if (answer.key === null) return answer;
    if (shown.find(answer.key) >= 0) return { ...answer, shared: true };
    shown.add(answer.key);
    return answer;
  }

  for await (const routed of tickets) {
    const asked = routed.asked.map(marked);
    yield asked.some(({ shared }) => shared) ? { ...routed, asked } : routed;
  }
}

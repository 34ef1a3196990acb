import type { Obstacles } from '../../src/simulator/obstacles.ts';
import type { Delivery } from '../../src/simulator/reply.ts';

/** Holds every answer back until it is let go, and from then on none. */
export function holdBack(): { obstacle: Obstacles; letGo: () => void } {
  let letGo = () => {};
  const gone = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  const held = (delivery: Delivery): Delivery => ({
    ...delivery,
    send(reply, response) {
      void gone.then(() => {
        if (!response.destroyed) delivery.send(reply, response);
      });
    },
  });
  return {
    obstacle: {
      request(_call, answer) {
        const reply = answer();
        return { ...reply, delivery: held(reply.delivery) };
      },
    },
    letGo,
  };
}

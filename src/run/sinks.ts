// What a run does with each ticket that comes out: its row, its place in the tally, a step of progress.
import type { Destination } from '../output/destination.ts';
import type { Progress } from '../output/progress.ts';
import { rowText } from '../output/row-text.ts';
import { count, type Tally } from '../output/tally.ts';
import type { Settings } from '../settings/resolve.ts';
import type { Plan } from './plan.ts';
import type { Sink } from './run.ts';

/** Rows as they come; the destination is finished with the last. */
export function rowSink(
  destination: Destination,
  { settings, intake, output }: Pick<Plan, 'intake' | 'output'> & { settings: Settings },
): Sink {
  const { flags, playbook } = settings;
  const text = rowText({
    format: output.format,
    shape: intake.shape,
    prefix: flags.prefix,
    playbook: playbook.identity,
    excel: flags.excel,
  });
  let { header } = text;
  return {
    async take(routed) {
      await destination.write(header + text.row(routed));
      header = '';
    },
    async finish() {
      if (header) await destination.write(header);
      await destination.finish();
    },
  };
}

export function tallySink(tally: Tally): Sink {
  return { take: (routed) => count(tally, routed) };
}

/** Shows what the tally has come to, and so stands behind it. */
export function progressSink(progress: Pick<Progress, 'update'>, tally: Tally): Sink {
  return {
    take() {
      const { tickets, bytes, escalated, triage, cost } = tally;
      progress.update({
        tickets,
        bytes,
        escalated: escalated.tickets,
        triage: triage.tickets,
        cost: cost.run,
      });
    },
  };
}

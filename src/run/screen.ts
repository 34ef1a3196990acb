// stderr as a person sees it: notes, and progress below them.
import { startProgress, type Progress, type ProgressOptions } from '../output/progress.ts';
import { printed } from '../ground/printable.ts';
import type { Settings } from '../settings/resolve.ts';
import type { Context } from './context.ts';

export interface Screen extends Omit<Progress, 'note'> {
  /** Tells something, in lines; nothing with `--quiet`. */
  note: (...lines: string[]) => void;
  /** The same of a text that is painted, and so must be harmless already. */
  show: (text: string) => void;
  /** Shows how far the run is from now on, until `stop`. */
  start: (of: Pick<ProgressOptions, 'total' | 'waiting'>) => void;
}

export function openScreen({ flags, volume }: Settings, { stderr, clock }: Context): Screen {
  let progress: Progress | null = null;

  function show(text: string): void {
    if (volume === 'quiet') return;
    if (progress) progress.note(text);
    else stderr.write(text);
  }

  return {
    note: (...lines) => show(printed(...lines)),
    show,
    start(of) {
      const mode = flags.progress && volume !== 'quiet' ? 'bar' : 'none';
      progress = startProgress({ stderr, mode, now: clock.now, simulated: flags.simulate, ...of });
    },
    update: (reached) => progress?.update(reached),
    stop: () => progress?.stop(),
  };
}

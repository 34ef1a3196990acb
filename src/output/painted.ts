// Lines, some of them painted, in; text that a terminal can be given out.
import { styleText } from 'node:util';
import { printable } from '../ground/printable.ts';

export const WIDTH = 80;

/** It is painted last, so that nothing but this paints. */
export type Line = string | { style: 'bold' | 'dim' | 'yellow'; text: string };

export function bold(text: string): Line {
  return { style: 'bold', text };
}

export function dim(text: string): Line {
  return { style: 'dim', text };
}

export function yellow(text: string): Line {
  return { style: 'yellow', text };
}

/** A table whose first line is its heading. */
export function headed([heading = '', ...lines]: string[]): Line[] {
  return [bold(heading), ...lines];
}

/** Each line is one, whatever its text holds. */
export function painted(lines: readonly Line[], colour: boolean): string {
  return lines.map((line) => `${paintedLine(line, colour)}\n`).join('');
}

function paintedLine(line: Line, colour: boolean): string {
  if (typeof line === 'string') return printable(line);
  const text = printable(line.text);
  // Of itself, newer Node looks at stdout, which is where the rows go.
  return colour ? styleText(line.style, text, { validateStream: false }) : text;
}

// Cells in; lines that fit a terminal out.
import { printable } from './printable.ts';

/**
 * The first column is on the left and gives way where the width does not suffice; the others are on
 * the right. The first row is the heading.
 */
export function textTable(table: string[][], width: number): string[] {
  const rows = table.map((row) => row.map(printable));
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, at) => (widths[at] = Math.max(widths[at] ?? 0, textWidth(cell))));
  }
  const others = widths.slice(1).reduce((sum, other) => sum + other + GAP.length, 0);
  const first = Math.min(widths[0] ?? 0, Math.max(width - others, 2));
  return rows.map(([name = '', ...cells]) => {
    const figures = cells.map((cell, at) => alignRight(cell, widths[at + 1] ?? 0));
    return [alignLeft(shorten(name, first), first), ...figures].join(GAP);
  });
}

const GAP = '  ';

/** One line, with `…` where it is cut. */
export function shorten(text: string, width: number): string {
  const clean = printable(text);
  if (textWidth(clean) <= width) return clean;
  let kept = '';
  for (const character of clean) {
    if (textWidth(kept + character) > width - 1) break;
    kept += character;
  }
  return `${kept}…`;
}

export function alignLeft(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - textWidth(text)));
}

export function alignRight(text: string, width: number): string {
  return ' '.repeat(Math.max(0, width - textWidth(text))) + text;
}

/** In terminal columns: two for the wide characters of East Asia and for emoji. */
export function textWidth(text: string): number {
  let width = 0;
  for (const character of text) {
    if (/\p{M}|\p{Cf}/u.test(character)) continue;
    width += WIDE.test(character) ? 2 : 1;
  }
  return width;
}

const WIDE =
  /[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Hangul}\p{Emoji_Presentation}\u3000-\u303f\uff01-\uff60]/u;

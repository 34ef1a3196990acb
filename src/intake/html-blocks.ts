// Texts and tags as they come → the same with blocks alone, well nested, each text in its place.
import { isBlock } from './html-tokens.ts';

export interface Blocks {
  /** Tags of blocks, without attributes but for spans and numbers, and escaped texts. */
  parts: string[];
  /** Which parts are texts in no block. */
  loose: number[];
  /** How often `<br>` stands in no block. */
  looseBreaks: number;
  /** Whether a library can be trusted with them: neither deep nor wide, no text beside cells. */
  isOrdinary: boolean;
}

export interface BlockBuilder {
  addText: (text: string) => void;
  /** @param source the tag */
  open: (name: string, source: string) => void;
  close: (name: string) => void;
  end: () => Blocks;
}

/** Of open blocks, and of those among them that put something before each line. */
const DEEPEST = 100;
const DEEPEST_INDENT = 12;
/** As browsers have it. */
const WIDEST_SPAN = 1000;
/** Of all tables: places of cells, and characters if each of their lines were as long as all cells. */
const MOST_PLACES = 20_000;
const MOST_CHARACTERS = 50_000_000;
/** Lines of cells are broken here. */
const CELL_WIDTH = 60;

/** Blocks that the library knows; all others are a `div` to it. */
const OWN = new Set(
  'article aside blockquote div footer form h1 h2 h3 h4 h5 h6 header li main nav ol p pre section table td th tr ul'.split(
    ' ',
  ),
);
const PRE = new Set(['textarea', 'xmp']);
const LISTS = new Set(['dir', 'menu', 'ol', 'ul']);
const CELLS = new Set(['td', 'th']);
const TABLE_PARTS = new Set(['caption', 'tbody', 'td', 'tfoot', 'th', 'thead', 'tr']);
/** Inline elements that are seen apart from what stands beside them. */
const APART = new Set(['button', 'input']);
/** The open elements that an element ends, for they need no end tags. */
const SIBLINGS: Record<string, string[]> = {
  dd: ['dd', 'dt'],
  dt: ['dd', 'dt'],
  li: ['li'],
  option: ['option'],
};

/** Takes time in proportion to the length. */
export function createBlocks(): BlockBuilder {
  const parts: string[] = [];
  const loose: number[] = [];
  /** Names, the outermost first. */
  const blocks: string[] = [];
  const size = { places: 0, width: 0, lines: 0 };
  let looseBreaks = 0;
  let isOrdinary = true;

  function isBetweenCells(): boolean {
    const last = blocks.at(-1);
    return last === 'table' || last === 'tr';
  }

  function addBreak() {
    size.lines += 1;
    parts.push('<br>');
  }

  function push(name: string, attributes = '') {
    const indents = blocks.filter((one) => one === 'li' || one === 'blockquote');
    if (blocks.length >= DEEPEST || indents.length >= DEEPEST_INDENT) {
      isOrdinary = false;
      addBreak();
      return;
    }
    size.lines += 1;
    parts.push(`<${tagOf(name)}${attributes}>`);
    blocks.push(name);
  }

  function popTo(at: number) {
    for (const name of blocks.splice(at).toReversed()) parts.push(`</${tagOf(name)}>`);
  }

  /** Ends the nearest of these and all in it, where no wall is before it. */
  function end(names: readonly string[], isWall: (name: string) => boolean): boolean {
    const at = blocks.findLastIndex((name) => names.includes(name) || isWall(name));
    if (!names.includes(blocks[at] ?? '')) return false;
    popTo(at);
    return true;
  }

  function openTablePart(name: string, source: string) {
    const table = blocks.lastIndexOf('table');
    const isCell = CELLS.has(name);
    if (table < 0) {
      if (isCell) parts.push(' ');
      else addBreak();
      return;
    }
    const isInRow = blocks[table + 1] === 'tr';
    popTo(isCell && isInRow ? table + 2 : table + 1);
    if (name === 'caption') addBreak();
    if (name === 'tr' || (isCell && !isInRow)) push('tr');
    if (!isCell) return;
    const [colspan, rowspan] = [spanOf(source, 'colspan'), spanOf(source, 'rowspan')];
    size.places += colspan * rowspan;
    push(name, ` colspan="${colspan}" rowspan="${rowspan}"`);
  }

  function openBlock(name: string, source: string) {
    // A form around rows, a table in a row: as browsers have it, no block begins between cells.
    if (isBetweenCells()) {
      if (name !== 'table') return addBreak();
      popTo(blocks.lastIndexOf('table'));
    }
    if (blocks.at(-1) === 'p') popTo(blocks.length - 1);
    end(SIBLINGS[name] ?? [], (one) => CELLS.has(one) || LISTS.has(one) || one === 'dl');
    if (name === 'hr') parts.push('<hr>');
    else if (name === 'li' && !LISTS.has(blocks.at(-1) ?? '')) parts.push('<br>', '* ');
    else push(name, name === 'ol' ? numberingOf(source) : '');
  }

  return {
    addText(text) {
      const isBlank = text.trim() === '';
      if (isBetweenCells()) {
        if (isBlank) return;
        isOrdinary = false;
      }
      if (blocks.length === 0) loose.push(parts.length);
      if (blocks.includes('table')) {
        size.width += Math.min(text.length, Math.max(CELL_WIDTH, longestWord(text)));
        size.lines += text.length / CELL_WIDTH;
      }
      parts.push(text.replaceAll('&', '&amp;').replaceAll('<', '&lt;'));
    },
    open(name, source) {
      if (name === 'br') {
        if (blocks.length === 0) looseBreaks += 1;
        addBreak();
      } else if (TABLE_PARTS.has(name)) openTablePart(name, source);
      else if (isBlock(name)) openBlock(name, source);
      else if (APART.has(name)) parts.push(' ');
    },
    close(name) {
      if (!isBlock(name)) return;
      const isWall = (one: string) =>
        name === 'table' ? false : TABLE_PARTS.has(name) ? one === 'table' : CELLS.has(one);
      const isEnded = end([name], isWall);
      if (name === 'p' && !isEnded && !isBetweenCells()) parts.push('<p></p>');
    },
    end() {
      popTo(0);
      isOrdinary &&= size.places <= MOST_PLACES && size.width * size.lines <= MOST_CHARACTERS;
      return { parts, loose, looseBreaks, isOrdinary };
    },
  };
}

function tagOf(name: string): string {
  if (LISTS.has(name)) return name === 'ol' ? 'ol' : 'ul';
  if (PRE.has(name)) return 'pre';
  return OWN.has(name) ? name : 'div';
}

function spanOf(tag: string, attribute: 'colspan' | 'rowspan'): number {
  const value = new RegExp(`\\s${attribute}\\s*=\\s*["']?\\s*(\\d+)`, 'i').exec(tag)?.[1];
  return Math.min(Number(value ?? 1) || 1, WIDEST_SPAN);
}

/** What a list counts with, and from where. */
function numberingOf(tag: string): string {
  const start = /\sstart\s*=\s*["']?(-?\d{1,6})(?!\d)/i.exec(tag)?.[1] ?? '1';
  const type = /\stype\s*=\s*["']?([aAiI1])\b/.exec(tag)?.[1] ?? '1';
  return ` start="${start}" type="${type}"`;
}

function longestWord(text: string): number {
  let longest = 0;
  for (const [word] of text.matchAll(/\S+/g)) longest = Math.max(longest, word.length);
  return longest;
}

// The tokens of a page → its blocks and texts, without what no reader sees and with what only looks like a tag.
import { type Blocks, createBlocks } from './html-blocks.ts';
import { type TagToken, type Token, isKnown, isVoid } from './html-tokens.ts';
import { isProse, standsAlone } from './is-html.ts';

/** What scripts and style sheets have and sentences have not, which a mere `<script>` swallows too. */
const CODE = /[{};=]|\w\(|@import/;
const COMMENT = /^<(?:!(?:--|\[|doctype|element|entity|attlist)|\?[a-z])/i;
/** As in `<o:p>` and `<my-element>`; `<https://example.com>` is none, nor is `<jo@example.com>`. */
const FOREIGN = /^(?!https?:|ftp:|mailto:)[a-z][a-z0-9]*(?:[:-][\w.:-]*)?$/;

export function pageOf(
  source: string,
  tokens: readonly Token[],
  paired: ReadonlySet<Token>,
): Blocks {
  const blocks = createBlocks();
  const isInProse = isProse(tokens, paired);
  // Markdown hides comments, plain text does not, and the words in them may be a customer's.
  const showsComments =
    isInProse && !tokens.some((token) => token.kind === 'open' && token.name === 'br');

  function isMarkup(tag: TagToken): boolean {
    if (tag.isSentence) return false;
    const isSure = tag.hasValues || paired.has(tag);
    if (isKnown(tag.name)) return isSure || isVoid(tag.name) || !standsAlone(source, tag);
    return isSure && !isInProse && FOREIGN.test(tag.name);
  }

  for (const token of tokens) {
    const written = source.slice(token.start, token.end);
    if (token.kind === 'text') {
      const isHidden =
        (token.within === 'title' && !isInProse) ||
        ((token.within === 'script' || token.within === 'style') && CODE.test(token.text));
      if (!isHidden) blocks.addText(token.text);
    } else if (token.kind === 'unfinished') blocks.addText(written);
    else if (token.kind === 'comment') {
      if (showsComments || !COMMENT.test(written)) blocks.addText(written);
    } else if (!isMarkup(token)) blocks.addText(written);
    else if (token.kind === 'open') blocks.open(token.name, written);
    else blocks.close(token.name);
  }
  return withWritersLines(blocks.end());
}

/** In no block line breaks are the writer's own, if there are more of them than of `<br>`. */
function withWritersLines(blocks: Blocks): Blocks {
  const lines = blocks.loose.flatMap((at) => blocks.parts[at]?.trim().match(LINE_END) ?? []);
  if (blocks.looseBreaks > 0 && lines.length <= blocks.looseBreaks) return blocks;
  const loose = new Set(blocks.loose);
  const parts = blocks.parts.flatMap((part, at) => {
    if (!loose.has(at)) return part;
    const isAfterBlock = isBlockTag(blocks.parts[at - 1]);
    return withBreaks(part, isAfterBlock, isBlockTag(blocks.parts[at + 1]));
  });
  return { ...blocks, parts };
}

/** Beyond the first and the last part there is as good as a block. */
function isBlockTag(part = '<'): boolean {
  return part.startsWith('<');
}

const LINE_END = /\r\n?|\n/g;

function withBreaks(text: string, isAfterBlock: boolean, isBeforeBlock: boolean): string[] {
  const words = text.trim();
  if (words === '' && isAfterBlock && isBeforeBlock) return [' '];
  if (words === '') return breaks(text, isAfterBlock || isBeforeBlock);
  const before = text.slice(0, text.length - text.trimStart().length);
  const after = text.slice(text.trimEnd().length);
  return [
    ...breaks(before, isAfterBlock),
    ...words.split(LINE_END).flatMap((line, at) => (at === 0 ? line : ['<br>', line])),
    ...breaks(after, isBeforeBlock),
  ];
}

/** @param isAtBlock which makes one of the line breaks by itself */
function breaks(space: string, isAtBlock: boolean): string[] {
  const count = space.match(LINE_END)?.length ?? 0;
  return count === 0 ? [space] : Array<string>(isAtBlock ? count - 1 : count).fill('<br>');
}

// A body as written → as its reader sees it: HTML as text, plain text as it is.
import { compile } from 'html-to-text';
import { pageOf } from './html-page.ts';
import { type Token, pairsOf, tokensOf } from './html-tokens.ts';
import { isHtml } from './is-html.ts';

/**
 * Tags that only HTML has. Those of one letter must not follow a word, or `vector<a>` would be one;
 * `List<String>` and `<someone@example.com>` are no tags at all.
 */
const TAG =
  /<\/?(?:html|head|body|p|br|hr|div|span|table|tbody|thead|tr|td|th|ul|ol|li|em|strong|h[1-6]|blockquote|pre|code|img|font|style|script|meta|section|article|center)\b[^<>]*>|(?<!\w)<\/?(?:a|b|i|u|s)(?:\s[^<>]*)?>/i;
/** Beyond these a library that builds a tree takes too long. */
const MOST_PARTS = 20_000;
const LONGEST = 400_000;
const WORD = /[\p{L}\p{N}]/u;

const convert = compile({
  wordwrap: false,
  selectors: [
    ...['h1', 'h2', 'h3', 'h4', 'h5', 'h6'].map((selector) => ({
      selector,
      options: { uppercase: false },
    })),
    { selector: 'table', format: 'dataTable', options: { uppercaseHeaderCells: false } },
  ],
});

/**
 * No word that a browser would show is lost, nor one of a text that merely speaks of HTML. Takes
 * time in proportion to the length.
 */
export function htmlText(text: string): string {
  if (!text.includes('<') || !TAG.test(text)) return text;
  const tokens = tokensOf(text);
  const paired = pairsOf(tokens);
  if (!isHtml(text, tokens, paired)) return text;
  const { parts, isOrdinary } = pageOf(text, tokens, paired);
  const isShort = parts.length <= MOST_PARTS && text.length <= LONGEST;
  const shown = isOrdinary && isShort ? convert(parts.join('')) : lineByLine(parts);
  return WORD.test(shown) ? shown : titleOf(tokens);
}

/** Of a page that says nothing else. */
function titleOf(tokens: readonly Token[]): string {
  return tokens
    .flatMap((token) => (token.kind === 'text' && token.within === 'title' ? token.text : []))
    .join('\n');
}

/** A page too deep or too wide for a library that indents and aligns: each block on a line. */
function lineByLine(parts: readonly string[]): string {
  const lines: string[] = [];
  let line = '';
  let isPre = false;
  for (const part of parts) {
    if (!part.startsWith('<')) {
      const text = part.replaceAll('&lt;', '<').replaceAll('&amp;', '&');
      line += isPre ? text : text.replace(/[ \t\r\n\f\u200b]+/g, ' ');
    } else if (/^<t[dh]/.test(part)) line += '   ';
    else if (!/^<\/t[dh]/.test(part)) {
      if (line.trim() !== '' || part === '<br>') lines.push(line.trim());
      line = part.startsWith('<li') ? '* ' : '';
      if (/^<\/?pre/.test(part)) isPre = !part.startsWith('</');
    }
  }
  return [...lines, line].join('\n');
}

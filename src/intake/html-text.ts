import { compile } from 'html-to-text';

/**
 * Tags that only HTML has. Those of one letter must not follow a word, or `vector<a>` would be one;
 * `List<String>` and `<someone@example.com>` are no tags at all.
 */
const TAG =
  /<\/?(?:html|head|body|p|br|hr|div|span|table|tbody|thead|tr|td|th|ul|ol|li|em|strong|h[1-6]|blockquote|pre|code|img|font|style|script|meta|section|article|center)\b[^<>]*>|(?<!\w)<\/?(?:a|b|i|u|s)(?:\s[^<>]*)?>/i;

/** Tags whose HTML sets its own lines: in text without them, the line breaks are the writer's. */
const BLOCK = /<(?:html|body|p|br|div|table|ul|ol|li|h[1-6]|blockquote|pre)\b/i;

const selectors = [
  { selector: 'a', options: { ignoreHref: true } },
  { selector: 'img', format: 'skip' },
  ...['h1', 'h2', 'h3', 'h4', 'h5', 'h6'].map((selector) => ({
    selector,
    options: { uppercase: false },
  })),
  { selector: 'table', format: 'dataTable', options: { uppercaseHeaderCells: false } },
];
const limits = { maxInputLength: 1 << 24 };
const ownLines = compile({ wordwrap: false, selectors, limits });
const writersLines = compile({ wordwrap: false, preserveNewlines: true, selectors, limits });

/** HTML as the text that a reader sees; other text as it is. */
export function htmlText(text: string): string {
  if (!text.includes('<') || !TAG.test(text)) return text;
  return BLOCK.test(text) ? ownLines(text) : writersLines(text);
}

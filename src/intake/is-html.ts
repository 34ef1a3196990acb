// A text and its tokens → whether it is HTML, or plain text that speaks of it.
import { type TagToken, type Token, isBlock, isKnown, isVoid } from './html-tokens.ts';

/**
 * Whoever takes plain text for HTML loses words and line breaks; the other way round a few tags
 * more are sent. So a text that begins with a tag is HTML where one tag is used as such, any other
 * only where none is merely mentioned.
 */
export function isHtml(
  source: string,
  tokens: readonly Token[],
  paired: ReadonlySet<Token>,
): boolean {
  const tags = tokens.filter(isTag).filter(({ name }) => isKnown(name));
  if (!tags.some((tag) => isUsed(source, tag, paired))) return false;
  if (!isProse(tokens, paired)) return true;
  const isInCode = codeFinder(source);
  return !tokens.some(
    (token) =>
      token.kind === 'unfinished' ||
      (isTag(token) &&
        isKnown(token.name) &&
        (isInCode(token) || isMentioned(source, token, paired))),
  );
}

/** Whether it begins with words, as HTML as a whole does not. */
export function isProse(tokens: readonly Token[], paired: ReadonlySet<Token>): boolean {
  const first = tokens.find(
    (token) => token.kind !== 'comment' && (token.kind !== 'text' || token.text.trim() !== ''),
  );
  return !first || !isTag(first) || !(isKnown(first.name) || paired.has(first));
}

/** Whether it stands there like a word: `the <div> is`, `"<b>"`, `Foo<P> bar`. */
export function standsAlone(source: string, tag: TagToken): boolean {
  const before = source[tag.start - 1] ?? '\n';
  const after = source[tag.end] ?? '\n';
  if (isQuoted(before, after)) return true;
  if (isVoid(tag.name) && /[\n\r<]/.test(after)) return false;
  if (/\w/.test(before)) return !isVoid(tag.name) && /[\s(){};,.>\]]/.test(after);
  if (!/\s/.test(before)) return false;
  return /[ \t.,;:!?)]/.test(after) || (/\s/.test(after) && /[ \t]/.test(before));
}

function isTag(token: Token): token is TagToken {
  return token.kind === 'open' || token.kind === 'close';
}

function isUsed(source: string, tag: TagToken, paired: ReadonlySet<Token>): boolean {
  if (tag.isSentence) return false;
  return tag.hasValues || paired.has(tag) || !standsAlone(source, tag);
}

/** In a text that begins with words. */
function isMentioned(source: string, tag: TagToken, paired: ReadonlySet<Token>): boolean {
  if (tag.isSentence || isQuoted(source[tag.start - 1], source[tag.end])) return true;
  // Code that somebody shows: a page that began with words would hide it.
  if (/^(?:script|style|textarea|xmp)$/.test(tag.name)) return true;
  if (!paired.has(tag) && !tag.hasValues) return standsAlone(source, tag);
  const isInSentence = /[^\s>][ \t]+$/.test(source.slice(Math.max(0, tag.start - 20), tag.start));
  return tag.kind === 'open' && isBlock(tag.name) && isInSentence;
}

function isQuoted(before = '', after = ''): boolean {
  return /["'`(‘“„«]/.test(before) && /["'`)’“”»]/.test(after);
}

/** Of tags in their order: whether one stands in code as Markdown sets it off. */
function codeFinder(source: string): (tag: TagToken) => boolean {
  const codes = source.matchAll(/```[^]*?(?:```|$)|`[^`\n]+`/g);
  let code = codes.next();
  return ({ start }) => {
    while (!code.done && code.value.index + code.value[0].length <= start) code = codes.next();
    return !code.done && code.value.index < start;
  };
}

// A field's text as read → as sent.

/** Most texts have none of what is taken out or changed, and one look is cheaper than three passes. */
const UNCLEAN = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]|\p{Surrogate}/u;
const CONTROL = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]/g;
const LONE_SURROGATE = /\p{Surrogate}/gu;

/** Without what no reader sees and the API may refuse: control characters, lone surrogates, outer space. */
export function cleanText(text: string): string {
  if (!UNCLEAN.test(text)) return text.trim();
  return text.replace(/\r\n?/g, '\n').replace(CONTROL, '').replace(LONE_SURROGATE, '').trim();
}

/**
 * A longer text as its first three quarters and its last quarter, with a mark between; never cut
 * inside a character. @param most in UTF-16 units, the mark not counted
 */
export function cutMiddle(text: string, most: number): string {
  if (text.length <= most) return text;
  const headEnd = betweenCharacters(text, Math.floor(most * 0.75));
  const tailStart = betweenCharacters(text, text.length - (most - Math.floor(most * 0.75)));
  const left = tailStart - headEnd;
  return `${text.slice(0, headEnd)}\n[… ${left} characters left out …]\n${text.slice(tailStart)}`;
}

function betweenCharacters(text: string, at: number): number {
  const insidePair =
    /[\udc00-\udfff]/.test(text[at] ?? '') && /[\ud800-\udbff]/.test(text[at - 1] ?? '');
  return insidePair ? at - 1 : at;
}

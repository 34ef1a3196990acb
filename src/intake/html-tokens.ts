// HTML source → its tokens, one after the other, to the last character.
import { QuoteType, Tokenizer } from 'htmlparser2';

/** Offsets in the source, the end excluded. */
interface Place {
  start: number;
  end: number;
}

interface TextToken extends Place {
  kind: 'text';
  /** Entities decoded. */
  text: string;
  /** The element that takes all up to its end for text, as `script` does; null: none. */
  within: string | null;
}

export interface TagToken extends Place {
  kind: 'open' | 'close';
  /** In small letters. */
  name: string;
  /** Whether an attribute has a value. */
  hasValues: boolean;
  /** Whether the attributes are rather words: `<div class="cart` takes all that follows up to a `>`. */
  isSentence: boolean;
}

/** A declaration too. */
interface CommentToken extends Place {
  kind: 'comment';
}

/** A tag, a comment or a `<script>` that never ends. */
interface UnfinishedToken extends Place {
  kind: 'unfinished';
}

export type Token = TextToken | TagToken | CommentToken | UnfinishedToken;

/** Elements whose content is text to a browser, whatever it looks like. */
const RAW = new Set(['script', 'style', 'textarea', 'title', 'xmp']);
const BOOLEAN =
  /^(?:async|checked|compact|controls|defer|disabled|hidden|ismap|loop|multiple|muted|noshade|nowrap|open|readonly|required|reversed|selected)$/i;
/** So many names without a value are words, where there are so many words in all, or lines. */
const BARE_NAMES = 3;
const WORDS = 6;
const VALUE_WORDS = 4;

/** Takes time in proportion to the length. */
export function tokensOf(source: string): Token[] {
  const tokens: Token[] = [];
  /** Where the last token ends. */
  let end = 0;
  let tag = startOf('');
  /** Place of the tag whose content is text; -1: none is open. */
  let rawFrom = -1;
  let within: string | null = null;

  function addText(text: string, to: number) {
    const last = tokens.at(-1);
    if (last?.kind === 'text' && last.within === within) {
      last.text += text;
      last.end = to;
    } else {
      tokens.push({ kind: 'text', start: end, end: to, text, within });
    }
    end = to;
  }

  function startTag(start: number, to: number) {
    tag = startOf(source.slice(start, to).toLowerCase());
  }

  function addTag(kind: TagToken['kind'], to: number) {
    const { name, values, bareNames, isOdd } = tag;
    const isSentence = (isOdd || bareNames >= BARE_NAMES) && isLong(source.slice(end, to));
    const isRaw = kind === 'open' && RAW.has(name);
    rawFrom = isRaw ? tokens.length : -1;
    within = isRaw ? name : null;
    tokens.push({ kind, start: end, end: to, name, hasValues: values > 0, isSentence });
    end = to;
  }

  function addOther(kind: 'comment' | 'unfinished', to: number) {
    tokens.push({ kind, start: end, end: to });
    end = to;
  }

  const tokenizer = new Tokenizer(
    {},
    {
      ontext: (_, to) => addText(source.slice(end, to), to),
      ontextentity: (code, to) => addText(String.fromCodePoint(code), to),
      oncdata: (start, at, offset) =>
        addText(source.slice(start, at - offset), Math.min(at + 1, source.length)),
      onopentagname: startTag,
      onattribname(start, to) {
        const name = source.slice(start, to);
        if (/["'<]/.test(name)) tag.isOdd = true;
        else if (BOOLEAN.test(name)) tag.bareNames -= 1;
      },
      onattribdata(start, to) {
        tag.isOdd ||= isProse(source.slice(start, to));
      },
      onattribentity() {},
      onattribend(quote) {
        if (quote === QuoteType.NoValue) tag.bareNames += 1;
        else tag.values += 1;
      },
      onopentagend: (at) => addTag('open', at + 1),
      onselfclosingtag: (at) => addTag('open', at + 1),
      onclosetag(start, to) {
        startTag(start, to);
        const at = source.indexOf('>', to);
        if (at >= 0) addTag('close', at + 1);
      },
      oncomment: (_, at) =>
        at < source.length ? addOther('comment', at + 1) : addOther('unfinished', at),
      ondeclaration: (_, at) => addOther('comment', at + 1),
      onprocessinginstruction: (_, at) => addOther('comment', at + 1),
      onend() {},
    },
  );
  tokenizer.write(source);
  tokenizer.end();

  if (rawFrom >= 0) tokens.length = rawFrom;
  end = tokens.at(-1)?.end ?? 0;
  if (end < source.length) addOther('unfinished', source.length);
  return tokens;
}

/** Of a tag that is being read. */
function startOf(name: string) {
  return { name, values: 0, bareNames: 0, isOdd: false };
}

/** A value over several lines that is no list of styles, addresses or numbers. */
function isProse(value: string): boolean {
  const words = () => value.match(/\s\p{L}[\p{L}\p{N}]{2,}/gu)?.length ?? 0;
  return value.includes('\n') && !/[{};=]/.test(value) && words() >= VALUE_WORDS;
}

function isLong(tag: string): boolean {
  return (tag.match(/\s\w/g)?.length ?? 0) >= (tag.includes('\n') ? WORDS / 2 : WORDS);
}

const BLOCKS = new Set(
  'address article aside blockquote body caption center dd details dialog dir div dl dt fieldset figcaption figure footer form frameset h1 h2 h3 h4 h5 h6 head header hgroup html legend li main menu nav ol optgroup option p pre section select summary table tbody td textarea tfoot th thead tr ul xmp'.split(
    ' ',
  ),
);
const INLINE = new Set(
  'a abbr acronym area audio b base basefont bdi bdo big blink br button canvas cite code col colgroup data datalist del dfn em embed font frame hr i iframe img input ins kbd keygen label link map mark marquee math meta meter nobr noembed noframes noscript object output param picture plaintext progress q rp rt ruby s samp script small source span strike strong style sub sup svg template time title track tt u var video wbr'.split(
    ' ',
  ),
);
const VOIDS = new Set(
  'area base basefont br col embed frame hr img input keygen link meta param source track wbr'.split(
    ' ',
  ),
);

export function isBlock(name: string): boolean {
  return BLOCKS.has(name);
}

/** Whether it never has an end tag. */
export function isVoid(name: string): boolean {
  return VOIDS.has(name);
}

export function isKnown(name: string): boolean {
  return BLOCKS.has(name) || INLINE.has(name);
}

/** Tags with a partner: where elements overlap, each end tag takes the last open one of its name. */
export function pairsOf(tokens: readonly Token[]): Set<Token> {
  const open = new Map<string, Token[]>();
  const paired = new Set<Token>();
  for (const token of tokens) {
    if (token.kind === 'open') {
      const same = open.get(token.name);
      if (same) same.push(token);
      else open.set(token.name, [token]);
    } else if (token.kind === 'close') {
      const partner = open.get(token.name)?.pop();
      if (partner) paired.add(partner).add(token);
    }
  }
  return paired;
}

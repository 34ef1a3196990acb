import * as fc from 'fast-check';
import { type DefaultTreeAdapterMap, parse } from 'parse5';
import { describe, expect, test } from 'vitest';
import { htmlText } from '../../src/intake/html-text.ts';

test.each([
  ['<p>Hello</p><p>World &amp; all</p>', 'Hello\n\nWorld & all'],
  ['Hello<br>World', 'Hello\nWorld'],
  ['Hello,<br />\nit fails.<br />\n<br />\nJo', 'Hello,\nit fails.\n\nJo'],
  ['<div>a</div>\n<div>b</div>', 'a\nb'],
  ['first line\n<b>second</b> line', 'first line\nsecond line'],
  ['<style>p { color: red }</style><p>seen</p><script>x()</script>', 'seen'],
  ['<p>see <a href="https://example.com/x">this</a><img src="x.png"></p>', 'see this'],
  ['<h1>Title</h1><ul><li>one</li><li>two</li></ul>', 'Title\n\n * one\n * two'],
  ['<!-- hidden --><p>seen</p>', 'seen'],
  ['<p>a<o:p></o:p></p><![if !x]><p>b</p><![endif]>', 'a\n\nb'],
  ['<div><dl><dt>Order<dd>17<dt>Card<dd>Visa</dl></div>', 'Order\n17\nCard\nVisa'],
  ['<ol start="3"><li>c<li>d</ol>', '3. c\n 4. d'],
  ['<li>one<li>two', '* one\n* two'],
  ['<p>It says &lt;body&gt; &#x1F600;&nbsp;!</p>', 'It says <body> 😀\u00a0!'],
])('HTML is read as a browser shows it: %j', (html, text) => {
  expect(htmlText(html).trim()).toBe(text);
});

const cell = (text: string) => `<td>${text}</td>`;

test('cells stand in columns, and what stands beside them is not lost', () => {
  const rows = `<tr>${cell('Lamp')}${cell('2')}</tr><tr>${cell('Bed')}${cell('1')}</tr>`;
  expect(htmlText(`<table>${rows}</table>`)).toBe('Lamp   2\nBed    1');
  expect(htmlText(`<table><form>${rows}</form></table>`)).toBe('Lamp   2\nBed    1');
  const loose = htmlText(`<table>Order 17<caption>of May</caption>${rows}</table>`);
  expect(loose.replace(/ +/g, ' ')).toMatch(/Order 17\s+of May\s+Lamp 2\s+Bed 1/);
});

describe('of a page all is read', () => {
  test.each([
    ['before it', '<p>Cancel it.</p><html><head></head><body>our newsletter</body></html>'],
    ['before it, as plain text', 'Cancel it.\n\n<html><body>our newsletter</body></html>'],
    ['after it', '<html><body><p>our newsletter</p></body></html>\nCancel it.'],
    ['in its head', '<html><head><p>Cancel it.</p></head><body>our newsletter</body></html>'],
    ['in CDATA', '<p>our newsletter</p><![CDATA[Cancel it.]]>'],
    ['after an end tag too many', '<div>our newsletter</div></div></body></html>Cancel it.'],
    ['in a second body', '<body>our newsletter</body><body>Cancel it.</body>'],
    ['behind a comment that never ends', '<p>our newsletter</p><!-- Cancel it.'],
    ['behind a script that never ends', '<p>our newsletter</p><script> Cancel it.'],
    ['behind a tag that never ends', '<p>our newsletter</p><div class="x Cancel it.'],
    ['in a script that is a sentence', '<p>our newsletter <script> Cancel it. </script></p>'],
    [
      'in a tag that is a sentence',
      '<p>our newsletter</p><div class="x\nCancel it. And "please" do it today -> now</p>',
    ],
  ])('%s', (_, html) => {
    expect(htmlText(html)).toMatch(/our newsletter/);
    expect(htmlText(html)).toMatch(/Cancel it\./);
  });

  test('plain text around it keeps its line breaks', () => {
    const page = '<html><body><h1>502</h1></body></html>';
    const shown = htmlText(`Since 9:00\nyour API says:\n${page}\nAll fails.\nPlease help.`);
    expect(shown.replace(/\n+/g, '\n')).toBe(
      'Since 9:00\nyour API says:\n502\nAll fails.\nPlease help.',
    );
  });

  test('its title is, where there is nothing else', () => {
    expect(htmlText('<html><title>Cancel it.</title><body></body></html>')).toBe('Cancel it.');
  });
});

describe('plain text that speaks of HTML stays as it is', () => {
  test.each([
    ['plain text\nkeeps its\n\nlines'],
    ['a List<String> and a vector<a>, 3 < 4 > 2'],
    ['Jo <jo@example.com> wrote:\nhi'],
    ['Our tracking is broken.\nYou told us to put the code after <body> in the theme.'],
    ['The <script> tag that you sent us does not work.\nPlease help today.'],
    ['We changed <style> in the theme as you said.\nNow nobody can pay.'],
    ['The <script> and </script> tags\nthat you sent us do not work.'],
    ['It shows <br> and then <div class="cart\nWe cannot sell, all orders fail -> help.'],
    ['1. open the page\n2. click the <div>\n3. see this log:\nERROR a\nERROR b'],
    ['2024-05-06 ERROR in <div>cart</div> of checkout\n2024-05-06 ERROR in <p>\n'],
    ['<div> is not closed on our page\nand the footer is gone'],
    ['<script> is blocked by the browser\nsince your update'],
    ['The "<b>" shows in every mail,\nthe \'</b>\' too'],
    ['class Box<P> { Map<String, Li> x; }\nBox<P> fails to compile <p> here'],
    ['Use `<br>` here:\n```html\n<div class="a">\n<p>x</p>\n</div>\n```\nIt does not work'],
    ['Here is what we use:\n<script>\nvar x = 1;\n</script>\nIt counts nothing.'],
    ['### Bug\n<!-- what happens? -->\nIt stops at <table> in the log'],
    ['The mail ends with <br'],
    ['what is <'],
  ])('%j', (text) => {
    expect(htmlText(text)).toBe(text);
  });

  test('Markdown with a picture loses the tag alone', () => {
    const issue =
      '<!-- Which version? -->\n### Bug\nIt fails:\n<img width="9" src="x.png">\n- a\n- b';
    expect(htmlText(issue)).toBe('<!-- Which version? -->\n### Bug\nIt fails:\n\n- a\n- b');
  });
});

const NAMES =
  'p div span b i a h1 ul ol li table tr td th blockquote pre code br hr html head body font center form dl dt dd section tbody caption button o:p'.split(
    ' ',
  );
const name = fc.constantFrom(...NAMES);
const word = fc.integer({ min: 0, max: 9999 }).map((number) => `word${number}`);
const tag = fc.oneof(
  name.map((one) => `<${one}>`),
  name.map((one) => `</${one}>`),
  name.map((one) => `<${one} class="x y" data-z='1'>`),
);
const space = fc.constantFrom(' ', '\n', '\n\n', ', ', '&nbsp;', '. ');
const hidden = fc.constantFrom('<!-- c -->', '<style>p { x: y }</style>', '<script>f();</script>');

/** The words that a browser shows, by the HTML standard's own algorithm. */
function shownWords(html: string): string[] {
  const texts: string[] = [];
  const left: DefaultTreeAdapterMap['node'][] = [parse(html)];
  for (let node = left.pop(); node; node = left.pop()) {
    if ('value' in node) texts.push(node.value);
    else if ('childNodes' in node && !/^(?:script|style|title)$/.test(node.nodeName)) {
      left.push(...node.childNodes.toReversed());
    }
  }
  return texts.join(' ').match(/word\d+/g) ?? [];
}

test('of whatever tags, no word is lost that a browser would show', () => {
  const soup = fc.array(fc.oneof(tag, word, space, hidden), { maxLength: 40 });
  fc.assert(
    fc.property(soup, (pieces) => {
      const html = pieces.join('');
      const shown = htmlText(html);
      for (const each of shownWords(html)) expect(shown).toContain(each);
    }),
    { numRuns: 2000 },
  );
});

test('of prose with tags in it, finished or not, no word is lost at all', () => {
  const odd = fc.constantFrom(
    '<script>',
    '<style>',
    '<!-- ',
    '<div class="cart\n',
    '<',
    '<br',
    '"',
    '->',
    '`',
  );
  const line = fc.array(word, { minLength: 8, maxLength: 12 }).map((words) => words.join(' '));
  const prose = fc.array(fc.oneof(line, line, tag, odd, space), { maxLength: 30 });
  fc.assert(
    fc.property(prose, (pieces) => {
      const text = pieces.join(' ');
      const shown = htmlText(text);
      for (const each of text.match(/word\d+/g) ?? []) expect(shown).toContain(each);
    }),
    { numRuns: 2000 },
  );
});

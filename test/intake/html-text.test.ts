import { expect, test } from 'vitest';
import { htmlText } from '../../src/intake/html-text.ts';

test.each([
  ['plain text\nkeeps its\n\nlines', 'plain text\nkeeps its\n\nlines'],
  ['a List<String> and a vector<a>, 3 < 4 > 2', 'a List<String> and a vector<a>, 3 < 4 > 2'],
  ['Jo <jo@example.com> wrote:\nhi', 'Jo <jo@example.com> wrote:\nhi'],
  ['<p>Hello</p><p>World &amp; all</p>', 'Hello\n\nWorld & all'],
  ['Hello<br>World', 'Hello\nWorld'],
  ['<div>a</div>\n<div>b</div>', 'a\nb'],
  ['first line\n<b>second</b> line', 'first line\nsecond line'],
  ['<style>p { color: red }</style><p>seen</p><script>x()</script>', 'seen'],
  ['<p>see <a href="https://example.com/x">this</a><img src="x.png"></p>', 'see this'],
  ['<h1>Title</h1><ul><li>one</li><li>two</li></ul>', 'Title\n\n * one\n * two'],
  ['<!-- hidden --><p>seen</p>', 'seen'],
])('%j', (html, text) => {
  expect(htmlText(html).trim()).toBe(text);
});

import { expect, test } from 'vitest';
import { answerKey } from '../../src/ground/keys.ts';
import { ticketMaker } from '../../src/intake/to-ticket.ts';
import type { TableRow } from '../../src/ticket.ts';

const asker = { host: 'api.anthropic.com', model: 'claude-haiku-4-5', promptHash: '0'.repeat(64) };
const columns = { id: null, subject: 'subject', body: 'body', account_tier: 'tier' };
const header = ['subject', 'body', 'tier'];
const playbook = { maxBodyChars: 8000, nativeLanguages: ['en'], patterns: [] };

function keyOf(cells: string[], cutQuotes: boolean): string {
  const toTicket = ticketMaker({ flags: { cutQuotes }, playbook }, { columns, header });
  const row: TableRow = { kind: 'table', file: 'f', line: 2, bytes: 1, cells, fault: null };
  return answerKey(asker, toTicket(row).textHash);
}

const MAIL = `Hi Sam,\n\nthe card was charged twice again, although you said it was fixed.\n\n-- \nJo Doe\n\nOn 5/6/24 10:12, Sam wrote:\n> We have looked into it.\n> It is fixed.`;

/** Whoever changes one of these keys makes people pay for all their tickets again: only a major version may. */
test.each<[string, cells: string[], key: string, cutQuotes?: boolean]>([
  [
    'a sentence',
    ['Login', 'I can not log in since this morning.', 'pro'],
    'daae64fd451d3ed6372b94b8efdcce91',
  ],
  [
    'no subject',
    ['', 'I can not log in since this morning.', 'pro'],
    '54bc85ae4793b90bb33333b851863bf2',
  ],
  ['no body', ['Where is the export button?', '', 'free'], 'aa159b5ab6b735e830b584dce10489ce'],
  ['no tier', ['Refund', 'Please refund invoice 2041.', ''], '25c4be917cd076d1a79979714b4f43bf'],
  [
    'paragraphs',
    ['Slow', 'First line\n\n  indented  twice\n\tafter a tab', 'pro'],
    '64982ff4d83a1a330b43a2c0969b3556',
  ],
  [
    'line ends of Windows',
    ['Slow', 'First line\r\nsecond line\r\n\r\nthird', 'pro'],
    'f0b679604648b3ee8bbd2b1ccd134426',
  ],
  [
    'outer space',
    ['  Slow ', '\n\n The page is slow. \n', ' pro '],
    '3b6eb7f695b5d853a61eb49a8a131a6f',
  ],
  [
    'control characters',
    ['Odd\u0007', 'a\u0000b\u009fc lone \ud83d and whole 😀', 'pro'],
    '2ad83b0fff90cd430982c4eff33ea354',
  ],
  [
    'letters of many scripts',
    ['Größe – été', 'ログインできません。Не могу войти. 로그인', 'pro'],
    'ae48a5a882640ec189c216eac262146c',
  ],
  [
    'quotes and backslashes',
    ['"Odd"', 'C:\\temp\\"a" {{x}} </ticket> \\u0041', 'pro'],
    '5a3e1adf7c65ccd747d952aeb4cd684b',
  ],
  [
    'less and greater than',
    ['a < b', 'List<String> x; 3 < 4 > 2; Jo <jo@example.com>', 'pro'],
    'c35aa3c6692165c9d9fc5c9001edf9f1',
  ],
  [
    'a long text',
    ['Log', 'an error at line 17 of the log\n'.repeat(400), 'pro'],
    'e082c04e2d8462ee6f060f29de21e9b7',
  ],
  ['a mail', ['Re: Invoice', MAIL, 'pro'], '7579226b2d6b2b4ee355022f1e5c608d'],
  [
    'a mail without its quotes',
    ['Re: Invoice', MAIL, 'pro'],
    '6f27e6ef65c1c1c81fe83a64f2781700',
    true,
  ],
  [
    'an id for a spreadsheet',
    ['="123456789012345678"', 'What is this number?', 'pro'],
    '067cd6f0736edc8657a538d20d788fca',
  ],
  [
    'paragraphs of HTML',
    ['Help', '<p>Hello,</p>\n<p>we can&#39;t <b>pay</b> &amp; <i>wait</i>.</p>', 'pro'],
    'b2a40ed57c6f3e629311b00c49ae861d',
  ],
  [
    'lines of Gmail',
    ['Help', '<div dir="ltr">Hello,<div><br></div><div>it fails.<br>Jo</div></div>', 'pro'],
    'ef56121054f6ace3ae3495cc2e3dd83a',
  ],
  [
    'a page of Outlook',
    [
      'Help',
      '<html><head><title>x</title><style>p { margin: 0 }</style></head><body lang="EN"><p class="Mso">It fails.<o:p></o:p></p><ul><li>one</li><li>two</li></ul></body></html>',
      'pro',
    ],
    '95066761ae8e7b85de05ead4b73b4044',
  ],
  [
    'a table and a quote',
    [
      'Help',
      '<h2>Order</h2><table><tr><th>Item</th><th>Count</th></tr><tr><td>Lamp</td><td>2</td></tr></table><blockquote>It is sent.<br>Sam</blockquote>',
      'pro',
    ],
    '7aefef265e2beeb5b019ff8b5ff4e248',
  ],
  [
    'line breaks of HTML alone',
    ['Help', 'Hello,<br><br>it fails.<br />\nJo', 'pro'],
    'f046e423c1464036ee84893a24114f21',
  ],
])('%s', (_, cells, key, cutQuotes = false) => {
  expect(keyOf(cells, cutQuotes)).toBe(key);
});

import { expect, test } from 'vitest';
import { ticketMaker } from '../../src/intake/to-ticket.ts';
import type { TableRow } from '../../src/ticket.ts';
import { supportPlaybook } from '../example.ts';

const columns = { id: null, subject: null, body: 'body', account_tier: null };
const playbook = await supportPlaybook();
const LENGTH = 200_000;

function filled(piece: string): string {
  return piece.repeat(LENGTH / piece.length);
}

/** What takes time squared for one of them takes minutes, and what is worse never ends. */
test.each([
  ['elements in elements', filled('<div>')],
  ['paragraphs that never end', filled('<p>a')],
  ['end tags of others', filled('<div>') + filled('</b>')],
  ['fonts in fonts', filled('<font size=1>')],
  ['quotes in quotes', filled('<blockquote>a<br>')],
  ['lines in quotes', '<blockquote>'.repeat(12) + filled('a<br>')],
  ['lists in lists', filled('<ul><li>a')],
  ['lines in lists', '<ul><li>'.repeat(12) + filled('a<br>')],
  ['tables in tables', filled('<table><tr><td>a<td>b')],
  ['a cell over 20 million columns', '<table><tr><td colspan=20000000 rowspan=20000000>a'],
  ['cells over all columns', `<table>${filled('<tr><td colspan=1000 rowspan=1000>a')}`],
  ['a row of cells', `<table><tr>${filled('<td>a')}`],
  ['rows of cells', `<table>${filled('<tr><td>a<td>b')}`],
  ['a long cell above short ones', `<table><tr><td>${filled('a')}<td>b${filled('<tr><td>a<td>b')}`],
  ['attributes', `<p ${filled('a=1 ')}>`],
  [
    'different attributes',
    `<p ${Array.from({ length: 50_000 }, (_, at) => `a${at}=1`).join(' ')}>`,
  ],
  ['tags that never end', filled('<p ')],
  ['values that never end', filled('<p a="')],
  ['scripts that never end', filled('<script>')],
  ['comments that never end', filled('<!-- ')],
  ['ampersands', `<p>${filled('&')}`],
  ['a long entity', `<p>&${filled('a')};`],
  ['a large entity', `<p>&#${filled('9')};`],
  ['backticks', `a <b>b</b> ${filled('`')}`],
  ['line ends', `a <b>b</b> ${filled('\n')}`],
  ['spaces', `<p>${filled(' ')}`],
  ['letters that stand for sentences', `e\u0301 ${filled('\ufdfa')}`],
  ['headers of quotes', filled(`2024 ${'<a@'.repeat(80)}:\n`)],
])('%s neither hold a ticket up nor take its words', (_, body) => {
  const settings = { flags: { cutQuotes: true }, playbook };
  const toTicket = ticketMaker(settings, { columns, header: ['body'] });
  const cells = [`${body}\n<p>the last words</p>`];
  const row: TableRow = { kind: 'table', file: 'f', line: 2, bytes: 1, cells, fault: null };
  const ticket = toTicket(row);
  expect(ticket.fault).toBeNull();
  expect(ticket.body).toContain('the last words');
});

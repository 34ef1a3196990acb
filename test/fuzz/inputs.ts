// Small files such as people have them: odd, and yet each holds its tickets.

import { gzipSync } from 'node:zlib';
import * as fc from 'fast-check';

export interface OddInput {
  /** Of the file, with an ending that may not tell the truth. */
  name: string;
  bytes: Buffer;
  isJson: boolean;
  tickets: readonly OddTicket[];
  /** Names of the columns that hold the texts. */
  columns: { subject: string; body: string };
  /** What the command needs to be told of it. */
  flags: readonly string[];
}

export interface OddTicket {
  id: string;
  subject: string;
  body: string;
}

const WORDS = [
  'Our card was charged twice for order',
  'Grüße, das Passwort geht nicht mehr',
  '<p>Hello,</p><p>the export is empty</p>',
  'a "quoted" word; and, a comma\tand a tab | a bar',
  "it's '90s' style",
  '5 < 6 && 7 > 3',
  '"',
  '""',
  '=1+1',
  'line one\nline two',
  'line one\r\nline two',
  '> On Monday you wrote:\n> hello',
  '日本語の文章です',
  '👩‍💻 naïve café',
  '{"json":"in a cell"}',
  '[1,2,3]',
  'null',
  '﻿marked',
  '\\n \\" \\\\',
  '#hash, -dash',
  'ſpecial ﬁ ligature',
];

const text = fc
  .array(fc.oneof(fc.constantFrom(...WORDS), fc.string({ maxLength: 12 })), { maxLength: 3 })
  .map((parts) => parts.join(' '))
  .map((joined) =>
    joined.replace(/[\0-\x08\x0b\x0c\x0e-\x1f\x7f]/g, '').replace(/NaN|Infinity/g, ''),
  );

/** Ids are plain, so that rows can be told apart whatever is around them. */
const tickets = fc
  .array(fc.record({ subject: text, body: text }), { minLength: 1, maxLength: 6 })
  .map((list) => list.map((ticket, at): OddTicket => ({ id: `T-${at + 1}`, ...ticket })));

const layout = fc.record({
  tickets,
  end: fc.constantFrom('\n', '\r\n'),
  hasLastEnd: fc.boolean(),
  hasMark: fc.boolean(),
  isUtf16: fc.boolean(),
  isZipped: fc.boolean(),
});
type Layout = typeof layout extends fc.Arbitrary<infer L> ? L : never;

const JSON_FILE = { columns: { subject: 'subject', body: 'body' }, flags: [], isJson: true };

function file(
  stem: string,
  lines: readonly string[],
  { tickets: held, end, hasLastEnd, hasMark, isUtf16, isZipped }: Layout,
  more: Pick<OddInput, 'columns' | 'flags' | 'isJson'> = JSON_FILE,
): OddInput {
  const all = lines.join(end) + (hasLastEnd ? end : '');
  const marked = hasMark || isUtf16 ? `\ufeff${all}` : all;
  const plain = Buffer.from(marked, isUtf16 ? 'utf16le' : 'utf8');
  const bytes = isZipped ? gzipSync(plain) : plain;
  return {
    name: isZipped ? `${stem}.gz` : stem,
    bytes,
    tickets: held,
    ...more,
  };
}

const table = fc
  .record({
    layout,
    delimiter: fc.constantFrom(',', ';', '\t', '|'),
    quotesAll: fc.boolean(),
    header: fc.constantFrom<[string, string, string][]>(
      ['id', 'subject', 'body'],
      ['Ticket ID', 'Title', 'Description'],
      ['ID', 'SUBJECT', 'BODY'],
    ),
    more: fc.constantFrom<string[][]>([], ['Watchers', 'Watchers'], [''], ['created_at']),
    ending: fc.constantFrom('csv', 'tsv', 'txt'),
  })
  .map(({ layout: form, delimiter, quotesAll, header, more, ending }): OddInput => {
    function cell(value: string): string {
      const needs = quotesAll || /["\r\n]/.test(value) || value.includes(delimiter);
      return needs ? `"${value.replaceAll('"', '""')}"` : value;
    }
    const rows = form.tickets.map(({ id, subject, body }) => [
      id,
      subject,
      body,
      ...more.map((_, at) => `more ${at}`),
    ]);
    const lines = [[...header, ...more], ...rows].map((row) => row.map(cell).join(delimiter));
    const columns = { subject: header[1], body: header[2] };
    return file(`in.${ending}`, lines, form, {
      columns,
      isJson: false,
      flags: ['--delimiter', delimiter],
    });
  });

const jsonTicket = fc.constantFrom(
  (ticket: OddTicket): object => ticket,
  ({ id, ...rest }: OddTicket): object => ({ ...rest, tags: ['a', { b: null }], id }),
  (ticket: OddTicket): object => ({ ...ticket, requester: { plan: 'enterprise', deep: [[[]]] } }),
  (ticket: OddTicket): object => ({ ...ticket, number: 1e21, none: null, '': '', __proto: 1 }),
);

const jsonLines = fc
  .record({ layout, shape: jsonTicket, isSpread: fc.boolean(), hasBlanks: fc.boolean() })
  .map(({ layout: form, shape, isSpread, hasBlanks }): OddInput => {
    const lines = form.tickets.flatMap((ticket) => [
      JSON.stringify(shape(ticket), null, isSpread ? 1 : 0),
      ...(hasBlanks ? [''] : []),
    ]);
    return file('in.jsonl', lines, form);
  });

const jsonList = fc
  .record({
    layout,
    shape: jsonTicket,
    indent: fc.constantFrom(0, 2),
    name: fc.constantFrom('in.json', 'in.jsonl', 'in.csv'),
    around: fc.constantFrom(
      (list: object[]): unknown => list,
      (list: object[]): unknown => ({ tickets: list }),
      (list: object[]): unknown => ({ count: list.length, next_page: null, tickets: list }),
    ),
  })
  .map(({ layout: form, shape, indent, name, around }): OddInput => {
    const json = JSON.stringify(around(form.tickets.map(shape)), null, indent);
    return file(name, json.split('\n'), form);
  });

/** Known not to be read yet: JSON under the name of a table. */
export function isMisnamed({ name, isJson }: OddInput): boolean {
  return isJson && name.startsWith('in.csv');
}

export const oddInput: fc.Arbitrary<OddInput> = fc.oneof(table, jsonLines, jsonList);

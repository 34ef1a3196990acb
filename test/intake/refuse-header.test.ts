import { Readable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { openIntake, type IntakeOptions } from '../../src/intake/open-intake.ts';

const PLAIN: IntakeOptions = {
  files: ['-'],
  format: null,
  delimiter: null,
  columns: {},
  encoding: null,
  subjectOnly: false,
  isDropped: null,
  isForTable: false,
};
const ROWS = [
  ['1', 'Export broken', 'The export button does nothing since this morning, please help'],
  ['2', 'Double charge', 'We were charged twice for invoice 4411 and would like a refund'],
  ['3', 'Add colleague', 'How do I add a colleague to our workspace? I cannot find it'],
];

function table(rows: readonly string[][], sign = ','): string {
  const quoted = rows.map((cells) => cells.map((cell) => `"${cell}"`).join(sign));
  return `${quoted.join('\n')}\n`;
}

async function open(text: string, options: Partial<IntakeOptions> = {}) {
  const { found } = await openIntake({ ...PLAIN, ...options }, Readable.from([Buffer.from(text)]));
  return found.columns;
}

describe('a first line', () => {
  test.each([
    ['id,subject,body', table(ROWS)],
    ["'id;subject;body'", table(ROWS, ';')],
    [
      'subject,id,body',
      table(ROWS.map(([id = '', subject = '', body = '']) => [subject, id, body])),
    ],
    ['id,column_2,body', table(ROWS.map(([id = '', , body = '']) => [id, 'a@b.example', body]))],
  ])('that is a ticket is refused with the header %s', async (header, text) => {
    await expect(open(text)).rejects.toThrow(
      expect.objectContaining({
        exit: 2,
        message: 'stdin: the first line is no header, but seems to be a ticket.',
        hint: `Put one before it: (echo ${header}; cat <file>) | ticket-classify -`,
      }),
    );
  });

  test.each([
    ['a title', 'Open tickets\n', 2],
    ['a title and its cells', 'Open tickets,,\n"Generated 1 Jan 2024, 10:00",,\n,,\n', 4],
    ['a title and a blank line', 'Report: open tickets of May\n\n', 3],
    ['a subject', 'Summary\n', 2],
  ])('that is %s is refused with the line of the header', async (_, title, line) => {
    const text = `${title}Ticket ID,Subject,Description\n${table(ROWS)}`;
    await expect(open(text)).rejects.toThrow(
      `stdin: the first line does not look like a header; line ${line} does.`,
    );
  });

  test.each([
    'id,subject,description',
    'id,2024,description',
    'Timestamp,Email,"What is wrong with our product, in your own words?"',
  ])('%j is a header', async (header) => {
    const columns = header.includes('description') ? {} : { body: header.split('"')[1] ?? '' };
    expect(await open(`${header}\n${table(ROWS)}`, { columns })).toMatchObject({
      body: expect.any(String),
    });
  });

  test('is believed where the body is named', async () => {
    const body = ROWS[0]?.[2] ?? '';
    expect(await open(table(ROWS), { columns: { body } })).toMatchObject({ body });
  });
});

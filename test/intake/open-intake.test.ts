import { existsSync } from 'node:fs';
import { mkdtemp, readdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import * as fc from 'fast-check';
import { parse } from 'csv-parse/sync';
import { stringify } from 'csv-stringify/sync';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { openIntake, type IntakeOptions } from '../../src/intake/open-intake.ts';
import { rowText } from '../../src/output/row-text.ts';
import type { Row } from '../../src/ticket.ts';
import { ticket, valid, verdict } from '../example.ts';

const PLAIN: Omit<IntakeOptions, 'files'> = {
  format: null,
  delimiter: null,
  columns: {},
  encoding: null,
  subjectOnly: false,
  isDropped: null,
  isForTable: false,
};

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'intake-'));
});

async function file(name: string, content: string | Buffer): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, content);
  return path;
}

async function rowsOf(
  files: string[],
  options: Partial<IntakeOptions> = {},
  stdin = Readable.from([]),
) {
  const intake = await openIntake({ ...PLAIN, ...options, files }, stdin);
  const rows: Row[] = [];
  for await (const row of intake.rows) rows.push(row);
  return { ...intake, rows };
}

function cells(rows: Row[]): string[][] {
  return rows.map((row) => (row.kind === 'table' ? row.cells : []));
}

/** As ServiceNow's `sysparm_display_value=all` has it. */
function both(text: string) {
  return { display_value: text, value: text };
}

function pipe(text: string, size = 1): Readable {
  const bytes = Buffer.from(text);
  const chunks = [];
  for (let at = 0; at < bytes.length; at += size) chunks.push(bytes.subarray(at, at + size));
  return Readable.from(chunks);
}

describe('tables', () => {
  test.each([
    ['commas', 'id,body\n1,a\n', ','],
    ['semicolons', 'id;body\n1;a\n', ';'],
    ['tabs', 'id\tbody\n1\ta\n', '\t'],
    ['pipes', 'id|body\n1|a\n', '|'],
    ['a quoted header with other signs', '"id;x;y",body\n1,a\n', ','],
  ])('detects %s', async (_, text, delimiter) => {
    const { shape, rows } = await rowsOf(['-'], {}, pipe(text));
    expect(shape.delimiter).toBe(delimiter);
    expect(cells(rows)).toEqual([['1', 'a']]);
  });

  test('any table of any strings comes in and goes out again, in chunks cut anywhere', async () => {
    const cell = fc.string({
      unit: fc.oneof(
        fc.constantFrom('"', ',', ';', '\n', '\r\n', '\r', '\t', ' ', 'é', '😀'),
        fc.string(),
      ),
      maxLength: 8,
    });
    const table = fc.integer({ min: 2, max: 4 }).chain((width) =>
      fc.array(fc.array(cell, { minLength: width, maxLength: width }), {
        minLength: 1,
        maxLength: 8,
      }),
    );
    await fc.assert(
      fc.asyncProperty(
        table,
        fc.constantFrom(',', ';', '\t', '|'),
        fc.constantFrom('\n', '\r\n', '\r'),
        fc.boolean(),
        fc.boolean(),
        fc.integer({ min: 1, max: 9 }),
        async (rows, delimiter, end, bom, quoted, size) => {
          const header = rows[0]?.map((_, at) => (at === 0 ? 'body' : `c${at}`)) ?? [];
          // Left to itself, the writer quotes no line end but its own, and no blank line.
          const options = { quoted_match: /[\r\n]|^$/, record_delimiter: end };
          const text = stringify([header, ...rows], { ...options, delimiter, bom, quoted });
          const read = await rowsOf(['-'], {}, pipe(text, size));
          expect(cells(read.rows)).toEqual(rows);
          expect(read.shape.names).toEqual(header);
          expect(read.shape.bom).toBe(bom);

          const { header: first, row } = rowText({
            format: 'csv',
            shape: read.shape,
            prefix: 'ai_',
            playbook: 'p',
            excel: false,
          });
          const written = read.rows.map((given) => {
            const decided = verdict(valid(), { ticket: ticket({ row: given }) });
            return row({ ...decided, queue: 'q', rule: 'r', slaMinutes: 1 });
          });
          const again = parse([first, ...written].join(''), { delimiter, bom: true });
          expect(again.map((line) => line.slice(0, header.length))).toEqual([header, ...rows]);
        },
      ),
      { numRuns: 200 },
    );
  });

  test('pads short rows, ignores empty surplus cells and marks those with text', async () => {
    const { rows } = await rowsOf(['-'], {}, pipe('id,body\n1\n2,b,,\n3,c,more,text\n'));
    expect(cells(rows)).toEqual([
      ['1', ''],
      ['2', 'b'],
      ['3', 'c', 'more', 'text'],
    ]);
    expect(rows.map((row) => row.fault)).toEqual([null, null, '2 more cells than the header']);
  });

  test('a row that a misplaced quote cut in two is marked in both its parts', async () => {
    const text = 'id,subject,body\n1,a,b\n2,"Printer, floor 3,"It is down\nplease come"\n3,c,d\n';
    const { rows } = await rowsOf(['-'], {}, pipe(text));
    expect(rows.map((row) => row.fault)).toEqual([
      null,
      'it has 2 cells instead of 3: a quote may be missing',
      'it has 1 cells instead of 3: a quote may be missing',
      null,
    ]);
  });

  const ONE = '<p>Hello, "you"; I was, again | charged</p>';
  test.each([
    ['as it is', `body\n${ONE}\nA, b; c\n`, {}],
    ['in quotes', `body\n"${ONE.replaceAll('"', '""')}"\n"A, b; c"\n`, {}],
    ['with a delimiter that is nowhere', `body\n${ONE}\nA, b; c\n`, { delimiter: ';' }],
    ['with CR alone', `body\r${ONE}\rA, b; c\r`, {}],
  ])('of one column is not parted at any sign: %s', async (_, text, options) => {
    const { rows, shape } = await rowsOf(['-'], options, pipe(text, 500));
    expect(cells(rows)).toEqual([[ONE], ['A, b; c']]);
    expect(rows.every(({ fault }) => fault === null)).toBe(true);
    expect(shape.names).toEqual(['body']);
  });

  test.each([
    'sep=;\nid;body\n1;a, b\n',
    'SEP=;\r\nid;body\r\n1;a, b\r\n',
    '"sep=;"\nid;body\n1;a, b\n',
    '\uFEFFSep=;\nid;body\n1;a, b\n',
    '\n\nid;body\n1;a, b\n',
  ])('the first line of %j is no header', async (text) => {
    const { rows, shape } = await rowsOf(['-'], {}, pipe(text, 500));
    expect(shape.names).toEqual(['id', 'body']);
    expect(cells(rows)).toEqual([['1', 'a, b']]);
  });

  test.each([
    ['a report', '\n\n"Open Cases"\n"Copyright (c) 2024 a.com, inc. All rights reserved."\n', 2],
    ['a report that is cut', '\n"Confidential Information - Do Not Distribute"', 1],
    ['a copyright alone', '"Copyright (c) 2024 a.com"\n', 1],
    ['nothing', '', 0],
    ['an id alone', '\n3\n', 0],
    ['lines with more below', '\nOpen Cases of May\n3,c,d\n', 0],
    ['a wide line', '\nOpen cases of May,2\n', 0],
  ])('the footer of %s is left out and told', async (_, footer, count) => {
    const text = `id,subject,body\n1,a,b\n2,b,c\n${footer}`;
    const { rows, remarks } = await rowsOf(['-'], {}, pipe(text, 500));
    const lines = footer.split('\n').filter((line) => line !== '').length;
    expect(rows).toHaveLength(2 + lines - count);
    expect(remarks).toHaveLength(count > 0 ? 1 : 0);
  });

  test('a cell of more than 2 MB hides nothing, and a quote that never closes still ends the run', async () => {
    const long = 'x, y\n'.repeat(500_000);
    const { rows } = await rowsOf(['-'], {}, pipe(`id,body\n1,"${long}"\n2,b\n`, 65_536));
    expect(cells(rows)).toEqual([
      ['1', long],
      ['2', 'b'],
    ]);
    const never = rowsOf(['-'], {}, pipe(`id,body\n1,a\n2,"${long.repeat(28)}`, 65_536));
    await expect(never).rejects.toThrow('stdin, line 3: a record of more than 64 MB');
  });

  test.each(['\r', '\n\n', ' \n', 'sep=;\n', '""\n'])(
    '%j has no column, and is refused',
    async (text) => {
      for (const bytes of [Buffer.from(text), gzipSync(text)]) {
        const path = await file('blank.csv', bytes);
        await expect(rowsOf([path])).rejects.toThrow('nothing but blank lines');
      }
    },
  );

  test.each([
    ['sep=;\nid;body\n1;a, b, c\n', ';'],
    ['Ticket ID;Subject;Description (first, second, third)\n1;a;b\n2;c;d\n', ';'],
    ['id;body\n1;one, two\n2;three, four\n', ';'],
  ])('the delimiter of %j is told by its other lines too', async (text, delimiter) => {
    const { shape, rows } = await rowsOf(['-'], { subjectOnly: true }, pipe(text, 500));
    expect(shape.delimiter).toBe(delimiter);
    expect(cells(rows)[0]?.[0]).toBe('1');
  });

  test.each([
    ['1,a,x\n2,b', 'the file ends in the middle of this row'],
    ['1,a,x\n2,b\n', null],
    ['1,a,x\n2,b,y', null],
  ])('a file cut off in a row has that row marked: %j', async (text, fault) => {
    const { rows } = await rowsOf(['-'], {}, pipe(`id,body,note\n${text}`));
    expect(rows.map((row) => row.fault)).toEqual([null, fault]);
  });

  test('keeps stray quotes in unquoted cells as they are', async () => {
    const { rows } = await rowsOf(['-'], {}, pipe('id,body\n1,a 5" pipe\n2,say "hi"\n'));
    expect(cells(rows)).toEqual([
      ['1', 'a 5" pipe'],
      ['2', 'say "hi"'],
    ]);
  });

  test('a multi-line cell may begin with a quotation', async () => {
    const { rows } = await rowsOf(['-'], {}, pipe('id,body\n1,"""Hi"" she\nsaid"\n'));
    expect(cells(rows)).toEqual([['1', '"Hi" she\nsaid']]);
  });

  test.each([
    ['never closes', 'id,body\n1,a\n2,"b\n3,c\n4,d\n'],
    ['closes in mid-cell, lines later', 'id,body\n1,a\n2,"b\n3,c" d\n4,e\n'],
    ['opens again and is open at the line’s end', 'id,body\n1,a\n2,"b "c" d\n3,and more\n'],
  ])('a quote that %s is refused with the line where it opened', async (_, text) => {
    const intake = await openIntake({ ...PLAIN, files: ['-'] }, pipe(text));
    const read: string[] = [];
    const reading = (async () => {
      for await (const row of intake.rows)
        read.push(row.kind === 'table' ? (row.cells[0] ?? '') : '');
    })();
    await expect(reading).rejects.toThrow('stdin, line 3: malformed quoting');
    expect(read).toEqual(['1']);
  });

  test('counts lines as an editor does', async () => {
    const text = 'id,body\r\n1,"a\nb"\r\n\r\n2,"c\r\nd"\n3,e\n';
    const { rows } = await rowsOf(['-'], {}, pipe(text));
    expect(rows.map((row) => row.line)).toEqual([2, 5, 7]);
  });

  test("the rows' bytes add up to the file's", async () => {
    const text = 'id,body\n1,"ä\nb"\n2,c\n';
    const path = await file('bytes.csv', text);
    const { rows, size } = await rowsOf([path]);
    const sum = rows.reduce((all, row) => all + row.bytes, 0);
    expect(size()).toBe(Buffer.byteLength(text));
    expect(sum).toBeGreaterThan(Buffer.byteLength(text) - 12);
    expect(sum).toBeLessThanOrEqual(Buffer.byteLength(text));
  });
});

describe('JSON lines', () => {
  test('keeps the text of each row to the letter', async () => {
    const text = '\uFEFF{"id": 12345678901234567890, "body" :"a"}\r\n\n  {"body":"é\\u00e9"}';
    const { rows } = await rowsOf(['-'], {}, pipe(text));
    expect(rows.map((row) => row.kind === 'json' && row.text)).toEqual([
      '{"id": 12345678901234567890, "body" :"a"}',
      '  {"body":"é\\u00e9"}',
    ]);
    expect(rows.map((row) => row.line)).toEqual([1, 3]);
  });

  test('a line that is no object becomes a row with a fault', async () => {
    const { rows } = await rowsOf(['-'], {}, pipe('{"body":"a"}\n[1]\n{"body":\n'));
    expect(rows.map((row) => row.fault)).toEqual([
      null,
      'line 2 is a list, not an object',
      'line 3 is not JSON: it ends in the middle',
    ]);
  });

  test.each([
    ['an array', '[{"id":"1","body":"a"},\n {"id":"2","body":"b"}]'],
    ['a page', '{"tickets":[{"id":"1","body":"a"},{"id":"2","body":"b"}],"next_page":null}'],
    [
      'values over several lines',
      '{\n  "id": "1",\n  "body": "a"\n}\n{\n  "id": "2",\n  "body": "b"\n}\n',
    ],
  ])('%s of objects is as good', async (_, text) => {
    const { rows, found } = await rowsOf(['-'], {}, pipe(text));
    expect(rows.map((row) => row.kind === 'json' && row.value)).toEqual([
      { id: '1', body: 'a' },
      { id: '2', body: 'b' },
    ]);
    expect(found.columns).toMatchObject({ id: 'id', body: 'body' });
  });

  test.each(['[]', ' [ ]\n', '\n\n', '{"tickets": [], "count": 0}'])(
    '%j has no rows, which is no failure',
    async (text) => {
      const { rows } = await rowsOf(['-'], { format: 'jsonl' }, pipe(text));
      expect(rows).toEqual([]);
    },
  );

  test('keys that are numbers keep their place', async () => {
    const { shape } = await rowsOf(['-'], {}, pipe('{"id":1,"body":"a","12":"x"}\n'));
    expect(shape.names).toEqual(['id', 'body', '12']);
  });

  test('nested fields are found by their paths', async () => {
    const text =
      '{"key":"A-1","fields":{"summary":"s","description":"d"},"requester":{"plan":"pro"}}\n';
    const { found } = await rowsOf(['-'], {}, pipe(text));
    expect(found.columns).toEqual({
      id: 'key',
      subject: 'fields.summary',
      body: 'fields.description',
      account_tier: 'requester.plan',
    });
  });

  const BODY = 'The export button does nothing since this morning, please help us soon';
  test.each<[string, unknown, Record<string, string>]>([
    ['MongoDB', { _id: { $oid: '65a0' }, body: BODY }, { id: '_id.$oid', body: 'body' }],
    [
      'ServiceNow with all values',
      { number: both('INC1'), short_description: both('Export'), description: both(BODY) },
      {
        id: 'number.display_value',
        subject: 'short_description.display_value',
        body: 'description.display_value',
      },
    ],
    [
      'WordPress',
      { id: 7, title: { rendered: 'Export' }, content: { rendered: `<p>${BODY}</p>` } },
      { id: 'id', subject: 'title.rendered', body: 'content.rendered' },
    ],
    [
      'several languages',
      { id: 7, subject: { de: 'Ausfuhr', en: 'Export' }, description: BODY },
      { subject: 'subject.en', body: 'description' },
    ],
    ['one language', { id: 7, subject: { fr: 'Export' }, body: BODY }, { subject: 'subject.fr' }],
    ['lists of texts', { id: 7, subject: 'Export', body: [BODY, 'Thanks'] }, { body: 'body' }],
    [
      'Elasticsearch',
      { hits: { hits: [{ _id: 'a1', _source: { subject: 'Export', description: BODY } }] } },
      { id: '_id', subject: '_source.subject', body: '_source.description' },
    ],
    [
      'Airbyte',
      { _airbyte_ab_id: 'x', _airbyte_data: { id: 7, subject: 'Export', description: BODY } },
      {
        id: '_airbyte_data.id',
        subject: '_airbyte_data.subject',
        body: '_airbyte_data.description',
      },
    ],
  ])('of %s, the texts in objects are found', async (_, value, columns) => {
    const { found, rows } = await rowsOf(['-'], {}, pipe(JSON.stringify(value), 1000));
    expect(found.columns).toMatchObject(columns);
    expect(rows).toHaveLength(1);
  });

  test('a name with nothing but objects below it is never taken', async () => {
    const value = { id: { a: 1 }, subject: { a: 1, b: 'x' }, description: [{ a: 1 }], text: BODY };
    const { found } = await rowsOf(['-'], {}, pipe(JSON.stringify(value), 1000));
    expect(found.columns).toEqual({ id: null, subject: null, body: 'text', account_tier: null });
  });

  test('columns are those of all first rows, not of the first alone', async () => {
    const { found } = await rowsOf(['-'], {}, pipe('{"id":1}\n{"id":2,"body":"b"}\n', 64));
    expect(found.columns).toMatchObject({ id: 'id', body: 'body' });
  });
});

test.each([
  ['a table', 'id,body\n1,a\n', '2,caf\xe9\n', '3,\xef\xbf\xbd is a sign of its own\n'],
  ['JSON lines', '{"body":"a"}\n', '{"body":"caf\xe9"}\n', '{"body":"\xef\xbf\xbd"}\n'],
])('in %s, a row with bytes that are not UTF-8 is marked, and no other', async (_, ...parts) => {
  const filler = parts[0]?.includes('{') ? '{"body":"x"}\n' : '1,x\n';
  const text = `${parts[0]}${filler.repeat(20_000)}${parts[1]}${parts[2]}`;
  const { rows } = await rowsOf([await file('late-bytes', Buffer.from(text, 'latin1'))]);
  expect(rows.map((row) => row.fault).slice(-3)).toEqual([
    null,
    expect.stringContaining('not UTF-8'),
    null,
  ]);
});

describe('bytes', () => {
  const text = 'id,body\n1,"Grüße, 5 € – ’quoted’"\n';
  test.each([
    ['gzip', gzipSync(text), {}],
    ['UTF-16 little-endian', Buffer.from(`\uFEFF${text}`, 'utf16le'), {}],
    ['UTF-16 big-endian', Buffer.from(`\uFEFF${text}`, 'utf16le').swap16(), {}],
    [
      'Windows-1252',
      Buffer.from(text.replace('€', '\x80').replace('–', '\x96').replaceAll('’', '\x92'), 'latin1'),
      { encoding: 'windows-1252' },
    ],
    ['gzip of UTF-16', gzipSync(Buffer.from(`\uFEFF${text}`, 'utf16le')), {}],
  ])('%s is read as it was meant, cut anywhere', async (_, bytes, options) => {
    for (const size of [1, 3, 1000]) {
      const chunks = [];
      for (let at = 0; at < bytes.length; at += size) chunks.push(bytes.subarray(at, at + size));
      const { rows } = await rowsOf(['-'], options, Readable.from(chunks));
      expect(cells(rows)).toEqual([['1', 'Grüße, 5 € – ’quoted’']]);
    }
  });

  test('NUL bytes stay in the cells', async () => {
    const { rows } = await rowsOf(['-'], {}, pipe('id,body\n1,a\0b\n'));
    expect(cells(rows)).toEqual([['1', 'a\0b']]);
  });

  test('an unknown encoding is refused', async () => {
    const outcome = rowsOf(['-'], { encoding: 'klingon' }, pipe('id,body\n'));
    await expect(outcome).rejects.toThrow('no such encoding');
  });
});

describe('JSON', () => {
  test.each([
    '[{"id":1,"body":"a"}]',
    '{"id":1,"body":"a"}\n',
    '{\n "data": [{"id":1,"body":"a"}]}',
  ])('%j is known in a file with the name of a table, and told', async (text) => {
    for (const name of ['export.csv', 'export.tsv', 'export.csv.gz']) {
      const path = await file(name, name.endsWith('gz') ? gzipSync(text) : text);
      const { rows, shape, remarks } = await rowsOf([path]);
      expect(shape.format).toBe('jsonl');
      expect(rows).toHaveLength(1);
      expect(remarks).toEqual([`${path} holds JSON, whatever its name says, and is read as such.`]);
    }
  });

  test('encoded twice is known without a name', async () => {
    const line = JSON.stringify('{"id":1,"body":"a"}');
    const { shape, rows } = await rowsOf(['-'], {}, pipe(`${line}\n${line}\n`, 500));
    expect([shape.format, rows.length]).toEqual(['jsonl', 2]);
  });

  test('of a sync has tickets and other lines, which are left out and told', async () => {
    const lines = [
      { type: 'SCHEMA', stream: 'tickets', schema: {}, key_properties: ['id'] },
      { type: 'RECORD', stream: 'tickets', record: { id: 1, subject: 'a', description: 'b' } },
      { type: 'LOG', log: { level: 'INFO', message: 'Hello' } },
      { type: 'STATE', value: {} },
      { type: 'STATE', subject: 'of the nation' },
    ];
    const text = lines.map((line) => `${JSON.stringify(line)}\n`).join('');
    const { rows, found, remarks } = await rowsOf(['-'], {}, pipe(text, 500));
    expect(rows.map(({ line }) => line)).toEqual([2, 5]);
    expect(found.columns).toMatchObject({ id: 'record.id', body: 'record.description' });
    expect(remarks).toEqual([
      'stdin: 3 lines of a sync (1 SCHEMA, 1 LOG, 1 STATE) are no tickets and left out.',
    ]);
  });
});

describe('a pipe', () => {
  test('that says nothing can be stopped', async () => {
    const stop = new AbortController();
    const opening = openIntake({ ...PLAIN, files: ['-'] }, new PassThrough(), stop.signal);
    const reason = new Error('interrupted');
    stop.abort(reason);
    await expect(opening).rejects.toBe(reason);
    const late = openIntake({ ...PLAIN, files: ['-'] }, new PassThrough(), stop.signal);
    await expect(late).rejects.toBe(reason);
  });

  test('however slow has the same columns where its rows become a table', async () => {
    const stdin = new PassThrough();
    const opening = openIntake({ ...PLAIN, files: ['-'], isForTable: true }, stdin);
    vi.useFakeTimers({ toFake: ['setTimeout'] });
    stdin.write('{"id":1,"body":"a"}\n');
    await turns(20);
    vi.advanceTimersByTime(60_000);
    await turns(20);
    vi.useRealTimers();
    stdin.end('{"id":2,"body":"b","priority":"high"}\n');
    expect((await opening).shape.names).toEqual(['id', 'body', 'priority']);
  });

  test('whose first lines are none is read until one is', async () => {
    const stdin = new PassThrough();
    const opening = openIntake({ ...PLAIN, files: ['-'] }, stdin);
    stdin.write('{"id":\n');
    await turns(20);
    stdin.end('{"id":2,"text":"b"}\n');
    expect((await opening).found.columns).toMatchObject({ id: 'id', body: 'text' });
  });

  test('none of whose lines can be read is refused with their reasons', async () => {
    const text = "{'id': 1, 'body': None}\n{'id': 2, 'body': None}\nid: 3\n[4]\n";
    const opening = openIntake({ ...PLAIN, files: ['-'], format: 'jsonl' }, pipe(text, 9));
    const python = 'is not JSON: it is what Python prints; json.dumps() writes JSON';
    await expect(opening).rejects.toThrow(
      expect.objectContaining({
        exit: 2,
        message:
          "All 4 rows can't be read as tickets:\n" +
          `stdin, line 1 ${python}\nstdin, line 2 ${python}\nstdin, line 3 is not JSON`,
      }),
    );
  });
});

async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve));
}

describe('inputs', () => {
  test.runIf(existsSync('/proc/self/fd'))('are open one at a time', async () => {
    const open = async () => (await readdir('/proc/self/fd')).length;
    const text = `id,body\n${'1,a\n'.repeat(20_000)}`;
    const files = [];
    for (let at = 0; at < 30; at++) files.push(await file(`many-${at}.csv`, text));
    const before = await open();
    const { rows, close, size } = await openIntake({ ...PLAIN, files }, Readable.from([]));
    const most = [await open()];
    expect(size()).toBe(30 * text.length);
    let count = 0;
    for await (const _ of rows) if (count++ % 20_000 === 0) most.push(await open());
    expect(count).toBe(30 * 20_000);
    expect(Math.max(...most) - before).toBeLessThan(4);
    await close();

    const unread = await openIntake({ ...PLAIN, files }, Readable.from([]));
    await unread.close();
    await expect.poll(open).toBe(before);
  });

  test('several files of one shape follow each other', async () => {
    const files = [await file('a.csv', 'id,body\n1,a\n'), await file('b.csv', 'id,body\n2,b\n')];
    const { rows } = await rowsOf(files);
    expect(rows.map((row) => [row.file, row.line])).toEqual([
      [files[0], 2],
      [files[1], 2],
    ]);
  });

  test.each([
    ['a missing column', 'id,subject\n', 'it lacks the columns body'],
    ['another column', 'id,body,tier\n', 'it has the columns tier as well'],
    ['another order', 'body,id\n', 'column 1 is body instead of id'],
  ])('files that differ by %s are refused with the difference', async (_, header, difference) => {
    const files = [await file('first.csv', 'id,body\n1,a\n'), await file('other.csv', header)];
    await expect(rowsOf(files)).rejects.toThrow(difference);
  });

  test.each([
    ['an Excel workbook', Buffer.from('PK\u0003\u0004rest'), 'Excel workbook'],
    ['a PDF', Buffer.from('%PDF-1.7'), 'is a PDF'],
    ['a Parquet file', Buffer.from('PAR1....'), 'Parquet'],
    ['a cut-off gzip', gzipSync('id,body\n1,a\n').subarray(0, 20), 'cut-off gzip'],
    ['UTF-16 without a mark', Buffer.from('id,body\n1,a\n', 'utf16le'), 'UTF-16'],
    ['Windows-1252', Buffer.from('id,body\n1,caf\u00e9 \n', 'latin1'), 'not UTF-8'],
    ['an HTML page', Buffer.from('<!DOCTYPE html><html>'), 'HTML page'],
    ['nothing at all', Buffer.from(''), '0 bytes'],
  ])('%s is refused in one sentence', async (_, content, sentence) => {
    const path = await file('export', content);
    await expect(rowsOf([path])).rejects.toThrow(sentence);
  });

  test.each([
    ['a file that is not there', 'missing.csv', 'there is no such file'],
    ['a folder', '.', 'it is a folder'],
  ])('%s is refused', async (_, name, sentence) => {
    await expect(rowsOf([join(folder, name)])).rejects.toThrow(sentence);
  });
});

test('where each row takes its reader long, others have their turn in between', async () => {
  const path = await file('slow.csv', `id,body\n${'1,a question\n'.repeat(6)}`);
  const { rows } = await openIntake({ ...PLAIN, files: [path] }, Readable.from([]));
  await rows.next();
  let heard = 0;
  const count = () => setImmediate(() => (heard++, isOver || count()));
  let isOver = false;
  count();
  for await (const _ of rows) {
    const started = performance.now();
    while (performance.now() - started < 60);
  }
  isOver = true;
  expect(heard).toBeGreaterThanOrEqual(4);
});

import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Failure } from '../../../src/ground/errors.ts';
import { readJson } from '../../../src/intake/json/read-json.ts';
import type { JsonRow } from '../../../src/ticket.ts';

const OPTIONS = { isTicket: false, damage: 'damaged' };

async function* chunksOf(bytes: Buffer, cuts: readonly number[]): AsyncGenerator<Buffer> {
  let at = 0;
  for (const cut of cuts.toSorted((a, b) => a - b)) {
    yield bytes.subarray(at, Math.max(at, cut));
    at = Math.max(at, cut);
  }
  yield bytes.subarray(at);
}

/** The rows until the end or the failure, whichever comes first. */
async function read(content: string | Buffer, cuts: readonly number[] = []) {
  const rows: JsonRow[] = [];
  try {
    for await (const row of readJson('f', chunksOf(Buffer.from(content), cuts), OPTIONS).rows)
      rows.push(row);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return { rows, failure: error.message };
  }
  return { rows, failure: '' };
}

const SHORT: [fault: RegExp, short: string][] = [
  [/^line \d+ is not JSON/, 'bad'],
  [/^line \d+ is .*, not an object$/, 'other'],
  [/^line \d+ is part of a record that is not JSON$/, 'part'],
  [/^the record in line \d+ is not JSON/, 'bad record'],
  [/^the element in line \d+ is not JSON/, 'bad element'],
  [/^the element in line \d+ is .*, not an object$/, 'other element'],
  [/a notice, not a ticket$/, 'notice'],
];

/** Of each row the line, and its id or what is wrong with it: `1 a, 2 bad`. */
async function outcome(content: string, cuts: readonly number[] = []) {
  const { rows, failure } = await read(content, cuts);
  const said = rows.map(({ line, fault, value }) => {
    return `${line} ${fault === null ? String(value['id']) : shortOf(fault)}`;
  });
  return { rows: said.join(', '), failure };
}

function shortOf(fault: string): string {
  return SHORT.find(([pattern]) => pattern.test(fault))?.[1] ?? fault;
}

function everyByte(content: string): number[] {
  return [...Buffer.from(content).keys()];
}

describe('what is read', () => {
  test.each([
    ['lines', '{"id":1}\n{"id":2}\n', '1 1, 2 2'],
    ['no line end at the end', '{"id":1}\n{"id":2}', '1 1, 2 2'],
    ['CRLF, blank lines, a BOM', '\uFEFF{"id":1}\r\n\r\n  \r\n{"id":2}\r\n', '1 1, 4 2'],
    ['blanks before the first value', '\n \t\n  {"id":1}\n', '3 1'],
    ['values over several lines', '{\n  "id": 1\n}\n{\n  "id": 2\n}\n', '1 1, 4 2'],
    ['values that touch', '{"id":1}{"id":2}  {\n"id":3}{"id":4}', '1 1, 1 2, 1 3, 2 4'],
    ['files strung together, with BOMs', '\uFEFF{"id":1}\n\uFEFF{"id":2}\n', '1 1, 2 2'],
    ['nothing', '', ''],
    ['blanks only', '\uFEFF \n\n', ''],

    ['an array', '[{"id":1},{"id":2}]', '1 1, 1 2'],
    ['an array over several lines', '\uFEFF[\n {"id":1}\n ,\n {"id":2}\n]\n', '2 1, 4 2'],
    ['arrays one after another', '[{"id":1}]\n[]\n[{"id":2}]', '1 1, 3 2'],
    ['an empty array', '[ ]', ''],
    ['lines after an array', '[{"id":1}]\n{"id":2}\n', '1 1, 2 2'],
    ['elements that are no objects', '[1,{"id":2},nul]', '1 other element, 1 2, 1 bad element'],

    ['a page', '{"tickets":[{"id":1},{"id":2}],"next_page":null}', '1 1, 1 2'],
    ['a page over several lines', '{\n"count": 1,\n"_results": [\n{"id":1}\n]\n}', '4 1'],
    ['pages', '{"data":[{"id":1}]}\n{"data":[{"id":2}]}{"data":[]}', '1 1, 2 2'],
    ['a page and another object', '{"data":[{"id":1}]}\n{"id":2}\n', '1 1, 2 2'],
    ['a ticket with items', '{"id":1,"items":[{"id":2}]}\n', '1 1'],
    ['items before the text', '{"items":[{"id":2}],"subject":"a","id":3}\n', '1 3'],
    ['items in the second line', '{"id":1}\n{"items":[{"id":3}]}\n', '1 1, 2 undefined'],

    ['an empty page', '{"tickets":[],"next":null}', ''],
    ['an empty page before one with tickets', '{"data":[]}\n{"data":[{"id":2}]}', '2 2'],
    ['tickets without items', '{"a":1,"items":[]}\n{"id":2,"items":[]}\n', '1 undefined, 2 2'],
    ['a notice among pages', '{"data":[{"id":1}]}\n{"message":"no"}', '1 1, 2 notice'],

    ['a comma after each line', '{"id":1},\n{"id":2} , \n{"id":3},', '1 1, 2 2, 3 3'],
    ['a comma between two on a line', '{"id":1}, {"id":2}\n{"id":3}', '1 1, 1 2, 2 3'],
    ['jq --seq', '\x1e{"id":1}\n\x1e{\n"id":2}\n\x1e{"id":3}\x1e{"id":4}', '1 1, 2 2, 4 3, 4 4'],
    ['lines encoded twice', '"{\\"id\\":1}"\n"{\\"id\\":2}"\n"x"\n', '1 1, 2 2, 3 other'],
    ['elements encoded twice', '["{\\"id\\":1}"]', '1 1'],
    ['a list of lists', '[["id","body"],["1","a"]]', '1 other element, 1 other element'],

    ['no objects', '{"id":1}\n[1]\n"a"\n{"id":2}\n', '1 1, 2 other, 3 other, 4 2'],
    ['a broken line', '{"id":1}\n{"id":\n{"id":3}\n', '1 1, 2 bad, 3 3'],
    ['a broken first line', '{"id":"a\n{"id":2}\n{"id":3}\n', '1 bad, 2 2, 3 3'],
    ['a broken last line', '{"id":1}\n{"id":2', '1 1, 2 bad'],
    ['two open lines', '{"id":\n{"id":[\n{"id":3}\n{"id":4}\n', '1 bad, 2 bad, 3 3, 4 4'],
    ['a lost quote', '{"id":1}\n{"id":"a}\n{"id":"b"}\n', '1 1, 2 bad, 3 b'],
    ['words after a value', '{"id":1}\n{"id":2} more\n{"id":3}\n', '1 1, 2 bad, 3 3'],
    ['a NUL', '{"id":1}\n\0\n{"id":"\0"}\n{"id":2}\n', '1 1, 2 bad, 3 bad, 4 2'],
    ['a bad escape over several lines', '{\n"id": "\\x"\n}\n{"id":2}\n', '1 bad record, 4 2'],
    [
      'a part that would be a ticket',
      '{"a":\n[\n {"id":2}\n}\n{"id":3}\n',
      '1 bad, 2 bad, 3 part, 4 bad, 5 3',
    ],
    [
      'a part over several lines',
      '{"a" 1,"of":\n[\n {\n "id":2}\n]}\n{"id":3}\n',
      '1 bad, 2 bad, 3 bad, 4 bad, 5 bad, 6 3',
    ],
  ])('%s', async (_, content, rows) => {
    expect(await outcome(content)).toEqual({ rows, failure: '' });
    expect(await outcome(content, everyByte(content))).toEqual({ rows, failure: '' });
  });

  test.each([
    ['a cut-off array', '[{"id":1},\n{"id":', 'f, line 2: the file ends there'],
    ['an array without its end', '[{"id":1}\n', 'f, line 2: the file ends there'],
    ['a comma at the end of an array', '[{"id":1},]', 'f, line 1: what stands there'],
    ['words after an array', '[{"id":1}]\n]', 'f, line 2: something follows the end'],
    ['a lost quote in an array', '[{"id":1},\n{"id":"a}\n,{}]', 'f, line 2: what stands there'],
    ['a cut-off page', '{"tickets":[{"id":1},\n{"id":"', 'f, line 2: the file ends there'],
    ['a cut after the list', '{"tickets":[{"id":1}],"next', 'f, line 1: the file ends there'],
    ['a broken page', '{"tickets":[{"id":1}\n{"id":2}]}', 'f, line 2: what stands there'],
  ])('%s is refused after the rows before it', async (_, content, message) => {
    for (const cuts of [[], everyByte(content)]) {
      const { rows, failure } = await outcome(content, cuts);
      expect(rows).toBe('1 1');
      expect(failure).toContain(message);
    }
  });

  test('texts are kept to the letter, without the line ends between tokens', async () => {
    const textsOf = async (text: string) => (await read(text)).rows.map((row) => row.text);
    const line = '  { "id": 12345678901234567890, "a" :"é\\u00e9\\ud800", "n": 1.0E+2 } ';
    expect(await textsOf(`${line}\r\n${line}\n`)).toEqual([line, line]);
    expect(await textsOf(`[${line},${line}]`)).toEqual([line.trim(), line.trim()]);
    expect(await textsOf(`${line},\n\x1e${line}`)).toEqual([line, line]);
    const lines = '{\r\n  "id": 1,\r\n  "a": "\\n"\r\n}\r\n';
    expect(await textsOf(lines)).toEqual(['{  "id": 1,  "a": "\\n"}']);
    expect(await textsOf('{"id":\r\n\n{"id":2}\n')).toEqual(['{"id":', '{"id":2}']);
  });

  test.each([
    ['lines', '', '\n', ''],
    ['an array', '[', ',', ']'],
    ['a page', '{"items":[', ',', ']}'],
  ])('in %s, a record with bad bytes is marked, and no other', async (_, start, between, end) => {
    const [good, bad] = ['{"a":"\uFFFD"}', '{"a":"caf\xe9"}'];
    const bytes = [start, good, between, bad, between, good, end].map((part) => {
      return Buffer.from(part, part === bad ? 'latin1' : 'utf8');
    });
    const { rows } = await read(Buffer.concat(bytes));
    expect(rows.map((row) => row.fault)).toEqual([null, 'damaged', null]);
  });

  test.each([
    ['lines', '\uFEFF{"id":"ä"}\r\n\n{\n"id":2}\n{"id":\n{"id":4}'],
    ['pages', '{"count":2,"tickets":[{"id":1}, {"id":2}],"next":null}\n'.repeat(3)],
    ['an array', '[{"id":1},\n{"id":2}]'],
  ])("of %s, the rows' bytes add up to the file's", async (_, content) => {
    const { rows } = await read(content);
    const sum = rows.reduce((all, row) => all + row.bytes, 0);
    expect(sum).toBeGreaterThan(Buffer.byteLength(content) - 16);
    expect(sum).toBeLessThanOrEqual(Buffer.byteLength(content));
  });
});

describe('large records', () => {
  const long = 'x'.repeat(2 * 1024 * 1024);
  const most = long.slice(0, 1_500_000);
  const cuts = (bytes: number) =>
    Array.from({ length: Math.ceil(bytes / 65_536) }, (_, at) => at * 65_536);

  test.each([
    ['a line', `{"id":1}\n{"id":2,"a":"${long}"}\n{"id":3}\n`, '1 1, 2 2, 3 3'],
    ['a string that never closes', `{"id":1}\n{"id":2,"a":"${long}${long}`, '1 1, 2 bad'],
    ['a line of words', `{"id":1}\n${long} ${long}\n{"id":3}\n`, '1 1, 2 bad, 3 3'],
    ['an element', `[{"id":1},\n{"id":2,"a":"${long}"},{"id":3}]`, '1 1, 2 2, 2 3'],
    ['the first of all', `{"id":1,"a":"${long}"}\n{"id":2}\n`, '1 1, 2 2'],
    ['what comes before a list', `{"users":["${long}"],"data":[{"id":1}]}`, '1 1'],
  ])('%s is out, and what follows it', async (_, content, rows) => {
    const found = await outcome(content, cuts(content.length));
    expect(found).toEqual({ rows, failure: '' });
  });

  test('a brace that never closes is refused with the line where it stands', async () => {
    const content = `{"id":1}\n{${`"a":"${long}",`.repeat(33)}`;
    const { rows, failure } = await outcome(content, cuts(content.length));
    expect(rows).toBe('1 1');
    expect(failure).toContain('f, line 2: a record of more than 64 MB');
  });

  test('a page may be larger, and so may what is dropped of it', async () => {
    const row = `{"id":1,"a":"${most}"}`;
    const page = `{"tickets":[${row},${row}],"users":["${long}${long}"],"next":1}`;
    const both = await outcome(`${page}\n${page}`, cuts(2 * page.length));
    expect(both).toEqual({ rows: '1 1, 1 1, 2 1, 2 1', failure: '' });
  });

  test('a large object with a text of its own behind its list is refused', async () => {
    const row = `{"id":1,"a":"${most}"}`;
    const { failure } = await outcome(`{"items":[${row},${row}],"subject":"a"}`);
    expect(failure).toContain('has a list of tickets and a subject of its own');
  });

  test('open lines in great number end soon', async () => {
    const { rows } = await read('{"a":\n'.repeat(60_000));
    expect(rows).toHaveLength(60_000);
  });
});

const SIGNS = '" \\ { } [ ] , : \n \r \u2028 é'.split(' ');
const text = fc.string({
  unit: fc.oneof(fc.constantFrom(...SIGNS, '\ud800', '😀'), fc.string()),
  maxLength: 8,
});
const cuts = fc.array(fc.nat(400), { maxLength: 12 });

describe('any objects, in chunks cut anywhere', () => {
  const leaf = fc.oneof(text, fc.integer(), fc.double(), fc.boolean(), fc.constant(null));
  const { json } = fc.letrec((tie) => ({
    json: fc.oneof(
      { depthSize: 'small' },
      leaf,
      fc.array(tie('json'), { maxLength: 3 }),
      fc.dictionary(text, tie('json'), { maxKeys: 3 }),
    ),
  }));
  const objects = fc.array(fc.dictionary(text, json, { maxKeys: 4 }), { maxLength: 6 });

  type Write = (texts: readonly string[], end: string) => string;
  // What makes an object a page, whatever stands beside it in the list.
  const FIRST = '{"id":0}';
  test.each<[string, Write]>([
    ['lines', (texts, end) => texts.join(end)],
    ['ended lines', (texts, end) => texts.map((each) => each + end).join('')],
    ['values that touch', (texts) => texts.join('')],
    ['an array', (texts, end) => `[${end}${texts.join(`,${end}`)}${end}]${end}`],
    [
      'a page',
      (texts, end) => `{"n":1,${end}"tickets":[${[FIRST, ...texts].join()}],"m":{"a":[]}}`,
    ],
    ['pages', (texts, end) => texts.map((each) => `{"data":[${FIRST},${each}]}${end}`).join('')],
  ])('as %s come out in order, to the letter or equal', async (_, write) => {
    await fc.assert(
      fc.asyncProperty(
        objects,
        fc.constantFrom(0, 2),
        fc.constantFrom('\n', '\r\n'),
        cuts,
        async (values, indent, end, where) => {
          const texts = values.map((value) => JSON.stringify(value, null, indent));
          const written = texts.map((each) => each.replaceAll('\n', end));
          const { rows, failure } = await read(write(written, end), where);
          const ours = rows.filter((row) => row.text !== FIRST);
          expect(failure).toBe('');
          expect(ours.map((row) => row.text)).toEqual(texts.map((each) => each.replace(/\n/g, '')));
          expect(ours.map((row) => row.value)).toEqual(texts.map((each) => JSON.parse(each)));
          expect(rows.every((row) => row.fault === null)).toBe(true);
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe('damage', () => {
  const ticket = fc.record({
    id: fc.nat(),
    subject: text,
    items: fc.array(fc.record({ id: fc.nat(), name: text }), { maxLength: 2 }),
    requester: fc.record({ plan: text }),
  });
  const tickets = fc.array(ticket, { minLength: 1, maxLength: 6 });

  /** @param at where the damage is: the lines before it must be whole */
  async function check(bytes: Buffer, at: number, lines: readonly string[], where: number[]) {
    const { rows, failure } = await read(bytes, where);
    const ends = lines.map((_, upTo) => Buffer.byteLength(lines.slice(0, upTo + 1).join('')));
    const damaged = ends.filter((end) => end <= at).length;
    const texts = rows.map((row) => row.text);
    expect(texts.slice(0, damaged)).toEqual(lines.slice(0, damaged).map((line) => line.trim()));
    expect(rows.slice(0, damaged).every((row) => row.fault === null)).toBe(true);
    // What came out is all there is, once, but for what may stand between values.
    const bare = (all: string) => all.replace(/[\s,\x1e]/g, '');
    const isAll = bare(texts.join('')) === bare(bytes.toString('utf8'));
    expect(isAll || failure !== '').toBe(true);
    return { rows, failure, damaged };
  }

  test('of a file cut off anywhere, the lines before the cut are whole', async () => {
    await fc.assert(
      fc.asyncProperty(tickets, fc.nat(), cuts, async (values, place, where) => {
        const lines = values.map((value) => `${JSON.stringify(value)}\n`);
        const bytes = Buffer.from(lines.join(''));
        await check(bytes.subarray(0, place % bytes.length), place % bytes.length, lines, where);
      }),
      { numRuns: 500 },
    );
  });

  test('of a file with a byte changed, each line is out once, or the run is refused', async () => {
    const byte = fc.oneof(fc.constantFrom(...Buffer.from('\n\r "{}[],:\\0')), fc.nat(255));
    await fc.assert(
      fc.asyncProperty(tickets, fc.nat(), byte, cuts, async (values, place, changed, where) => {
        const lines = values.map((value) => `${JSON.stringify(value)}\n`);
        const bytes = Buffer.from(lines.join(''));
        bytes[place % bytes.length] = changed;
        const { rows, failure, damaged } = await check(bytes, place % bytes.length, lines, where);
        // A lost line end takes the next line with it, but none after that.
        const after = lines.slice(damaged + 2).map((line) => line.trim());
        const last = after.length > 0 ? rows.slice(-after.length) : [];
        const isSame = last.map((row) => row.fault ?? row.text).join('\n') === after.join('\n');
        // Only in the first line can damage make the file another kind of JSON.
        expect(isSame || (damaged === 0 && failure !== '')).toBe(true);
      }),
      { numRuns: 1500 },
    );
  });
});

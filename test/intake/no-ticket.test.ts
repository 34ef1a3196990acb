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

async function open(text: string, options: Partial<IntakeOptions> = {}) {
  const { found } = await openIntake({ ...PLAIN, ...options }, Readable.from([Buffer.from(text)]));
  return found.columns;
}

describe('an object alone', () => {
  test.each([
    { message: 'API rate limit exceeded' },
    { message: 'Not Found', documentation_url: 'https://docs.example' },
    { data: { message: 'Hello' } },
    { id: 'err_1', message: 'Something broke', status: 503 },
    { code: 429, text: 'Slow down' },
    { success: false, data: [], text: 'Please log in' },
    { title: 'Problem', description: 'You may not', errors: [{ code: 7 }] },
    { text: 'Your token has expired' },
    { description: 'The service is unavailable' },
  ])('%j is an API’s notice, and refused', async (value) => {
    for (const text of [JSON.stringify(value), `${JSON.stringify(value, null, 2)}\n`]) {
      await expect(open(text)).rejects.toThrow(
        expect.objectContaining({ exit: 2, remedies: [['--columns', expect.any(String)]] }),
      );
    }
  });

  test.each([
    { body: 'API rate limit exceeded' },
    { text: 'My printer is broken' },
    { id: 1, message: 'API rate limit exceeded' },
    { subject: 'Login', message: 'It says: not found' },
    { id: 1, status: 'open', description: 'It says: not found' },
    { id: 1, text: 'Hello', errors: [] },
  ])('%j is a ticket', async (value) => {
    await expect(open(JSON.stringify(value))).resolves.toBeDefined();
  });

  test('is one if its text is named', async () => {
    const columns = { body: 'message' };
    expect(await open('{"message":"API rate limit exceeded"}', { columns })).toMatchObject(columns);
  });

  test.each([
    '{"message":"a"}\n{"message":"b"}\n',
    '[{"message":"a"}]',
    '{"data":[{"message":"a"}]}',
  ])('is not what %j is', async (text) => {
    expect(await open(text)).toMatchObject({ body: 'message' });
  });

  test.each([
    { id: [1, 2], subject: ['a', 'b'], body: ['c', 'd'] },
    { id: { 0: 1, 1: 2 }, body: { 0: 'c', 1: 'd' }, text: { 0: 'c', 1: 'd' } },
  ])('%j is a table by columns, and refused', async (value) => {
    const text = JSON.stringify(value);
    await expect(open(text, { columns: { id: 'id' } })).rejects.toThrow(
      /a list for each column|No column/,
    );
  });
});

import { describe, expect, test } from 'vitest';
import { columnsText, findColumns } from '../../src/intake/columns.ts';

describe('findColumns', () => {
  test.each([
    [
      'id,subject,body,account_tier',
      'id ← id, subject ← subject, body ← body, account_tier ← account_tier',
    ],
    [
      'Ticket ID,Title,Message,Plan',
      'id ← Ticket ID, subject ← Title, body ← Message, account_tier ← Plan',
    ],
    [
      'Summary,Issue key,Issue id,Description',
      'id ← Issue key, subject ← Summary, body ← Description',
    ],
    ['Summation column,Id,Text', 'id ← Id, body ← Text'],
    [
      'Ticketnummer,Betreff,Beschreibung',
      'id ← Ticketnummer, subject ← Betreff, body ← Beschreibung',
    ],
    ['Numéro,Objet,Contenu', 'id ← Numéro, subject ← Objet, body ← Contenu'],
    ['Número,Asunto,Descripción', 'id ← Número, subject ← Asunto, body ← Descripción'],
    ['text,category', 'body ← text'],
    ['utterance,intent', 'body ← utterance'],
    ['SUBJECT,BODY', 'subject ← SUBJECT, body ← BODY'],
  ])('finds the columns of %s', (header, expected) => {
    expect(columnsText(findColumns(header.split(','), {}, false))).toBe(expected);
  });

  test('--columns goes before any name', () => {
    const columns = findColumns(['subject', 'body', 'Notes'], { body: 'notes' }, false);
    expect(columns.body).toBe('Notes');
  });

  test('a column that is not there is an error that lists the others and guesses the nearest', () => {
    expect(() => findColumns(['Issue key', 'Description'], { body: 'Descripton' }, false)).toThrow(
      'there is no such column. The columns are: "Issue key", "Description".',
    );
  });

  test('no text at all is an error', () => {
    expect(() => findColumns(['a', 'b'], {}, false)).toThrow("No column holds the tickets' text");
  });

  test('a subject alone is an error, unless it is asked for', () => {
    expect(() => findColumns(['subject', 'x'], {}, false)).toThrow('Only a subject was found');
    expect(findColumns(['subject', 'x'], {}, true)).toMatchObject({
      subject: 'subject',
      body: null,
    });
  });

  test('--columns may lead into a nested object', () => {
    const columns = findColumns(['body', 'requester'], { account_tier: 'requester.plan' }, false);
    expect(columns.account_tier).toBe('requester.plan');
  });
});

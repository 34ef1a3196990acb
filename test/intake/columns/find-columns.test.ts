import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { columnsText, findColumns, type Found } from '../../../src/intake/columns/find-columns.ts';

const PROSE = [
  'I have been waiting for my card for more than a week now.',
  'Why was I charged twice for the same order last Monday?',
  'Please tell me how to change the address of our company.',
];
const SHORT = ['Card not here', 'Charged twice', 'New address'];
const IDS = ['T-1001', 'T-1002', 'T-1003'];
const EMPTY = ['', '', ''];
const PHONES = ['+49 30 901820', '+33 1 23 45 67 89', '+1 (555) 010-9999'];
const MESSAGE_IDS = ['8f14e45fceea167a', 'c9f0f895fb98ab91', '45c48cce2e2d7fbd'];

/** Finds the columns of a table given as its columns. */
function find(table: Record<string, string[]>, options: { subjectOnly?: boolean } = {}): Found {
  return findColumns(
    Object.keys(table),
    (name) => table[name] ?? [],
    {},
    options.subjectOnly ?? false,
  );
}

function findByNames(header: string): string {
  return columnsText({
    ...findColumns(header.split(','), () => [], {}, false),
    alternatives: [],
  });
}

describe('findColumns by names', () => {
  test.each([
    [
      'id,subject,body,account_tier',
      'id ← id, subject ← subject, body ← body, account_tier ← account_tier',
    ],
    [
      'Ticket ID,Title,Message,Plan',
      'id ← Ticket ID, subject ← Title, body ← Message, account_tier ← Plan',
    ],
    ['Summation column,Id,Text', 'id ← Id, body ← Text'],
    ['Σ Time Spent,Issue id,Issue key,Description', 'id ← Issue key, body ← Description'],
    ['comments_count,ticket_id,id,comment', 'id ← ticket_id, body ← comment'],
    [
      'TICKET-NR.,BETREFF,NACHRICHT,TARIF',
      'id ← TICKET-NR., subject ← BETREFF, body ← NACHRICHT, account_tier ← TARIF',
    ],
    ['Numéro,Objet,Contenu', 'id ← Numéro, subject ← Objet, body ← Contenu'],
    ['N° de ticket,Sujet,Corps', 'id ← N° de ticket, subject ← Sujet, body ← Corps'],
    ['Número,Asunto,Descripción', 'id ← Número, subject ← Asunto, body ← Descripción'],
    ['text,category', 'body ← text'],
    ['utterance,intent', 'body ← utterance'],
    ['question,answer', 'body ← question'],
    ['summary,title,body', 'subject ← title, body ← body'],
    ['Comment,Description,Comment,Comment', 'body ← Description'],
    ['body_html,body_text', 'body ← body_text'],
    ['description,description_text', 'body ← description_text'],
    [
      'ticket.id,ticket.subject,ticket.comment.body',
      'id ← ticket.id, subject ← ticket.subject, body ← ticket.comment.body',
    ],
    ['requester.id,requester.plan,body', 'body ← body, account_tier ← requester.plan'],
    [
      'assignee.id,organization.plan.name,text',
      'body ← text, account_tier ← organization.plan.name',
    ],
    ['via.channel,via.source.from.name,via.source.from.subject,text', 'body ← text'],
    ['text,category,intent,status,priority,tags,assignee', 'body ← text'],
  ])('finds the columns of %s', (header, expected) => {
    expect(findByNames(header)).toBe(expected);
  });
});

describe('findColumns by names and cells', () => {
  test.each([
    ['an empty id', { id: EMPTY, number: IDS, body: PROSE }, 'id ← number, body ← body'],
    [
      'a constant id',
      { id: ['1', '1', '1'], reference: IDS, body: PROSE },
      'id ← reference, body ← body',
    ],
    ['a number that is a phone number', { number: PHONES, body: PROSE }, 'body ← body'],
    [
      'the id of a ticket that repeats',
      { id: IDS, ticket_id: ['7', '7', '7'], body: PROSE },
      'id ← ticket_id, body ← body',
    ],
    [
      'an unnamed first column',
      { '': ['0', '1', '2'], 'Ticket ID': IDS, body: PROSE },
      'id ← Ticket ID, body ← body',
    ],
    ['an unnamed first column alone', { '': ['0', '1', '2'], body: PROSE }, 'body ← body'],
    ['an empty description', { description: EMPTY, comment: PROSE }, 'body ← comment'],
    [
      'nothing but an empty description',
      { title: SHORT, description: EMPTY },
      'subject ← title, body ← description',
    ],
    ['a message that holds ids', { message: MESSAGE_IDS, text: PROSE }, 'body ← text'],
    ['empty details', { details: EMPTY, question: PROSE }, 'body ← question'],
    [
      'a description of one line beside a long message',
      { description: SHORT, message: PROSE.map((text) => text.repeat(20)) },
      'body ← message (others: description)',
    ],
    [
      'a description beside longer comments',
      { Comment: PROSE.map((text) => text.repeat(20)), Description: PROSE },
      'body ← Description (others: Comment)',
    ],
    [
      'a title that is a job',
      { title: PHONES, summary: SHORT, body: PROSE },
      'subject ← summary, body ← body',
    ],
    ['a plan that is prose', { plan: PROSE, body: PROSE }, 'body ← body (others: plan)'],
    [
      'masked texts',
      {
        id: ['1', '2', '3'],
        subject: ['subject1', 'subject1', 'subject1'],
        description: ['description1', 'description1', 'description2'],
      },
      'id ← id, subject ← subject, body ← description',
    ],
    [
      'text without spaces',
      {
        Betreff: SHORT,
        body: EMPTY,
        text: [
          '注文したカードがまだ届きません。どうすればいいですか。',
          '請求が二回ありました。',
          '住所を変更したいです。',
        ],
      },
      'subject ← Betreff, body ← text',
    ],
  ])('%s', (_, table, expected) => {
    expect(columnsText(find(table))).toBe(expected);
  });

  test('other columns that could have been the body are told, best first', () => {
    const found = find({
      'Resolution notes': PROSE,
      Summary: SHORT,
      Comment: PROSE,
      Description: PROSE,
      tags: PROSE,
      updated: ['2025-09-22 09:26', '2025-09-23 10:00', '2025-09-24 11:11'],
    });
    expect(found.alternatives).toEqual(['Comment', 'Resolution notes']);
    expect(columnsText(found)).toBe(
      'subject ← Summary, body ← Description (others: Comment, Resolution notes)',
    );
  });

  test('no more than three others are named', () => {
    const found = find({ body: PROSE, a: PROSE, b: PROSE, c: PROSE, d: PROSE, e: PROSE });
    expect(columnsText(found)).toBe('body ← body (others: a, b, c and 2 more)');
  });

  test('whatever the table holds, a column is one of its own and is used once', () => {
    const name = fc.constantFrom(
      'id',
      'Id',
      'title',
      'body',
      'text',
      'plan',
      'message.id',
      '',
      'Q1',
    );
    const cell = fc.constantFrom('', '1', 'a b c d e f g h i j k l m n o p q', '+1 555 010 9999');
    const table = fc.array(fc.record({ name, cells: fc.array(cell) }));
    fc.assert(
      fc.property(table, fc.string(), (columns, other) => {
        const names = ['subject', ...columns.map((column) => column.name), other];
        const sample = (wanted: string) =>
          columns.find((column) => column.name === wanted)?.cells ?? [];
        const found = findColumns(names, sample, {}, true);
        const used = [...Object.values(found.columns), ...found.alternatives].filter(
          (column) => column !== null,
        );
        expect(new Set(used).size).toBe(used.length);
        expect(names).toEqual(expect.arrayContaining(used));
      }),
    );
  });

  test('few rows contradict nothing', () => {
    expect(columnsText(find({ message: ['INC1'] }))).toBe('body ← message');
  });
});

describe('findColumns with --columns', () => {
  test('goes before any name, and leaves no alternatives', () => {
    const given = { body: 'notes' };
    const found = findColumns(['subject', 'body', 'Notes'], () => PROSE, given, false);
    expect(found).toMatchObject({ columns: { body: 'Notes' }, alternatives: [] });
  });

  test('takes a column away from the other fields', () => {
    const given = { subject: 'description' };
    const { columns } = findColumns(['title', 'description', 'text'], () => [], given, false);
    expect(columns).toMatchObject({ subject: 'description', body: 'text' });
  });

  test('may lead into a nested object', () => {
    const given = { account_tier: 'requester.plan' };
    const { columns } = findColumns(['body', 'requester'], () => [], given, false);
    expect(columns.account_tier).toBe('requester.plan');
  });

  test('names a column that is not there: the error lists the others and guesses the nearest', () => {
    const given = { body: 'Descripton' };
    expect(() => findColumns(['Issue key', 'Description'], () => [], given, false)).toThrow(
      expect.objectContaining({
        message:
          '--columns body=Descripton: there is no such column. The columns are: "Issue key", "Description".',
        hint: 'Did you mean --columns body=Description?',
      }),
    );
  });
});

describe('findColumns without a body', () => {
  test.each(['Freitext', 'Q1', 'Q1: why?', "What's wrong", ''])(
    'the only long text, %j, is not taken but suggested',
    (name) => {
      const table = { Nr: IDS, [name]: PROSE, Status: SHORT, tags: PROSE };
      expect(() => find(table)).toThrow(
        expect.objectContaining({
          message: expect.stringContaining("No column holds the tickets' text"),
          remedies: [['--columns', `body=${name}`]],
        }),
      );
    },
  );

  test('all fields that can be told are suggested, those of one object first', () => {
    const table = {
      'batch.id': IDS,
      'batch.note': SHORT,
      'x.freitext': PROSE,
      'x.betr': SHORT,
      'x.nr.': IDS,
    };
    expect(() => find(table)).toThrow(
      expect.objectContaining({
        remedies: [
          '--columns id=x.nr. --columns subject=x.betr --columns body=x.freitext'.split(' '),
        ],
      }),
    );
  });

  test('where nothing could be one, none is suggested', () => {
    expect(() => find({ took: ['5', '7', '9'], state: ['1', '2', '3'] })).toThrow(
      expect.objectContaining({ remedies: [], hint: expect.stringContaining('body=<column>') }),
    );
  });

  test('the customer is suggested before the agent, however much the agent writes', () => {
    const table = { subject: SHORT, answer: PROSE.map((text) => text.repeat(9)), Freitext: PROSE };
    expect(() => find(table)).toThrow(
      expect.objectContaining({ hint: expect.stringContaining('--columns body=Freitext)') }),
    );
  });

  test('ids are not sent as a body for want of a better one', () => {
    expect(() => find({ subject: SHORT, message: MESSAGE_IDS })).toThrow(
      'Only a subject was found',
    );
  });

  test('a subject alone is an error, unless it is asked for', () => {
    const table = { subject: SHORT, x: IDS };
    expect(() => find(table)).toThrow('Only a subject was found (subject), no body.');
    expect(find(table, { subjectOnly: true }).columns).toMatchObject({
      subject: 'subject',
      body: null,
    });
  });
});

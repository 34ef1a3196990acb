import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { firstComment } from '../../../src/intake/json/json-comments.ts';

/** Each by its desk, the customer's first words saying `first`. */
const THREADS: [desk: string, comments: Record<string, unknown>[], ticket?: object][] = [
  [
    'Help Scout',
    [
      {
        type: 'message',
        body: 'answer',
        createdBy: { type: 'user' },
        createdAt: '2024-01-03T00:00:00Z',
      },
      {
        type: 'customer',
        body: 'second',
        createdBy: { type: 'customer' },
        createdAt: '2024-01-02T00:00:00Z',
      },
      {
        type: 'customer',
        body: 'first',
        createdBy: { type: 'customer' },
        createdAt: '2024-01-01T00:00:00Z',
      },
      {
        type: 'note',
        body: 'note',
        createdBy: { type: 'user' },
        createdAt: '2023-12-31T00:00:00Z',
      },
    ],
  ],
  [
    'Intercom, after its bot',
    [
      {
        part_type: 'comment',
        body: 'hello, I am a bot',
        author: { type: 'bot', id: 1 },
        created_at: 1700000000,
      },
      {
        part_type: 'comment',
        body: 'answer',
        author: { type: 'admin', id: 2 },
        created_at: 1700000900,
      },
      {
        part_type: 'comment',
        body: 'first',
        author: { type: 'user', id: 3 },
        created_at: 1700000100,
      },
    ],
  ],
  [
    'Gorgias',
    [
      { from_agent: true, body_text: 'answer', created_datetime: '2024-01-01T10:00:00' },
      { from_agent: false, body_text: 'first', created_datetime: '2024-01-01T11:00:00' },
    ],
  ],
  [
    'Freshdesk',
    [
      { incoming: true, private: false, body_text: 'second', created_at: '2024-01-02T10:00:00Z' },
      { incoming: false, private: false, body_text: 'answer', created_at: '2024-01-01T10:00:00Z' },
      { incoming: true, private: false, body_text: 'first', created_at: '2024-01-01T11:00:00Z' },
    ],
  ],
  [
    'Zendesk, with its requester',
    [
      { author_id: 9, public: true, body: 'answer', created_at: '2024-01-01T10:00:00Z' },
      { author_id: 5, public: true, body: 'first', created_at: '2024-01-01T11:00:00Z' },
      {
        author_id: 5,
        public: true,
        body: 'welcome',
        created_at: '2024-01-01T09:00:00Z',
        via: { channel: 'rule' },
      },
    ],
    { requester_id: 5 },
  ],
  [
    'Jira Service Management',
    [
      {
        jsdPublic: true,
        body: 'second',
        author: { accountId: 'c' },
        created: '2024-01-02T10:00:00.000+0100',
      },
      {
        jsdPublic: true,
        body: { type: 'doc', content: [{ type: 'text', text: 'first' }] },
        author: { accountId: 'c' },
        created: '2024-01-01T10:00:00.000+0100',
      },
    ],
  ],
  [
    'a chat with a machine',
    [
      { role: 'system', content: 'You are helpful', timestamp: 1 },
      { role: 'assistant', content: 'hello', timestamp: 2 },
      { role: 'user', content: 'first', timestamp: 3 },
    ],
  ],
  [
    'mail, by its direction',
    [
      { direction: 'outbound', text: 'answer', sentAt: '2024-01-01' },
      { direction: 'inbound', text: 'first', sentAt: '2024-01-02' },
    ],
  ],
  [
    'nobody that is known',
    [
      { body: 'second', createdAt: 1700000900000 },
      { body: 'first', createdAt: 1700000100000 },
    ],
  ],
  [
    'agents alone',
    [
      { body: 'second', from: 'agent', ts: 2 },
      { body: 'first', from: 'agent', ts: 1 },
    ],
  ],
  [
    'times of MongoDB',
    [
      { body: 'b', ts: { $date: '2024-01-02' } },
      { body: 'first', ts: { $date: '2024-01-01' } },
    ],
  ],
];

describe('firstComment', () => {
  test.each(THREADS)(
    'of %s, in whatever order, it is the customer’s first',
    (_, comments, ticket = {}) => {
      const shuffled = fc.shuffledSubarray(comments, { minLength: comments.length });
      fc.assert(
        fc.property(shuffled, (list) => {
          expect(firstComment(list, ticket)).toBe('first');
        }),
      );
    },
  );

  test.each([
    [
      'times that say nothing',
      [
        { body: 'a', date: '03/04/2024' },
        { body: 'b', date: '01/04/2024' },
      ],
      'a',
    ],
    ['one without a time', [{ body: 'a', ts: 2 }, { body: 'b' }, { body: 'c', ts: 1 }], 'a'],
    [
      'the order where the customer wrote',
      [
        { body: 'a', from: 'agent' },
        { body: 'b', from: 'customer' },
      ],
      'b',
    ],
    ['no text', [{ body: '' }, { body: ' ' }], ''],
    ['no comments', [{ name: 'a' }], null],
  ])('%s', (_, list, expected) => {
    expect(firstComment(list, {})).toBe(expected);
  });
});

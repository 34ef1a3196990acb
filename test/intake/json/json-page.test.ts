import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { pageOf } from '../../../src/intake/json/json-page.ts';

const BODY = 'The export button does nothing since this morning, please help us soon';
const FULL = [
  { id: 1, subject: 'Export broken', description: BODY },
  { id: 2, subject: 'Double charge', description: BODY },
];
const JIRA = [{ key: 'SUP-1', fields: { summary: 'Export broken', description: BODY } }];
const CHAIRS = [{ id: 7, name: 'Chair' }];
const MAILS = [{ id: 5, body_text: BODY }];

function judge(value: unknown) {
  const bytes = Buffer.from(JSON.stringify(value));
  const { kind, lists } = pageOf(bytes, 0, bytes.length);
  return [kind, ...lists.map((path) => path.join('.'))].join(' ');
}

describe('pageOf', () => {
  test.each<[string, unknown]>([
    ['page tickets', { tickets: FULL, next_page: null }],
    ['page tickets', { tickets: [{ Nr: 1, Freitext: BODY }] }],
    ['page data', { message: 'success', data: FULL }],
    ['page data', { data: FULL, text: 'OK' }],
    [
      'page results',
      { description: `The open tickets of our desk, every night: ${BODY}`, results: FULL },
    ],
    ['page data', { error: null, details: null, data: FULL }],
    ['page data', { id: 'req_8f2', message: 'Tickets retrieved successfully', data: FULL }],
    ['page data', { title: 'Tickets', message: 'success', data: FULL }],
    ['page data.tickets', { message: 'OK', data: { tickets: FULL, total: 2 } }],
    ['page cases', { code: 0, message: 'success', cases: FULL }],
    ['page issues', { expand: 'names', startAt: 0, issues: JIRA }],
    [
      'page hits.hits',
      { took: 5, hits: { total: { value: 1 }, hits: [{ _id: '1', _source: FULL[0] }] } },
    ],
    [
      'page _embedded.supportCalls',
      { _embedded: { supportCalls: FULL }, _links: { self: { href: '/' } } },
    ],
    ['page data.tickets.edges', { data: { tickets: { edges: [{ node: FULL[0] }] } } }],
    ['page d.results', { d: { results: FULL } }],
    ['page openTickets', { openTickets: FULL, count: 2 }],
    ['page data', { data: FULL, included: CHAIRS, items: CHAIRS }],
    ['page results issues', { results: FULL, issues: JIRA }],

    ['empty tickets', { tickets: [], message: 'No tickets found' }],
    ['empty tickets', { tickets: [], message: 'Keine Tickets' }],
    ['empty data.tickets', { success: true, data: { tickets: [] } }],
    ['empty results', { results: [], count: 0, error: null }],
    ['failed data', { error: 'rate limit', data: [] }],
    ['failed tickets', { success: false, tickets: [] }],
    ['failed data.tickets', { errors: [{ message: 'no' }], data: { tickets: [] } }],

    ['empty items', { text: 'Nothing found', items: [] }],
    ['bare', { text: 'Export not found since Monday morning', items: [] }],
    ['bare', { message: 'API rate limit exceeded' }],
    ['bare', { tickets: null, error: { message: 'no' } }],
    ['bare', { tickets: [1, 2] }],

    ['ticket', { id: 1, subject: 'Chairs', items: CHAIRS }],
    ['ticket', { subject: '', items: [] }],
    ['bare', { text: `Two legs are broken. ${BODY}`, items: CHAIRS }],
    ['ticket', { id: 1, description: BODY, conversations: MAILS }],
    ['ticket', { id: 1, subject: 'Outage', description: BODY, incidents: FULL }],
    ['ticket', { id: 1, conversations: MAILS }],
    ['ticket', { ticket: { subject: 'Chairs', description: BODY }, items: CHAIRS }],
    ['ticket', { type: 'RECORD', record: { id: 1, subject: 'Chairs', items: CHAIRS } }],
    ['ticket', { key: 'SUP-1', fields: { summary: 'a', issues: [{ id: 1 }] } }],
    ['ticket', { title: { en: 'Chairs' }, body: { text: BODY }, items: CHAIRS }],
    ['ticket', { title: 'Chairs', data: CHAIRS }],

    ['unclear data', { text: `Two legs are broken. ${BODY}`, data: CHAIRS }],
    ['unclear tickets', { id: 1, description: BODY, tickets: FULL }],
  ])('%s: %j', (expected, value) => {
    expect(judge(value)).toBe(expected);
  });

  test('members may come in any order', () => {
    const members = { message: 'success', code: 0, data: { total: 2, tickets: FULL } };
    const order = fc.shuffledSubarray(Object.entries(members), { minLength: 3 });
    fc.assert(
      fc.property(order, (entries) => {
        expect(judge(Object.fromEntries(entries))).toBe('page data.tickets');
      }),
    );
  });

  test('a page of which only the beginning is known is one', () => {
    const bytes = Buffer.from(JSON.stringify({ message: 'success', data: FULL, next: null }));
    for (let to = 120; to <= bytes.length; to++) {
      expect(pageOf(bytes, 0, to)).toMatchObject({ kind: 'page', lists: [['data']] });
    }
  });
});

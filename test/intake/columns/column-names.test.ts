import { describe, expect, test } from 'vitest';
import { COLUMN_FIELDS } from '../../../src/ticket.ts';
import { columnWeight } from '../../../src/intake/columns/column-names.ts';

describe('columnWeight', () => {
  test.each([
    ['id', 'ticket_id', 'id'],
    ['id', 'id', 'number'],
    ['id', 'Issue key', 'Issue id'],
    ['subject', 'Subject', 'Summary'],
    ['subject', 'subject', 'raw_subject'],
    ['body', 'plain_body', 'body'],
    ['body', 'Description', 'Comment'],
    ['body', 'body', 'body_html'],
    ['body', 'body_html', 'comment'],
    ['body', 'body', 'fields.body'],
  ] as const)('for %s, %s goes before %s', (field, better, worse) => {
    expect(columnWeight(field, better)).toBeGreaterThan(columnWeight(field, worse));
    expect(columnWeight(field, worse)).toBeGreaterThan(0);
  });

  test.each([
    'category,intent,status,priority,tags,assignee,Assignee Id,Project key,external_id,problem_id',
    'Summation column,comments_count,Σ Time Spent,Work Ratio,Project description,Project name',
    'via.source.from.name,via.source.from.title,via.source.from.subject,via_source_from_title',
    'requester.id,requester.details,organization.notes,satisfaction_rating.comment,brand.id',
    'fields.project.key,fields.issuetype.description,fields.parent.fields.summary,message.id',
    'last_message.body,custom_fields.id,assignee.plan,FirstResponse,Resolution notes',
  ])('nothing of %s is any field', (names) => {
    for (const name of names.split(',')) {
      for (const field of COLUMN_FIELDS)
        expect([name, columnWeight(field, name)]).toEqual([name, 0]);
    }
  });
});

test.each([
  ['subject', 'Betreff (kurz)', 0.7],
  ['body', 'Beschreibung des Problems', 0.6],
  ['body', 'Description of the issue', 0.6],
  ['body', 'Description (first, second, third)', 0.6],
  ['id', 'Number of comments', 0],
  ['account_tier', 'Plan (old)', 0],
  ['body', 'Custom field (Description)', 0],
  ['subject', 'Title of the contact', 0],
] as const)('of %s, %j has the weight %f', (field, name, weight) => {
  expect(columnWeight(field, name)).toBeCloseTo(weight);
});

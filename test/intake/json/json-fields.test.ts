import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { pathsOf, textAt } from '../../../src/intake/json/json-fields.ts';
import type { JsonRow } from '../../../src/ticket.ts';

function rowOf(text: string): JsonRow {
  const value: JsonRow['value'] = JSON.parse(text);
  return { kind: 'json', file: 'f', line: 1, bytes: text.length, text, value, fault: null };
}

describe('pathsOf', () => {
  test('gives top-level keys in order, then what is nested', () => {
    const rows = [
      {
        id: 1,
        requester: { name: 'a', org: { tier: 'gold', deep: { er: { est: 1 } } } },
        tags: ['x'],
      },
      { id: 2, subject: 'b', requester: { plan: null } },
    ];
    expect(pathsOf(rows)).toEqual([
      'id',
      'requester',
      'tags',
      'subject',
      'requester.name',
      'requester.org.tier',
      'requester.plan',
    ]);
  });

  test('names lists of comments and custom fields', () => {
    const rows = [
      {
        comments: [{ body: 'a' }],
        conversation_parts: { conversation_parts: [{ body: 'a' }], total: 1 },
        custom_fields: [
          { id: 36, value: 'gold' },
          { id: 37, value: ['x'] },
        ],
      },
    ];
    expect(pathsOf(rows).slice(3)).toEqual([
      'conversation_parts.conversation_parts',
      'conversation_parts.total',
      'custom_fields.36',
    ]);
  });

  test('names documents and lists of texts, and what stands for an id', () => {
    const rows = [
      {
        _id: { $oid: '65a' },
        fields: {
          description: { type: 'doc', content: [{ type: 'paragraph', content: [] }] },
          labels: ['a', 'b'],
        },
      },
    ];
    expect(pathsOf(rows).slice(2)).toEqual(['_id.$oid', 'fields.description', 'fields.labels']);
  });

  test('ends somewhere', () => {
    const wide = Object.fromEntries(Array.from({ length: 2000 }, (_, at) => [`k${at}`, at]));
    expect(pathsOf([{ wide }])).toHaveLength(500);
  });
});

describe('textAt', () => {
  test.each<[string, string, string, string | null]>([
    ['a string', '{"a":"b\\n"}', 'a', 'b\n'],
    ['nothing', '{"a":1}', 'b', ''],
    ['nothing within text', '{"a":"x"}', 'a.b', ''],
    ['null', '{"a":null}', 'a', ''],
    ['a boolean', '{"a":false}', 'a', 'false'],
    [
      'an id of 19 digits',
      '{"b":{"id":1},"id": 1234567890123456789 }',
      'id',
      '1234567890123456789',
    ],
    [
      'a nested one',
      '{"id":1,"b":{"x":[],"id":1234567890123456789}}',
      'b.id',
      '1234567890123456789',
    ],
    ['a number with its zeros', '{"a":1.10,"b":1}', 'a', '1.10'],
    ['an exponent', '{"a":1E400}', 'a', '1E400'],
    ['a key that stands twice', '{"a":1.0,"a":2.0}', 'a', '2.0'],
    ['a key with an escape', '{"\\u0061":1.0}', 'a', '1.0'],
    ['after blanks', '  {"a":1.0}', 'a', '1.0'],
    ['a key with dots before a path', '{"a":{"b":"path"},"a.b":"key"}', 'a.b', 'key'],
    ['a key with dots within a path', '{"a.b":{"c.d":"x"}}', 'a.b.c.d', 'x'],
    ['an own key called __proto__', '{"__proto__":"x"}', '__proto__', 'x'],
    ['no key of every object', '{}', 'constructor', ''],
    ['an empty key', '{"":{"":"x"}}', '.', 'x'],
    ['an object', '{"a":{"b":1}}', 'a', null],
    ['a list of texts', '{"a":["b","","c"]}', 'a', 'b\nc'],
    ['a list of objects', '{"a":[{"b":"c"}]}', 'a', null],
    ['a list of lists', '{"a":[["b"]]}', 'a', null],
    ['an object that stands for a text', '{"a":{"display_value":"x","value":"7"}}', 'a', 'x'],
    ['a text where others have its forms', '{"a":"x"}', 'a.display_value', 'x'],
    ['a text where others have languages', '{"a":"x"}', 'a.en', 'x'],
    ['a document', '{"a":{"type":"doc","content":[{"type":"text","text":"x"}]}}', 'a', 'x'],
    ['an empty list', '{"a":[]}', 'a', ''],
    [
      'a custom field',
      '{"custom_fields":[{"id":36,"value":1.0},{"id":37,"value":2.0}]}',
      'custom_fields.37',
      '2.0',
    ],
    [
      'a custom field that is empty',
      '{"custom_fields":[{"id":36,"value":null}]}',
      'custom_fields.36',
      '',
    ],
    [
      'a custom field that is not there',
      '{"custom_fields":[{"id":36,"value":1}]}',
      'custom_fields.1',
      '',
    ],
    ['the first comment', '{"c":[{"body":"a"},{"body":"b"}]}', 'c', 'a'],
    ['plain text before HTML', '{"c":[{"html_body":"<p>","body":"b","plain_body":"p"}]}', 'c', 'p'],
    ['HTML where there is nothing else', '{"c":[{"body_html":"<p>","body":null}]}', 'c', '<p>'],
    [
      'a public comment, Zendesk',
      '{"c":[{"public":false,"body":"a"},{"public":true,"body":"b"}]}',
      'c',
      'b',
    ],
    [
      'a public comment, Freshdesk',
      '{"c":[{"private":true,"body_text":"a"},{"private":false,"body_text":"b"}]}',
      'c',
      'b',
    ],
    [
      'a public comment, Intercom',
      '{"c":{"c":[{"part_type":"note","body":"a"},{"part_type":"comment","body":"b"}]}}',
      'c.c',
      'b',
    ],
    [
      'a public comment, Jira',
      '{"c":[{"jsdPublic":false,"body":"a"},{"jsdPublic":true,"body":"b"}]}',
      'c',
      'b',
    ],
    [
      'comments without text before one with',
      '{"c":[{"body":""},{"body":" "},{"body":"b"}]}',
      'c',
      'b',
    ],
    ['internal comments only', '{"c":[{"is_internal":true,"body":"a"}]}', 'c', ''],
  ])('%s', (_, text, path, expected) => {
    expect(textAt(rowOf(text), path)).toBe(expected);
  });

  test('a row with a fault has no text', () => {
    expect(textAt({ ...rowOf('{}'), text: '{"a":', fault: 'x' }, 'a')).toBe('');
  });

  test('finds every scalar at its path, never an object', () => {
    // None that an object keeps its text under.
    const key = fc.string({ maxLength: 4 }).map((text) => `-${text}`);
    const leaf = fc.oneof(fc.string(), fc.integer(), fc.boolean());
    const shape = fc.dictionary(key, fc.oneof(leaf, fc.dictionary(key, leaf)));
    fc.assert(
      fc.property(shape, (value) => {
        const row = rowOf(JSON.stringify(value, null, 1));
        for (const [name, inner] of Object.entries(value)) {
          expect(textAt(row, name)).toBe(typeof inner === 'object' ? null : String(inner));
          expect(pathsOf([value])).toContain(name);
        }
      }),
    );
  });
});

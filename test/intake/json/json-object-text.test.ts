import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { documentIn, objectText } from '../../../src/intake/json/json-object-text.ts';

function text(words: string) {
  return { type: 'text', text: words };
}

function block(type: string, ...content: unknown[]) {
  return { type, content };
}

function paragraph(words: string) {
  return block('paragraph', text(words));
}

function written(...content: unknown[]) {
  return objectText({ type: 'doc', version: 1, content });
}

describe('a document', () => {
  test.each<[string, unknown[], string]>([
    ['paragraphs', [paragraph('a'), paragraph('b')], 'a\n\nb'],
    [
      'an empty paragraph between',
      [paragraph('a'), { type: 'paragraph' }, paragraph('b')],
      'a\n\nb',
    ],
    [
      'marks and breaks',
      [
        block(
          'paragraph',
          text('a '),
          { ...text('b'), marks: [{ type: 'strong' }] },
          { type: 'hardBreak' },
          text('c'),
        ),
      ],
      'a b\nc',
    ],
    [
      'mentions, emojis, dates, states and links',
      [
        block(
          'paragraph',
          { type: 'mention', attrs: { id: '1', text: '@Ann' } },
          text(' '),
          { type: 'emoji', attrs: { shortName: ':grin:', text: '😀' } },
          text(' '),
          { type: 'date', attrs: { timestamp: '1700000000000' } },
          text(' '),
          { type: 'status', attrs: { text: 'OPEN', color: 'red' } },
          text(' '),
          { type: 'inlineCard', attrs: { url: 'https://a.example' } },
        ),
      ],
      '@Ann 😀 2023-11-14 OPEN https://a.example',
    ],
    [
      'lists in lists',
      [
        block(
          'bulletList',
          block(
            'listItem',
            paragraph('a'),
            block(
              'orderedList',
              block('listItem', paragraph('b')),
              block('listItem', paragraph('c')),
            ),
          ),
          block('listItem', paragraph('d')),
        ),
      ],
      '- a\n  1. b\n  2. c\n- d',
    ],
    [
      'tasks',
      [
        block(
          'taskList',
          { ...block('taskItem', text('a')), attrs: { state: 'DONE' } },
          block('taskItem', text('b')),
        ),
      ],
      '[x] a\n[ ] b',
    ],
    ['code', [block('codeBlock', text('if (a) {\n  b();\n}'))], 'if (a) {\n  b();\n}'],
    [
      'tables',
      [
        block(
          'table',
          block(
            'tableRow',
            block('tableHeader', paragraph('a')),
            block('tableHeader', paragraph('b')),
          ),
          block('tableRow', block('tableCell', paragraph('c')), block('tableCell', paragraph('d'))),
        ),
      ],
      'a | b\nc | d',
    ],
    [
      'panels and what unfolds',
      [
        block('panel', paragraph('a'), paragraph('b')),
        { ...block('expand', paragraph('d')), attrs: { title: 'c' } },
      ],
      'a\nb\n\nc\nd',
    ],
    ['nodes that nobody knows', [block('bodiedExtension', block('newThing', paragraph('a')))], 'a'],
    ['what is no node', [null, 'a', 1, { text: 'b' }], ''],
  ])('of %s', (_, content, expected) => {
    expect(written(...content)).toBe(expected);
  });

  test('holds every text of its nodes, in order', () => {
    const word = fc.stringMatching(/^[a-z]{3,8}$/);
    const { node } = fc.letrec((tie) => ({
      node: fc.oneof(
        { maxDepth: 4 },
        word.map(text),
        fc.record({
          type: fc.constantFrom(
            'paragraph',
            'bulletList',
            'listItem',
            'tableRow',
            'tableCell',
            'panel',
            'x',
          ),
          content: fc.array(tie('node'), { maxLength: 3 }),
        }),
      ),
    }));
    fc.assert(
      fc.property(fc.array(node, { maxLength: 4 }), (content) => {
        const texts = JSON.stringify(content).match(/(?<="text":")\w+/g) ?? [];
        const words = (written(...content) ?? '').match(/[a-z]+/g) ?? [];
        expect(words.join('')).toBe(texts.join(''));
      }),
    );
  });

  test('of great depth comes to an end', () => {
    let node: unknown = paragraph('deep');
    for (let depth = 0; depth < 100_000; depth++) node = block('panel', node);
    expect(written(paragraph('a'), node)).toBe('a');
  });

  test('is found in a string', () => {
    expect(documentIn(JSON.stringify({ version: 1, type: 'doc', content: [paragraph('a')] }))).toBe(
      'a',
    );
    expect(documentIn('{"type":"doc", cut off')).toBe(null);
    expect(documentIn('They sent {"type":"doc"}')).toBe(null);
  });
});

test.each([
  [{ $oid: '65a0' }, '65a0'],
  [{ $numberLong: '1234567890123456789' }, '1234567890123456789'],
  [{ value: '0', display_value: 'Open' }, 'Open'],
  [{ rendered: '<p>Hello</p>', protected: false }, '<p>Hello</p>'],
  [{ html: '<p>Hello</p>', text: 'Hello' }, 'Hello'],
  [{ value: { en: 'Hello' } }, 'Hello'],
  [{ de: 'Hallo', en: 'Hello' }, 'Hello'],
  [{ de: 'Hallo', 'zh-CN': '你好' }, 'Hallo'],
  [{ de: 'Hallo', nickname: 'x' }, null],
  [{ first: 'a', last: 'b' }, null],
  [{}, null],
])('%j stands for %j', (value, expected) => {
  expect(objectText(value)).toBe(expected);
});

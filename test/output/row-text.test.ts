import { parse } from 'csv-parse/sync';
import { stringify } from 'csv-stringify/sync';
import * as fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';

import { cellsOf, columnNames } from '../../src/output/columns.ts';
import { rowText, type OutputFormat } from '../../src/output/row-text.ts';
import type { Routed, Row, Shape } from '../../src/ticket.ts';
import { ticket, valid, verdict } from '../example.ts';

const TABLE: Shape = {
  format: 'csv',
  delimiter: ',',
  bom: false,
  lineEnd: '\n',
  names: ['id', 'Comment', 'Comment'],
};
const LINES: Shape = { ...TABLE, format: 'jsonl', names: ['id', 'body'] };

const OPTIONS = {
  format: 'csv',
  prefix: 'ai_',
  playbook: 'support@12345678',
  excel: false,
} as const;

function tableRow(...cells: string[]): Row {
  return { kind: 'table', file: 'f', line: 2, bytes: 1, cells, fault: null };
}

function jsonRow(text: string, fault: string | null = null): Row {
  const value = fault === null ? JSON.parse(text) : {};
  return { kind: 'json', file: 'f', line: 2, bytes: 1, text, value, fault };
}

function routed(row: Row, changes: Partial<Routed> = {}): Routed {
  const base = verdict(valid(), { ticket: ticket({ row }) });
  return { ...base, queue: 'billing-high', rule: 'high', slaMinutes: 480, ...changes };
}

function written(format: OutputFormat, shape: Shape, given: Routed, excel = false): string {
  const text = rowText({ format, shape, prefix: 'ai_', playbook: 'support@12345678', excel });
  return text.header + text.row(given);
}

describe('a table', () => {
  test('keeps the input’s cells and repeated names, and adds ours in the documented order', () => {
    const [header, row] = parse(written('csv', TABLE, routed(tableRow('007', 'a\n"b"', ' =x'))));
    expect(header).toEqual(['id', 'Comment', 'Comment', ...columnNames('ai_')]);
    expect(row?.slice(0, 3)).toEqual(['007', 'a\n"b"', ' =x']);
    const cells = new Map(header?.map((name: string, at: number) => [name, row?.[at]]));
    expect(Object.fromEntries(cells)).toMatchObject({
      ai_ticket_id: 'T-1',
      ai_queue: 'billing-high',
      ai_sla_minutes: '480',
      ai_rule: 'high',
      ai_team: 'billing',
      ai_type_confidence: '0.9',
      ai_min_confidence: '0.9',
      ai_status: 'classified',
      ai_triage_reason: '',
      ai_model_used: 'claude-haiku-4-5',
      ai_escalated: 'false',
      ai_language: 'en',
      ai_reused: 'false',
      ai_attempts: '1',
      ai_cost_usd: '0.002',
      ai_playbook: 'support@12345678',
      ai_classified_at: '2026-11-02T10:00:00.000Z',
    });
  });

  test('keeps delimiter, line end and byte order mark of the input', () => {
    const shape: Shape = { ...TABLE, delimiter: ';', bom: true, lineEnd: '\r\n' };
    const text = written('csv', shape, routed(tableRow('1', 'a;b', '')));
    expect(text.startsWith('\uFEFFid;Comment;Comment;ai_ticket_id;')).toBe(true);
    expect(text).toContain('\r\n1;"a;b";;T-1;');
    expect(text.endsWith('\r\n')).toBe(true);
  });

  test('keeps surplus cells behind ours', () => {
    const [, row] = parse(written('csv', TABLE, routed(tableRow('1', 'a', 'b', 'more', 'x'))), {
      relax_column_count: true,
    });
    expect(row?.slice(-2)).toEqual(['more', 'x']);
    expect(row).toHaveLength(3 + columnNames('').length + 2);
  });

  test.each(['=1+1', '+1', '-1', '@x', '\t=x', ' \n=x', '＝x'])(
    'no cell of ours starts the formula %j',
    (summary) => {
      const answer = { ...valid(), summary };
      const text = written(
        'csv',
        TABLE,
        routed(tableRow('=input', 'a', 'b'), { answer, asked: [answer] }),
      );
      const [header, row] = parse(text);
      expect(row?.[header?.indexOf('ai_summary') ?? 0]).toBe(`'${summary.trim()}`);
      expect(row?.[0]).toBe('=input');
    },
  );

  test('numbers are plain decimals', () => {
    const answer = { ...valid({ confidence: { team: 1e-7 } }), cost: 1 };
    const text = written('csv', TABLE, routed(tableRow('1', '', ''), { answer, asked: [answer] }));
    expect(text).toContain(',0.0000001,');
    expect(text).toContain(',0.0000000005,');
    expect(text).not.toMatch(/\de-\d/);
  });

  test('of 3,000 columns takes no longer than its cells', () => {
    const names = Array.from({ length: 3_000 }, (_, at) => `c${at}`);
    const json = JSON.stringify(Object.fromEntries(names.map((name) => [name, name])));
    const { row } = rowText({ ...OPTIONS, shape: { ...LINES, names } });
    const given = routed(jsonRow(json));
    const looksUp = vi.spyOn(Array.prototype, 'includes');
    const text = row(given);
    const times = looksUp.mock.calls.length;
    looksUp.mockRestore();
    expect(text.startsWith('c0,c1,c2,')).toBe(true);
    expect(times).toBeLessThan(100);
  });

  test('made from JSON has a column for what the first rows did not have', () => {
    const json =
      '{"id":1234567890123456789,"body":"x","late":[1.0, 9876543210987654321],"and":null}';
    const [header, row] = parse(written('csv', LINES, routed(jsonRow(json))));
    expect(header?.slice(0, 3)).toEqual(['id', 'body', 'other_fields']);
    expect(row?.slice(0, 3)).toEqual([
      '1234567890123456789',
      'x',
      '{"late":[1.0, 9876543210987654321],"and":null}',
    ]);
  });
});

test('a row is what the library makes of all its cells', () => {
  const cell = fc.oneof(fc.string(), fc.stringMatching(/^[a,;|"\t\r\n ]{0,4}$/));
  const shapes = fc.record({
    delimiter: fc.constantFrom(',', ';', '\t', '|'),
    lineEnd: fc.constantFrom('\n', '\r\n', '\r'),
  });
  fc.assert(
    fc.property(shapes, fc.tuple(cell, cell, cell), cell, ({ delimiter, lineEnd }, cells, said) => {
      const shape: Shape = { ...TABLE, delimiter, lineEnd };
      const given = routed(tableRow(...cells), { answer: { ...valid(), summary: `S${said}` } });
      const row = rowText({ ...OPTIONS, shape }).row(given);
      const ours = cellsOf(given, OPTIONS.playbook).map((own) =>
        own !== null && typeof own === 'object' ? own.digits : String(own ?? ''),
      );
      const whole = stringify([[...cells, ...ours]], {
        delimiter,
        record_delimiter: lineEnd,
        quote_record_delimiter: true,
      });
      expect(row).toBe(whole);
    }),
  );
});

test('--excel marks the bytes, defuses the input’s formulas too and keeps long ids as text', () => {
  const row = tableRow('12345678901234567890', '=1+1', '-12,5');
  const text = written('csv', TABLE, routed(row), true);
  expect(text.startsWith('\uFEFFid,')).toBe(true);
  const [, cells] = parse(text, { bom: true });
  expect(cells?.slice(0, 3)).toEqual(['="12345678901234567890"', "'=1+1", '-12,5']);
  const odd = tableRow('="007"', '-1,234.56', '12E4');
  const [, again] = parse(written('csv', TABLE, routed(odd), true));
  expect(again?.slice(0, 3)).toEqual(['="007"', '-1,234.56', '="12E4"']);
  const [, zeros] = parse(written('csv', TABLE, routed(tableRow('007', '0', '@x')), true));
  expect(zeros?.slice(0, 3)).toEqual(['="007"', '0', "'@x"]);
});

describe('JSON lines', () => {
  test('keep the row’s own text, with our fields before its closing brace', () => {
    const text = '{"id": 12345678901234567890, "body":"\\u00e9"} ';
    const row = written('jsonl', LINES, routed(jsonRow(text)));
    expect(
      row.startsWith('{"id": 12345678901234567890, "body":"\\u00e9","ai_ticket_id":"T-1"'),
    ).toBe(true);
    expect(row.endsWith('}\n')).toBe(true);
    expect(JSON.parse(row)).toMatchObject({
      ai_sla_minutes: 480,
      ai_team_confidence: 0.9,
      ai_escalated: false,
      ai_triage_reason: null,
      ai_cost_usd: 0.002,
    });
  });

  test('an empty object takes our fields without a comma', () => {
    expect(written('jsonl', LINES, routed(jsonRow('{ }'))).startsWith('{ "ai_ticket_id"')).toBe(
      true,
    );
  });

  test('a line that is no object is held in a row of its own', () => {
    const row = written('jsonl', LINES, routed(jsonRow('[1, 2', 'the line is not JSON')));
    expect(JSON.parse(row)).toMatchObject({ line: '[1, 2', ai_ticket_id: 'T-1' });
  });

  test('made from a table lose no column to one of ours or to their order', () => {
    const shape = { ...TABLE, names: ['id', '12', 'surplus_cells'] };
    const row = written('jsonl', shape, routed(tableRow('1', 'a', 'kept', 'more')));
    expect(
      row.startsWith('{"id":"1","12":"a","surplus_cells":"kept","surplus_cells_2":"more"'),
    ).toBe(true);
  });

  test('made from a table keep repeated columns apart', () => {
    const row = written('jsonl', TABLE, routed(tableRow('1', 'a', 'b')));
    expect(JSON.parse(row)).toMatchObject({ id: '1', Comment: 'a', Comment_2: 'b' });
  });
});

test.each([
  [
    'a human must look',
    { triage: { reason: 'unsure', detail: 'unsure' } as const },
    'needs_human_triage',
    'claude-haiku-4-5',
  ],
  [
    'the simulator answered',
    { answer: { ...valid(), simulated: true } },
    'simulated',
    'simulated/claude-haiku-4-5',
  ],
])('where %s the status says so', (_, changes, status, model) => {
  const row = JSON.parse(written('jsonl', LINES, routed(jsonRow('{}'), changes)));
  expect([row.ai_status, row.ai_model_used]).toEqual([status, model]);
});

test('cost, tokens and attempts are those of all answers behind the row', () => {
  const asked = [valid({ confidence: { team: 0.5 } }), valid({ model: 'claude-sonnet-4-6' })];
  const row = JSON.parse(written('jsonl', LINES, routed(jsonRow('{}'), { asked })));
  expect(row).toMatchObject({ ai_attempts: 2, ai_input_tokens: 1400, ai_cost_usd: 0.004 });
});

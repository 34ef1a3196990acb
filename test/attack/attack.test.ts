// Tickets that try to steer the classifier: they stay text, and those that name it are asked of the strong model.
import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { requestMaker } from '../../src/claude/request.ts';
import { ticketMaker } from '../../src/intake/to-ticket.ts';
import type { JsonRow } from '../../src/ticket.ts';
import { supportPlaybook } from '../example.ts';

interface Attack {
  id: string;
  kind: string;
  subject: string;
  body: string;
  account_tier: string;
  /** Names the tool, a confidence or the instructions, in whatever disguise. */
  names_us: boolean;
}

const file = await readFile(new URL('tickets.jsonl', import.meta.url), 'utf8');
const attacks: Attack[] = file
  .trimEnd()
  .split('\n')
  .map((line) => JSON.parse(line));
const cases = attacks.map((attack) => [attack.id, attack] as const);

const columns = { id: 'id', subject: 'subject', body: 'body', account_tier: 'account_tier' };
const playbook = await supportPlaybook();
const request = requestMaker(playbook, () => ({ forcedTool: true }));
const harmless = request('m', { accountTier: 'pro', subject: 'Hello', body: 'Where is the menu?' });

/** @param isCut as with `--cut-quotes` */
function ticketOf({ id, subject, body, account_tier }: Attack, isCut = false) {
  // Columns named like the request's own fields: nothing but the four fields is ever sent.
  const value = {
    id,
    subject,
    body,
    account_tier,
    model: 'x',
    system: 'x',
    tools: [],
    messages: [],
  };
  const text = JSON.stringify(value);
  const row: JsonRow = { kind: 'json', file: 'f', line: 1, bytes: 1, text, value, fault: null };
  return ticketMaker({ flags: { cutQuotes: isCut }, playbook }, { columns, header: [] })(row);
}

function sentOf(attack: Attack, isCut = false) {
  const made = request('m', ticketOf(attack, isCut));
  const { content } = made.messages[0] ?? {};
  if (typeof content !== 'string') throw new Error('what is sent is no string');
  return { made, content };
}

test('there are 60, of each kind more than one', () => {
  expect(attacks).toHaveLength(60);
  expect(new Set(attacks.map(({ id }) => id)).size).toBe(60);
  const kinds = attacks.map(({ kind }) => kind);
  expect(kinds.filter((kind) => kinds.indexOf(kind) === kinds.lastIndexOf(kind))).toEqual([]);
});

test.each(cases)('%s is sent as one JSON string that parses back to its fields', (_, attack) => {
  for (const isCut of [false, true]) {
    const { accountTier, subject, body } = ticketOf(attack, isCut);
    const { content } = sentOf(attack, isCut);
    const fields: unknown = JSON.parse(content);
    expect(fields).toEqual({ account_tier: accountTier, subject, body });
    expect(Object.keys(fields ?? {})).toEqual(['account_tier', 'subject', 'body']);
    expect(content).not.toMatch(/[\u0000-\u001f]/);
    expect(content).not.toMatch(/\p{Surrogate}/u);
    // Nothing is left over before or behind the object: its text is what its fields make.
    expect(content).toBe(JSON.stringify(fields));
  }
});

test.each(cases)('%s does not change the shape of the request', (_, attack) => {
  const { made, content } = sentOf(attack);
  expect(made).toEqual({ ...harmless, messages: [{ role: 'user', content }] });
  expect(Object.keys(made)).toEqual(Object.keys(harmless));
  expect(made.messages).toHaveLength(1);
  // As the server reads it.
  expect(JSON.parse(JSON.stringify(made))).toEqual(made);
});

test.each(cases.filter(([, { names_us }]) => names_us))(
  '%s is escalated by pattern',
  (_, attack) => {
    for (const isCut of [false, true]) {
      expect(ticketOf(attack, isCut).patterns).toContain('aimed-at-classifier');
    }
  },
);

// The labelled tickets: that they are what an evaluation needs, and that no example gives them away.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { describe, expect, test } from 'vitest';
import { parse as parseYaml } from 'yaml';
import { languageOf } from '../../src/intake/language.ts';
import { examplesSchema } from '../../src/playbook/schema.ts';
import { FIELDS } from '../../src/ticket.ts';
import { SAMPLES, SUPPORT, supportPlaybook } from '../example.ts';

const DIFFICULTIES = new Set([
  'plain',
  'border',
  'two topics',
  'subject only',
  'other language',
  'steers the classifier',
  'angry but low',
  'polite but critical',
  'irony',
  'thread',
  'stack trace',
  'vague',
  'anger at others',
]);

const csv = await readFile(join(SAMPLES, 'labelled.csv'), 'utf8');
const tickets: Record<string, string>[] = parse(csv, { columns: true });
const { labels } = await supportPlaybook();
const examples = examplesSchema.parse(
  parseYaml(await readFile(join(SUPPORT, 'examples.yaml'), 'utf8')),
);
const samples: Record<string, string>[] = parse(
  await readFile(join(SAMPLES, 'tickets.csv'), 'utf8'),
  { columns: true },
);

const textOf = ({ subject = '', body = '' }: Record<string, string>) => `${subject} ${body}`.trim();
const difficultiesOf = (ticket: Record<string, string>) => (ticket['difficulty'] ?? '').split('; ');
const withDifficulty = (name: string) =>
  tickets.filter((ticket) => difficultiesOf(ticket).includes(name));

/** Words; in a script without spaces, pairs of characters. */
function wordsOf(text: string): Set<string> {
  const lower = text.toLowerCase();
  if (!/[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]/u.test(lower)) {
    return new Set(lower.match(/[\p{L}\p{N}]+/gu));
  }
  const characters = Array.from(lower.replace(/[^\p{L}\p{N}]/gu, ''));
  return new Set(characters.slice(1).map((next, at) => `${characters[at]}${next}`));
}

/** Shared words by all words of both, 0 to 1 (Jaccard). */
function likeness(one: Set<string>, other: Set<string>): number {
  const shared = [...one].filter((word) => other.has(word)).length;
  return shared / Math.max(1, one.size + other.size - shared);
}

/** Tickets that have nothing to do with each other stay under 0.25. */
const ALIKE = 0.3;

test('there are 150 tickets, each with an id of its own', () => {
  expect(tickets).toHaveLength(150);
  expect(new Set(tickets.map(({ id }) => id)).size).toBe(150);
  expect(csv).not.toContain('\r');
});

describe.each(FIELDS)('%s', (field) => {
  const names = labels[field].map(({ name }) => name);

  test('each label is one of the playbook', () => {
    expect(names).toEqual(expect.arrayContaining(tickets.map((ticket) => ticket[field])));
  });

  test.each(names)('%s occurs at least five times', (name) => {
    expect(tickets.filter((ticket) => ticket[field] === name).length).toBeGreaterThanOrEqual(5);
  });
});

test.each(labels.team.map(({ name }) => name))('no more than 30 %% belong to %s', (team) => {
  expect(tickets.filter((ticket) => ticket['team'] === team).length).toBeLessThanOrEqual(45);
});

test('each difficulty is a known one', () => {
  const unknown = tickets.flatMap(difficultiesOf).filter((name) => !DIFFICULTIES.has(name));
  expect(unknown).toEqual([]);
});

test.each([
  ['other language', 0.15],
  ['steers the classifier', 0.1],
  ['two topics', 0.15],
  ['subject only', 0.1],
])('%s is the difficulty of a share of at least %d', (name, share) => {
  expect(withDifficulty(name).length / tickets.length).toBeGreaterThanOrEqual(share);
});

test('those not in English are in at least six languages, and angry in two of them', () => {
  const foreign = withDifficulty('other language');
  const languages = foreign.map((ticket) => languageOf(textOf(ticket)));
  expect(languages).not.toContain('en');
  expect(new Set(languages).size).toBeGreaterThanOrEqual(6);
  const angry = foreign.filter(({ sentiment }) => sentiment === 'angry');
  expect(new Set(angry.map((ticket) => languageOf(textOf(ticket)))).size).toBeGreaterThanOrEqual(2);
});

test('a body is empty where the subject is all there is, and only there', () => {
  const empty = tickets.filter(({ body }) => body === '');
  expect(empty).toEqual(withDifficulty('subject only'));
});

test('difficulties that name a label agree with it', () => {
  for (const ticket of withDifficulty('angry but low')) {
    expect(ticket).toMatchObject({ sentiment: 'angry', urgency: 'low' });
  }
  for (const ticket of withDifficulty('polite but critical')) {
    expect(ticket['urgency'], ticket['id']).toBe('critical');
    expect(['positive', 'neutral'], ticket['id']).toContain(ticket['sentiment']);
  }
});

test('labels that could be argued have a note, and no others', () => {
  expect(tickets.filter(({ note }) => note !== '')).toEqual(withDifficulty('border'));
});

test('none is like an example of the playbook, a sample or another', () => {
  const known = [
    ...examples.map(({ ticket }) => ({ id: `example ${ticket.subject}`, text: textOf(ticket) })),
    ...samples.map((ticket) => ({ id: `sample ${ticket['id']}`, text: textOf(ticket) })),
  ].map(({ id, text }) => ({ id, words: wordsOf(text) }));
  const alike: string[] = [];
  for (const ticket of tickets) {
    const words = wordsOf(textOf(ticket));
    for (const other of known) {
      if (likeness(words, other.words) >= ALIKE) alike.push(`${ticket['id']} and ${other.id}`);
    }
    known.push({ id: `${ticket['id']}`, words });
  }
  expect(alike).toEqual([]);
});

test('addresses are of domains that nobody owns', () => {
  const domains = tickets.flatMap((ticket) => textOf(ticket).match(/(?<=@)[\w.-]+/g) ?? []);
  expect(domains.filter((domain) => !/^example\.(?:com|org|net)$/.test(domain))).toEqual([]);
});

import { expect, test } from 'vitest';
import { ticketMaker } from '../../src/intake/to-ticket.ts';
import type { JsonRow } from '../../src/ticket.ts';

const columns = { id: 'id', subject: 'subject', body: 'body', account_tier: 'requester.plan' };
const header: string[] = [];
const playbook = {
  maxBodyChars: 100,
  nativeLanguages: ['en'],
  patterns: [{ name: 'breach', regex: /\bbreach\b/iu, isBuiltIn: true }],
};

function maker(known?: (textHash: string) => string | null | undefined, cutQuotes = false) {
  return ticketMaker(
    { flags: { cutQuotes }, playbook },
    { columns, header },
    known && { languageOf: known },
  );
}

function row(value: Record<string, unknown>): JsonRow {
  const text = JSON.stringify(value);
  return { kind: 'json', file: 'f', line: 1, bytes: 1, text, value, fault: null };
}

test('takes the fields by their columns, nested ones by their path', () => {
  const toTicket = maker();
  const ticket = toTicket(
    row({ id: 7, subject: ' Hi ', body: 'Text', requester: { plan: 'pro' } }),
  );
  expect(ticket).toMatchObject({
    id: '7',
    subject: 'Hi',
    body: 'Text',
    accountTier: 'pro',
    place: 0,
  });
});

test.each(
  'NULL null Null (null) <null> [NULL] \\N NaN nan NAN NaT None <NA> NA N/A n/a #N/A'.split(' '),
)('%j alone in a cell is what a database writes for no value', (text) => {
  const value = { id: text, subject: text, body: ` ${text}\n`, requester: { plan: text } };
  expect(maker()(row(value))).toMatchObject({
    hasOwnId: false,
    subject: '',
    body: '',
    accountTier: 'standard',
    fault: null,
  });
});

test.each(['none', 'The total shows NULL', 'N/A?', 'Nan', 'nana'])('%j is a text', (text) => {
  expect(maker()(row({ id: text, body: text }))).toMatchObject({ id: text, body: text });
});

test('no tier is standard', () => {
  expect(maker()(row({ body: 'x' })).accountTier).toBe('standard');
});

test.each([[{ body: { parts: 'x' } }], [{ body: [['a'], 'b'] }]])(
  'a body that is no text is a fault and never sent: %j',
  (value) => {
    const ticket = maker()(row(value));
    expect(ticket.fault).toBe('body is an object or a list, not text');
    expect(ticket.body).toBe('');
  },
);

test('an id or a tier that is no text costs a ticket nothing else', () => {
  const ticket = maker()(row({ id: { parts: 1 }, body: 'Text', account_tier: [['a']] }));
  expect(ticket).toMatchObject({ fault: null, body: 'Text', hasOwnId: false });
  expect(ticket).toMatchObject({ accountTier: 'standard', id: expect.stringMatching(/^text-/) });
});

test('a record of more than 2 MB is no ticket, and keeps its id', () => {
  const ticket = maker()({ ...row({ id: 'T-1', body: 'x' }), bytes: 2 * 1024 * 1024 + 1 });
  expect(ticket).toMatchObject({ id: 'T-1', body: '', fault: 'it has more than 2 MB' });
});

test('what making a ticket throws is a fault of that ticket, which keeps its id', () => {
  const toTicket = maker();
  const value = {
    id: 'T-1',
    get subject(): string {
      throw new RangeError('Maximum call stack size exceeded');
    },
  };
  const broken = toTicket({ ...row({ id: 'T-1' }), value });
  expect(broken).toMatchObject({ id: 'T-1', place: 0, subject: '', body: '' });
  expect(broken.fault).toBe("the text can't be read: Maximum call stack size exceeded");
  expect(toTicket(row({ id: 'T-2', body: 'x' }))).toMatchObject({ place: 1, fault: null });
});

test('patterns read the uncut text', () => {
  const body = `${'x '.repeat(90)} a breach ${'y '.repeat(90)}`;
  const ticket = maker()(row({ body }));
  expect(ticket.body).not.toContain('breach');
  expect(ticket.patterns).toEqual(['breach']);
});

test('quotes are cut where that is asked for, after HTML is text and before the middle is', () => {
  const own = 'The card was charged twice again, although you said it was fixed.';
  const quote = `<div>On 5/6/24, Sam &lt;sam@example.com&gt; wrote:</div><blockquote>No breach. ${'x '.repeat(60)}</blockquote>`;
  const html = row({ subject: 'Re: Invoice', body: `<p>${own}</p>${quote}` });
  const whole = maker()(html);
  const cut = maker(undefined, true)(html);
  expect(whole.body).toContain('characters left out');
  expect(cut.body).toBe(own);
  expect(cut.patterns).toEqual(['breach']);
  expect(cut.textHash).not.toBe(whole.textHash);
});

test('a missing id is made from the text, with a counter, and does not depend on the place', () => {
  const ids = (bodies: string[]) => {
    const toTicket = maker();
    return bodies.map((body) => toTicket(row({ body })).id);
  };
  const [a, b, again] = ids(['one', 'two', 'one']);
  expect(again).toBe(`${a}-2`);
  expect(ids(['two', 'one'])).toEqual([b, a]);
});

test('a language that is known by the text’s hash is not detected again', () => {
  const body = 'Hallo, meine Rechnung wurde doppelt abgebucht, bitte um Erstattung';
  const detected = maker()(row({ body }));
  expect(detected.language).toBe('de');
  const made = (known: Record<string, string | null>) =>
    maker((hash) => known[hash])(row({ body }));
  expect(made({ [detected.textHash]: 'nl' }).language).toBe('nl');
  expect(made({ [detected.textHash]: null }).language).toBeNull();
  expect(made({}).language).toBe('de');
});

import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cutQuotes } from '../../src/intake/cut-quotes.ts';
import { htmlText } from '../../src/intake/html-text.ts';
import { cpuTime } from '../cpu-time.ts';

const OWN = 'The card was charged twice again this month, although you said it was fixed.';
const MORE = 'And the invoice of October still shows the old address of our company.';
const QUOTE = '> We have looked into it.\n>\n> Regards, Sam';
const PLAIN = 'We have looked into it.\n\nRegards, Sam';

describe('leaves out what is quoted', () => {
  test.each([
    ['Gmail', `On Mon, May 6, 2024 at 10:12 AM Sam <sam@example.com> wrote:\n\n${QUOTE}`],
    [
      'Gmail, wrapped',
      `On Mon, May 6, 2024 at 10:12 AM Support of Example <\nsupport@example.com> wrote:\n\n${QUOTE}`,
    ],
    [
      'Gmail in German',
      `Am Mo., 6. Mai 2024 um 10:12 Uhr schrieb Sam <\nsam@example.com>:\n\n${QUOTE}`,
    ],
    ['Gmail in French', `Le lun. 6 mai 2024 à 10:12, Sam <sam@example.com> a écrit :\n\n${QUOTE}`],
    [
      'Gmail in Spanish',
      `El lun, 6 may 2024 a las 10:12, Sam (<sam@example.com>) escribió:\n\n${QUOTE}`,
    ],
    ['Gmail in Italian', `Il giorno lun 6 mag 2024 Sam <sam@example.com> ha scritto:\n\n${QUOTE}`],
    ['Gmail in Dutch', `Op ma 6 mei 2024 om 10:12 schreef Sam <sam@example.com>:\n\n${QUOTE}`],
    ['Gmail in Swedish', `Den mån 6 maj 2024 kl 10:12 skrev Sam <sam@example.com>:\n\n${QUOTE}`],
    ['Apple Mail', `> On 6 May 2024, at 10:12, Sam <sam@example.com> wrote:\n> \n${QUOTE}`],
    [
      'Apple Mail in German',
      `> Am 06.05.2024 um 10:12 schrieb Sam <sam@example.com>:\n> \n${QUOTE}`,
    ],
    [
      'an iPhone',
      `Sent from my iPhone\n\n> On 6 May 2024, at 10:12, Sam <sam@example.com> wrote:\n${QUOTE}`,
    ],
    ['Thunderbird', `On 5/6/24 10:12, Sam wrote:\n${QUOTE}`],
    ['Thunderbird in German', `Am 06.05.24 um 10:12 schrieb Sam:\n${QUOTE}`],
    ['Thunderbird in French', `Le 06/05/2024 à 10:12, Sam a écrit :\n${QUOTE}`],
    [
      'Yahoo',
      `On Monday, May 6, 2024 at 10:12:33 AM GMT+2, Sam <sam@example.com> wrote:\n\n${PLAIN}`,
    ],
    ['Yandex', `06.05.2024, 10:12, "Sam" <sam@example.com>:\n\n${PLAIN}`],
    [
      'Outlook',
      `From: Sam <sam@example.com>\nSent: Monday, May 6, 2024 10:12 AM\nTo: Jo <jo@example.org>\nSubject: RE: Invoice\n\n${PLAIN}`,
    ],
    [
      'Outlook in German',
      `Von: Sam <sam@example.com>\nGesendet: Montag, 6. Mai 2024 10:12\nAn: Jo <jo@example.org>\nCc: Al\nBetreff: AW: Rechnung\n\n${PLAIN}`,
    ],
    [
      'Outlook in French',
      `De : Sam <sam@example.com>\nEnvoyé : lundi 6 mai 2024 10:12\nÀ : Jo\nObjet : RE: Facture\n\n${PLAIN}`,
    ],
    [
      'Outlook in Spanish',
      `De: Sam <sam@example.com>\nEnviado el: lunes, 6 de mayo de 2024 10:12\nPara: Jo\nAsunto: RE: Factura\n\n${PLAIN}`,
    ],
    [
      'Outlook on the web, with a rule and bold names',
      `________________________________\n*From:* Sam\n*Sent:* Monday, May 6, 2024\n*To:* Jo\n*Subject:* Invoice\n\n${PLAIN}`,
    ],
    ['old Outlook', `-----Original Message-----\nFrom: Sam\nSubject: Invoice\n\n${PLAIN}`],
    ['old Outlook in German', `-----Ursprüngliche Nachricht-----\nVon: Sam\n\n${PLAIN}`],
  ])('by %s', (_, quote) => {
    expect(cutQuotes('Re: Invoice', `${OWN}\n\n${quote}`)).toBe(OWN);
  });

  test('by Gmail as HTML', () => {
    const html = `<div>${OWN}</div><br><div class="gmail_quote"><div>On Mon, May 6, 2024 at 10:12 AM Sam &lt;<a href="mailto:sam@example.com">sam@example.com</a>&gt; wrote:<br></div><blockquote>We have looked into it.<br>Regards, Sam</blockquote></div>`;
    expect(cutQuotes('Re: Invoice', htmlText(html))).toBe(OWN);
  });

  test('and not the line above it that begins like it', () => {
    const own = `${OWN}\nOn Mondays it fails altogether`;
    expect(cutQuotes('', `${own}\nOn 5/6/24, Sam <sam@example.com> wrote:\n${QUOTE}`)).toBe(own);
  });

  test('of which nothing but the header is there', () => {
    expect(cutQuotes('', `> ${HEADER}\n\n${OWN}`)).toBe(OWN);
  });

  test('above an answer that stands below it', () => {
    const body = `On 5/6/24 10:12, Sam wrote:\n${QUOTE}\n\n${OWN}\n\n-- \nJo`;
    expect(cutQuotes('Re: Invoice', body)).toBe(OWN);
  });

  test('between two parts of an answer, of both', () => {
    const quote = `On 5/6/24 10:12, Sam wrote:\n${QUOTE}`;
    expect(cutQuotes('', `${OWN}\n\n${quote}\n\n${MORE}`)).toBe(`${OWN}\n\n${MORE}`);
  });

  test('with the signature above it', () => {
    const body = `${OWN}\n\n-- \nJo Doe\nExample Ltd\n\nOn 5/6/24, Sam <sam@example.com> wrote:\n${QUOTE}`;
    expect(cutQuotes('', body)).toBe(OWN);
  });
});

test.each([
  ['-- \nJo Doe\nHead of Accounts\n+44 20 7946 0000'],
  ['--\nJo'],
  ['Sent from my iPhone'],
  ['Get Outlook for iOS<https://aka.ms/o0ukef>'],
  ['Von meinem iPhone gesendet'],
  ['Envoyé de mon iPhone'],
  ['Enviado desde mi iPhone'],
  ['Sent from my iPhone\n-- \nJo'],
])('leaves out the signature %j', (signature) => {
  expect(cutQuotes('', `${OWN}\n\n${signature}`)).toBe(OWN);
});

const HEADER = 'On Mon, May 6, 2024 at 10:12 AM Sam <sam@example.com> wrote:';
const OUTLOOK = 'From: Sam\nSent: Monday\nTo: Jo\nSubject: Invoice';

test.each([
  ['is forwarded by its subject', 'FW: Invoice', `${OWN}\n\n${OUTLOOK}\n\n${PLAIN}`],
  ['is forwarded by a ticket’s subject', '[#12] WG: Rechnung', `${OWN}\n\n${OUTLOOK}\n\n${PLAIN}`],
  [
    'is forwarded by Gmail',
    '',
    `${OWN}\n\n---------- Forwarded message ---------\n${OUTLOOK}\n\n${PLAIN}`,
  ],
  [
    'is forwarded by Thunderbird',
    '',
    `${OWN}\n\n-------- Weitergeleitete Nachricht --------\n${OUTLOOK}\n\n${PLAIN}`,
  ],
  [
    'is forwarded by its own words',
    '',
    `I am forwarding this mail to you, please have a look at it.\n\n${OUTLOOK}\n\n${PLAIN}`,
  ],
  ['points to the quote', 'Re: Invoice', `${OWN} See below.\n\n${OUTLOOK}\n\n${PLAIN}`],
  [
    'says too little by itself',
    'Re: Invoice',
    `Yes, please do that. Thank you!\n\n${HEADER}\n${QUOTE}`,
  ],
  ['says next to nothing beside the quote', '', `${OWN}\n\n${HEADER}\n${`${QUOTE}\n`.repeat(100)}`],
  ['is nothing but a quote', '', `${HEADER}\n${QUOTE}`],
  [
    'answers between the lines',
    '',
    `${HEADER}\n> Which card?\n\n${OWN}\n\n> Which invoice?\n\n${MORE}`,
  ],
  [
    'answers between quotes of two levels',
    '',
    `${HEADER}\n> > Which card?\n> This one.\n${OWN}\n> > And which invoice?\n${MORE}`,
  ],
  ['shows a shell', '', `${OWN}\n> npm start\n> Error: no such file\n${MORE}`],
  [
    'tells what somebody wrote',
    '',
    `${OWN}\n\nOn 3 May at 10:15 your colleague wrote:\n\nYour refund is on its way.\n\n${MORE}`,
  ],
  [
    'tells so in German',
    '',
    `${OWN}\n\nAm 3. Mai um 10:15 schrieb ich Ihnen:\n\nBitte um Rückruf.\n\n${MORE}`,
  ],
  [
    'is a contact form',
    '',
    `A new message from the contact form on your website has arrived.\n\nFrom: Jo <jo@example.org>\nSubject: Help\nDate: 6 May\n\n${OWN}`,
  ],
  ['has a rule in it', '', `${OWN}\n\n---\n\n${MORE}`],
  ['lists much after dashes', '', `${OWN}\n--\n${'Sign in\n'.repeat(9)}`],
  [
    'has a long line like a header',
    '',
    `${OWN}\nOn the invoice for jo@example.org ${'we ask '.repeat(40)} what your accountant wrote:\n${MORE}`,
  ],
  ['sets off a question with dashes', '', `${OWN}\n--\nWhen will this be mended?`],
  ['sets off long text with dashes', '', `${OWN}\n--\n${MORE} ${MORE}`],
  [
    'says that it was sent from somewhere',
    '',
    `Sent from my office it arrives, from home it does not.\n${MORE}`,
  ],
  [
    'starts a sentence with On',
    '',
    `On the whole it works.\nOn Mondays it does not, as I wrote:\n${MORE}`,
  ],
])('a body that %s is left as it is', (_, subject, body) => {
  expect(cutQuotes(subject, body.trim())).toBe(body.trim());
});

test('whatever is left out, the writer’s own lines stay, in their order', () => {
  const line = fc.constantFrom(
    OWN,
    MORE,
    '',
    '---',
    'On Mondays',
    '> a shell',
    'From: here',
    '2 < 3',
  );
  fc.assert(
    fc.property(fc.array(line, { maxLength: 12 }), (lines) => {
      const own = [OWN, ...lines, MORE].join('\n');
      const kept = cutQuotes('', `${own}\n\n${HEADER}\n${QUOTE}`);
      expect(kept.startsWith(own)).toBe(true);
    }),
  );
});

test.each([
  'The page is slow. ',
  ' ',
  '\n',
  '> ',
  '>\n',
  '--\n',
  'On ',
  'On a b\n',
  'On a wrote:\n\n\n',
  'On 1 May, a@b.c wrote:\n> x\nanswer\n',
  ' on x at ',
  'Am schrieb ',
  'x schrieb am ',
  'Op a schreef b\n',
  'From: a\n',
  'From: a\nTo: a\nSent: a\n',
  'Sent from my phone\n',
  '______\n',
  '2024 <a@b>',
  'forwarding ',
  `2024 ${'<a@'.repeat(80)}:\n`,
  `x${' wrote on'.repeat(27)}:\n`,
  `On ${'schrieb wrote on '.repeat(14)}:\n`,
])('takes no time for 200,000 characters of %j', (piece) => {
  const hostile = piece.repeat(200_000 / piece.length);
  // Some 100 ms; what a library of such expressions takes for it are hours.
  expect(cpuTime(() => cutQuotes(hostile, `${OWN}\n${hostile}`))).toBeLessThan(3000);
});

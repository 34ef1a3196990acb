import { Readable } from 'node:stream';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { guessEncodings } from '../../src/intake/guess-encoding.ts';
import { openIntake, type IntakeOptions } from '../../src/intake/open-intake.ts';
import { encode } from './encode.ts';

const PLAIN: IntakeOptions = {
  files: ['-'],
  format: null,
  delimiter: null,
  columns: {},
  encoding: null,
  subjectOnly: false,
  isDropped: null,
  isForTable: false,
};

/** What customers write, in the words of each country's Excel. */
const TEXTS: [label: string, language: string, text: string][] = [
  ['shift_jis', 'ja', 'エクスポートが今朝から動きません。至急ご確認ください。'],
  ['euc-jp', 'ja', 'エクスポートが今朝から動きません。至急ご確認ください。'],
  ['gb18030', 'zh', '导出按钮从今天早上开始没有反应，请尽快帮忙处理。'],
  ['big5', 'zh', '匯出按鈕從今天早上開始沒有反應，請盡快協助處理。'],
  ['euc-kr', 'ko', '내보내기 버튼이 오늘 아침부터 작동하지 않습니다. 빨리 도와주세요.'],
  ['windows-1251', 'ru', 'Кнопка экспорта не работает с самого утра, помогите пожалуйста.'],
  ['koi8-r', 'ru', 'Кнопка экспорта не работает с самого утра, помогите пожалуйста.'],
  ['ibm866', 'ru', 'Кнопка экспорта не работает с самого утра, помогите пожалуйста.'],
  [
    'windows-1250',
    'pl',
    'Przycisk eksportu nie działa od rana, proszę o pomoc. Nie mogę się zalogować, hasło wygasło, błąd łączenia, śledzenie, źle.',
  ],
  [
    'iso-8859-2',
    'pl',
    'Przycisk eksportu nie działa od rana, proszę o pomoc. Nie mogę się zalogować, hasło wygasło, błąd łączenia, śledzenie, źle.',
  ],
  [
    'windows-1252',
    'de',
    'Der Export für März läuft nicht. Können Sie uns schnell helfen? Größere Dateien gehen gar nicht – danke. Die Beträge über 5 € fehlen, auch für Köln und Düsseldorf, schöne Grüße aus München, Jürgen Müller',
  ],
  ['windows-1253', 'el', 'Το κουμπί εξαγωγής δεν λειτουργεί από το πρωί, παρακαλώ βοηθήστε μας.'],
  [
    'windows-1254',
    'tr',
    'Dışa aktarma düğmesi bu sabahtan beri çalışmıyor, lütfen yardım edin. Şifremi sıfırlayamıyorum, giriş yapılamıyor',
  ],
  [
    'windows-1255',
    'he',
    'כפתור הייצוא לא עובד מהבוקר, אנא עזרו לנו במהירות. אני לא מצליח להתחבר לחשבון',
  ],
  ['windows-1256', 'ar', 'زر التصدير لا يعمل منذ هذا الصباح، يرجى المساعدة بسرعة.'],
  [
    'windows-1257',
    'lv',
    'Eksporta poga nedarbojas kopš šī rīta, lūdzu, palīdziet mums ātri. Nevaru pieslēgties savam kontam, lūdzu, atjaunojiet paroli',
  ],
  ['windows-874', 'th', 'ปุ่มส่งออกไม่ทำงานตั้งแต่เช้านี้ กรุณาช่วยเหลือด่วน'],
];

function fileOf(label: string, text: string): Buffer {
  const rows = `id,subject,body\n1,Export,"${text}"\n2,Login,Nobody can log in since the update\n`;
  return encode(label, rows);
}

async function read(bytes: Buffer, options: Partial<IntakeOptions> = {}) {
  const intake = await openIntake({ ...PLAIN, ...options }, Readable.from([bytes]));
  const rows = [];
  for await (const row of intake.rows) rows.push(row);
  return rows;
}

describe('an encoding', () => {
  test.each(TEXTS)(
    '%s is told from its bytes, by its language %s',
    async (label, language, text) => {
      const bytes = fileOf(label, text);
      expect(guessEncodings(bytes)[0]).toMatchObject({ label, language });
      await expect(read(bytes)).rejects.toThrow(
        expect.objectContaining({ exit: 2, message: expect.stringContaining('is not UTF-8 text') }),
      );
      const [row] = await read(bytes, { encoding: label });
      expect(row?.kind === 'table' && row.cells[2]).toBe(text);
    },
  );

  test('is sure where there is enough of it, and the command that reads it is the only one', async () => {
    for (const [label, , text] of TEXTS.slice(0, 6)) {
      await expect(read(fileOf(label, text))).rejects.toThrow(
        expect.objectContaining({ remedies: [['--encoding', label]] }),
      );
    }
  });

  test('is no more than likely by one word', async () => {
    const bytes = encode('windows-1252', 'id,subject,body\n1,Export,café\n');
    await expect(read(bytes)).rejects.toThrow(
      expect.objectContaining({
        message: 'stdin is not UTF-8 text, and too little of it tells its encoding.',
        remedies: expect.arrayContaining([['--encoding', 'windows-1252']]),
      }),
    );
  });

  test('is not guessed where the file is UTF-8 but for a line', async () => {
    const bytes = Buffer.concat([
      Buffer.from('id,body\n1,Grüße\n2,'),
      encode('windows-1252', 'Größe\n'),
      Buffer.from('3,Öl\n'),
    ]);
    await expect(read(bytes)).rejects.toThrow('stdin, line 3: bytes that are not UTF-8');
  });

  test('cut anywhere makes no difference', async () => {
    const [, , text] = TEXTS[0] ?? [];
    const bytes = fileOf('shift_jis', text ?? '');
    for (let to = 60; to < bytes.length; to++) {
      expect(guessEncodings(bytes.subarray(0, to))[0]?.label).toBe('shift_jis');
    }
  });

  test.each([
    ['utf-32le', [0xff, 0xfe, 0, 0, 0x69, 0, 0, 0]],
    ['utf-32be', [0, 0, 0xfe, 0xff, 0, 0, 0, 0x69]],
    ['utf-32le without a mark', [0x69, 0, 0, 0, 0x64, 0, 0, 0]],
    ['utf-32be without a mark', [0, 0, 0, 0x69, 0, 0, 0, 0x64]],
  ])('%s is noticed', async (_, bytes) => {
    await expect(read(Buffer.from(bytes))).rejects.toThrow('is UTF-32');
  });
});

describe('bytes that are none of the encoding', () => {
  const filler = '1,x\n'.repeat(20_000);
  test.each([
    ['utf-8', Buffer.from([0xe9])],
    ['windows-1253', Buffer.from([0xd2])],
    ['shift_jis', Buffer.from([0xfd])],
    ['euc-kr', Buffer.from([0xff])],
    ['gb18030', Buffer.from([0xff])],
  ])('named as %s make a row a fault, and no other', async (encoding, bad) => {
    const rows = await read(
      Buffer.concat([Buffer.from(`id,body\n${filler}2,a`), bad, Buffer.from('b\n3,c\n')]),
      { encoding },
    );
    expect(rows.slice(-3).map(({ fault }) => fault)).toEqual([
      null,
      `it holds bytes that are not ${encoding}`,
      null,
    ]);
  });

  test('half a pair of UTF-16 is one, and the sign for such damage is none', async () => {
    const text = `\uFEFFid,body\n${filler}2,a\ud800b\n`;
    const damaged = await read(Buffer.from(text, 'utf16le'));
    expect(damaged.at(-1)?.fault).toBe('it holds bytes that are not utf-16le');
    const sign = await read(Buffer.from(text.replace('\ud800', '\uFFFD'), 'utf16le'));
    expect(sign.at(-1)?.fault).toBe(null);
  });

  test('near the beginning end the run', async () => {
    const bytes = Buffer.concat([Buffer.from('id,body\n1,a'), Buffer.from([0xfd, 0xfd, 0x0a])]);
    const outcome = read(bytes, { encoding: 'shift_jis' });
    await expect(outcome).rejects.toThrow('stdin, line 2: bytes that are not shift_jis');
  });

  test('whatever bytes come, a row that is no fault is what they say', async () => {
    const label = fc.constantFrom('windows-1252', 'windows-1253', 'shift_jis', 'euc-kr', 'big5');
    await fc.assert(
      fc.asyncProperty(
        label,
        fc.uint8Array({ min: 0x80, maxLength: 12 }),
        async (encoding, given) => {
          const bytes = Buffer.concat([
            Buffer.from(`id,body\n${filler}2,`),
            given,
            Buffer.from('.\n'),
          ]);
          const row = (await read(bytes, { encoding })).at(-1);
          const meant = new TextDecoder(encoding).decode(Buffer.concat([given, Buffer.from('.')]), {
            stream: true,
          });
          expect(row?.fault === null).toBe(!meant.includes('\uFFFD'));
          expect(row?.kind === 'table' && row.cells[1]).toBe(meant);
        },
      ),
      { numRuns: 20 },
    );
  });
});

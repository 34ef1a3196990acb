import { describe, expect, test } from 'vitest';
import { languageOf } from '../../src/intake/language.ts';

const GERMAN = 'Hallo, meine Rechnung wurde doppelt abgebucht, bitte um Erstattung';
const ENGLISH = 'Hello, I can not log in since this morning, please help me with it';

test.each([
  [GERMAN, 'de'],
  ['Bonjour, je ne peux plus accéder à mon compte depuis hier', 'fr'],
  ['ログインできません。助けてください', 'ja'],
  [ENGLISH, 'en'],
  ['Passwort vergessen', null],
  ['login broken', null],
  ['', null],
])('%j is %s', (text, expected) => {
  expect(languageOf(text)).toBe(expected);
});

describe('letters tell a language, however short the text is', () => {
  test.each([
    ['退款', 'zh'],
    ['Login\n请帮我重置密码', 'zh'],
    ['無法登入，請幫忙', 'zh'],
    ['Error 500 when exporting: 导出失败了怎么办', 'zh'],
    [`${ENGLISH.repeat(3)} 我的账户被锁定了，请尽快帮忙处理一下，谢谢您的支持`, 'zh'],
    ['VPN\n비밀번호 재설정 부탁드립니다', 'ko'],
    ['환불', 'ko'],
    ['パスワードを忘れました', 'ja'],
    ['請求書の再発行', 'ja'],
  ])('%j is %s', (text, expected) => {
    expect(languageOf(text)).toBe(expected);
  });

  test('but not a name or a word in a text of another language', () => {
    expect(languageOf(`${ENGLISH}. Regards, 王小明`)).toBe('en');
    expect(languageOf(`The page shows 東京 for our office. ${ENGLISH}`)).toBe('en');
    expect(languageOf(`${ENGLISH.repeat(6)}\n北京示例科技有限公司上海分公司`)).toBe('en');
  });

  test('characters that Japanese has as well are not foreign to a desk in Japan', () => {
    expect(languageOf('返金依頼', ['ja'])).toBeNull();
    expect(languageOf('返金依頼', ['en'])).toBe('zh');
  });
});

describe('a banner above a mail does not decide', () => {
  test.each([
    [
      '[EXTERNAL] CAUTION: This email originated from outside of the organization. Do not click links or open attachments unless you recognize the sender and know the content is safe.',
    ],
    [
      'WARNING: This message was sent from outside the company. Please do not click on links or open attachments unless you trust the source of this e-mail and know the content is safe. If you are in any doubt whatsoever, forward it to the service desk.',
    ],
    ["You don't often get email from jo@example.com. Learn why this is important"],
    ['External Email'],
  ])('in English above German: %j', (banner) => {
    for (const between of ['\n\n', ' ', '\n----------\n']) {
      expect(languageOf(`Rechnung\n${banner}${between}${GERMAN}`)).toBe('de');
    }
  });

  test.each([
    [
      'ACHTUNG: Diese E-Mail kommt von außerhalb der Organisation. Klicken Sie keine Links an und öffnen Sie keine Anhänge, wenn Sie den Absender nicht kennen.',
    ],
    [
      "ATTENTION : ce courriel provient de l'extérieur de l'organisation. Ne cliquez pas sur les liens et n'ouvrez pas les pièces jointes.",
    ],
    [
      'PRECAUCIÓN: este correo externo procede de fuera de la organización. No haga clic en enlaces ni abra archivos adjuntos.',
    ],
  ])('in another language above English: %j', (banner) => {
    expect(languageOf(`${banner}\n\n${ENGLISH}`)).toBe('en');
  });

  test('but what a writer says himself does', () => {
    expect(languageOf('Wir sind außerhalb der Geschäftszeiten nicht erreichbar. Danke')).toBe('de');
  });

  test('unless it is all that there is', () => {
    expect(languageOf('Achtung: Diese E-Mail kommt von außerhalb der Organisation.')).toBe('de');
  });
});

// A ticket's text in, the language that its writer used out.
import { eld } from 'eld/extrasmall';

/** No detector can be trusted with so short a text in Latin script. */
const SHORT = 20;
const LATIN_ONLY = /^[\p{Script=Latin}\p{Script=Common}\p{Script=Inherited}]*$/u;

/** Enough to tell a language by, and no ticket takes long. */
const SAMPLE = 500;
/** Mail servers put their warnings among so many sentences and lines at the top. */
const TOP = 12;
const SENTENCE = /[^\n.!?。！？]*(?:[.!?。！？]+|\n|$)\s*/g;

/** What mail servers put above a mail, in whatever language they speak: labels, and whole sentences. */
const LABEL = anyOf([
  /^\W*(?:caution|warning|achtung|vorsicht|attention|avertissement|atención|precaución|attenzione|atenção|cuidado|waarschuwing|let op|advarsel|varning)\W*[:!\]-]/,
  /\[\s*(?:external|extern|externe|externo|esterno)\b[^\]\n]{0,30}\]/,
  /\b(?:external|externe[rn]?|externo|esterno) (?:e-?mail|mail|sender|message|absender\w*|nachricht|afzender)\b/,
  /\b(?:expéditeur|courriel|e-?mail|message) externe\b|\b(?:remitente|correo|remetente|e-?mail|mittente) (?:externo|esterno)\b/,
  /\bsome people who received this message don['’]t often get email from\b|\byou don['’]t often get e-?mail from\b|\blearn why this is important\b/,
]);
const WARNING = anyOf([
  /\boutside (?:of )?(?:the|your|our|this) |\boriginated (?:from )?(?:outside|an external)\b/,
  /außerhalb (?:der|des|ihrer|ihres|unserer|unseres) |\bvon (?:extern|außerhalb)\b|\bl['’]extérieur de |\bfuera de (?:la|su|nuestra) |\bfora da /,
  /\b(?:do not|don['’]t) (?:click|open|reply)\b|\bunless you (?:recogni[sz]e|trust|know|are)\b|\b(?:content|sender) is (?:safe|trusted)\b/,
  /\b(?:klicken|öffnen) sie (?:nicht|keine|nur|bitte)\b|\bne cliquez |\bn['’]ouvrez |\bno (?:haga clic|abra)\b|\bnão clique\b|\bnon (?:cliccare|aprire)\b|\bklik niet\b/,
  /社外|外部(?:邮件|郵件|メール)|외부 ?(?:메일|이메일)/,
]);

/** A character says as much as so many letters. */
const WEIGHT = 3;
/** So many are a sentence and no name; in a text of this share they are no signature either. */
const SENTENCE_LENGTH = 10;
const LEAST_SHARE = 1 / 4;

/**
 * @param native those of the desk: a text in Chinese characters alone may be Japanese to it
 * @returns ISO 639-1 code, or null where the language can't be told reliably
 */
export function languageOf(text: string, native: readonly string[] = []): string | null {
  const own = withoutBanner(text);
  const sample = own.slice(0, SAMPLE);
  if (sample.length <= SHORT && LATIN_ONLY.test(sample)) return null;
  const detected = eld.detect(sample);
  const language = detected.language && detected.isReliable() ? detected.language : null;
  return ofScript(own, language, native) ?? language;
}

/** The text itself where hardly anything else is left of it. */
function withoutBanner(text: string): string {
  const top: string[] = [];
  let end = 0;
  for (const { 0: sentence, index } of text.matchAll(SENTENCE)) {
    if (sentence === '' || top.length >= TOP) break;
    top.push(sentence);
    end = index + sentence.length;
  }
  const own = top
    .map((sentence) => sentence.replace(LABEL, ' '))
    .filter((sentence) => !WARNING.test(sentence));
  const left = `${own.join('')}${text.slice(end)}`.trim();
  // A writer too may speak of opening times or of files that do not open.
  const isSure = left.length > SHORT || top.some((sentence) => LABEL.test(sentence));
  return isSure && left !== '' ? left : text;
}

function anyOf(phrases: readonly RegExp[]): RegExp {
  return new RegExp(phrases.map(({ source }) => source).join('|'), 'iu');
}

/** Korean, Japanese and Chinese are known by their letters, however few: a detector wants more. */
function ofScript(text: string, detected: string | null, native: readonly string[]): string | null {
  if (LATIN_ONLY.test(text)) return null;
  const hangul = count(text, /\p{Script=Hangul}/gu);
  const kana = count(text, /[\p{Script=Hiragana}\p{Script=Katakana}]/gu);
  const han = count(text, /\p{Script=Han}/gu);
  const all = hangul + kana + han;
  const others = count(text, /\p{L}/gu) - all;
  const isMostOf = WEIGHT * all >= others;
  const isSentence = all >= SENTENCE_LENGTH && WEIGHT * all >= others * LEAST_SHARE;
  if (all < 2 || !(isMostOf || isSentence)) return null;
  if (hangul > kana + han) return 'ko';
  if (kana > 0) return 'ja';
  if (detected === 'zh' || detected === 'ja') return detected;
  return native.includes('ja') ? null : 'zh';
}

function count(text: string, letters: RegExp): number {
  return text.match(letters)?.length ?? 0;
}

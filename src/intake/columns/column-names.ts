// A column's name → how surely it is that of a field: 0 for no match, about 1 for the surest names.
import type { ColumnField } from '../../ticket.ts';

/**
 * What help desks call them, in two dozen languages. Whole names only, or Jira's
 * `Summation column` would pass for its `Summary`, and `comments_count` for a body.
 */
const NAMES: Record<ColumnField, Map<string, number>> = {
  id: weights([
    [
      1.1,
      `ticketid ticketnumber ticketno ticketnr ticketnum ticketkey ticketcode ticketref
       ticketreference numberticket numberdeticket numberdelticket issuekey issuenumber caseid
       casenumber caseno incidentid incidentnumber requestid requestnumber conversationid
       conversationnumber ticketnummer vorgangsnummer vorgangsnr fallnummer anfragenummer
       numeroticket numerodeticket numerodelticket numeroduticket numerodedemande numerodecaso
       referenceticket idticket idduticket iddelticket ticketidentifier zaaknummer meldingsnummer
       numerodoticket numerodochamado protocolo numerosegnalazione numerzgłoszenia arendenummer
       sagsnummer saksnummer номерзаявки номертикета номеробращения チケット番号 問い合わせ番号
       案件番号 工单号 工单编号 工單編號 티켓번호 문의번호`,
    ],
    [0.8, 'id identifier identifiant identificador kennung'],
    [
      0.65,
      `number key ticket case incident nummer nr no numero uid reference ref slug
       referencia referenz vorgang`,
    ],
    // Jira and ServiceNow have them beside the key that people use.
    [0.6, 'issueid sysid uuid guid'],
  ]),
  subject: weights([
    [1, 'subject ticketsubject subjectline betreff objet sujet asunto sourcesubject'],
    [
      0.9,
      `title tickettitle ticketname shortdescription headline titel kurzbeschreibung titre
       intitule titulo onderwerp assunto oggetto titolo temat tytuł amne rubrik emne predmet konu
       тема заголовок 件名 タイトル 主题 标题 主題 標題 제목`,
    ],
    [0.8, 'summary zusammenfassung resume resumen'],
    [0.4, 'topic thema tema'],
  ]),
  body: weights([
    [
      1,
      `plainbody bodyplain bodytext textbody plaintextbody bodyplaintext plaintext
       descriptiontext textdescription descriptionplain plaindescription strippedtext`,
    ],
    [
      0.9,
      `body ticketbody description ticketdescription sourcebody bodycontent beschreibung
       problembeschreibung fehlerbeschreibung ticketbeschreibung descripcion descriptif
       descriptionduprobleme descripciondelproblema omschrijving probleemomschrijving descricao
       descricaodoproblema descrizione opis opisproblemu beskrivning beskrivelse popis acıklama
       описание описаниепроблемы 本文 説明 問い合わせ内容 お問い合わせ内容 描述 问题描述 問題描述
       설명 문의내용`,
    ],
    [
      0.75,
      `message content contents messagebody messagetext messagecontent firstmessage
       initialmessage customermessage ticketmessage firstcomment firstmessagebody nachricht
       nachrichtentext inhalt contenu corps mensaje contenido cuerpo bericht inhoud mensagem
       conteudo messaggio contenuto wiadomosc tresc meddelande besked melding zprava mesaj
       сообщение текст メッセージ 内容 內容 正文 메시지 내용 본문`,
    ],
    [0.65, 'bodyhtml htmlbody descriptionhtml htmldescription contenthtml messagehtml'],
    [
      0.5,
      `details text request inquiry enquiry complaint question problem utterance query articletree transcript anfrage
       anliegen frage demande probleme pregunta consulta problema texto texte vraag tekst testo`,
    ],
    [
      0.3,
      `comment comments publiccomment publiccomments kommentar kommentare commentaire
       commentaires comentario comentarios`,
    ],
  ]),
  account_tier: weights([
    [1, 'accounttier customertier accountplan customerplan requesterplan requestertier'],
    [0.9, 'tier plan planname plantier plantype supportplan supporttier tiername kundenstufe'],
    [
      0.7,
      `subscription subscriptionplan subscriptiontier accounttype customertype servicelevel
       tarif formule abonnement suscripcion niveldecuenta niveauducompte plano piano тариф プラン
       套餐 요금제`,
    ],
  ]),
};

/**
 * What may stand before a name without changing whose it is: `fields.summary` is the ticket's, but
 * `fields.project.key`, `via.source.from.name` and `satisfaction_rating.comment` are not.
 */
const COMMON = words(`ticket tickets issue issues case cases incident incidents request requests
  conversation conversations record records item items result results data detail payload event
  entry row node object document fields attributes raw source airbyte zendesk freshdesk jira servicenow`);
const WRAPPERS: Record<ColumnField, Set<string>> = {
  id: new Set(COMMON),
  subject: new Set([...COMMON, ...words('properties property message email mail original')]),
  body: new Set([
    ...COMMON,
    ...words('properties property message email mail original comment first initial problem'),
  ]),
  account_tier: new Set([
    ...COMMON,
    ...words(`requester customer user users client contact company organization organisation org
      account subscription custom field properties property metadata`),
  ]),
};

/** So much less sure is a name for each word before it. */
const PER_WRAPPER = 0.02;

/** So much less sure is a name with more behind it: `Betreff (kurz)`, `Beschreibung des Problems`. */
const PER_REST = 0.3;
const IN_BRACKETS = /\s*\([^)]*\)\s*$/;
const OF_SOMETHING = /\s(?:des|der|du|de|del|of)\s.*$/i;

/** A text may be an object of its forms or languages: so much less sure is a name with such a key behind it. */
const FORMS: [form: RegExp, less: number][] = [
  [/\.(?:\$oid|\$number\w+|\$uuid|display_?value)$/i, 0.02],
  [/\.(?:rendered|plain|plain_?text|text|#text|_text|\$t)$/i, 0.02],
  [/\.(?:en|en[-_](?:us|gb))$/i, 0.03],
  [/\.(?:value|raw|markdown|content)$/i, 0.05],
  [/\.(?:de|fr|es|it|pt|nl|pl|sv|da|fi|cs|ru|uk|tr|ja|zh|ko)(?:[-_]\w\w)?$/i, 0.06],
  [/\.html$/i, 0.2],
];
/** In an id's object there is nothing else that could be one. */
const OF_IDS = /\.(?:\$oid|\$number\w+|\$uuid|display_?value|value)$/i;

export function columnWeight(field: ColumnField, name: string): number {
  const whole = wholeWeight(field, name);
  if (whole > 0 || (field === 'id' && !OF_IDS.test(name))) return whole;
  for (const [form, less] of FORMS) {
    const bare = name.replace(form, '');
    if (bare !== name) return Math.max(0, wholeWeight(field, bare) - less);
  }
  return 0;
}

function wholeWeight(field: ColumnField, name: string): number {
  const whole = weightOf(field, name);
  if (whole > 0 || field === 'id' || field === 'account_tier') return whole;
  const short = name.replace(IN_BRACKETS, '');
  const head = field === 'body' ? short.replace(OF_SOMETHING, '') : short;
  return head === name ? 0 : Math.max(0, weightOf(field, head) - PER_REST);
}

function weightOf(field: ColumnField, name: string): number {
  const parts = columnWords(name);
  for (const [at, part] of parts.entries()) {
    const weight = NAMES[field].get(parts.slice(at).join(''));
    if (weight !== undefined) return weight - at * PER_WRAPPER;
    if (!WRAPPERS[field].has(part)) return 0;
  }
  return 0;
}

function weights(groups: readonly (readonly [number, string])[]): Map<string, number> {
  return new Map(
    groups.flatMap(([weight, text]) =>
      words(text).map((word) => [plainName(word), weight] as const),
    ),
  );
}

function words(text: string): string[] {
  return text.trim().split(/\s+/);
}

/** `Numéro de ticket` → `numero`, `de`, `ticket`; `Case #` → `case`, `number`. */
export function columnWords(name: string): string[] {
  return name
    .replace(/#|№|\bn\s?[°º]/gi, ' number ')
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== '');
}

/** As names are compared: `Numéro de ticket` → `numerodeticket`. */
export function plainName(name: string): string {
  return columnWords(name).join('');
}

// The lines that mail programs put above what they quote, in the languages of a desk's customers.

/** No header of a mail program has longer lines; a longer one is not even looked at. */
const LINE = 250;
/** Into so many lines a program wraps `On …, Jo <jo@example.com> wrote:`. */
const WRAPPED = 3;
/** Lines of Outlook's header, with the blank ones that HTML leaves between them. */
const BLOCK = 12;

/** These may be wrapped, for they tell where they begin. */
const OPENING = /^(?:On|Am|Le|El|Il|Em|Op|Den|På) /;
/** How a header begins, and what it says further on: two looks, for one with `.*` takes time squared. */
type Form = [start: RegExp, later: RegExp];
const OPENED: Form[] = [
  [/^On /, /\bwrote ?:$/],
  [/^Am /, /\bschrieb\b/],
  [/^Le /, /\ba écrit ?:$/],
  [/^El /, /\bescribió ?:$/],
  [/^Il /, /\bha scritto ?:$/],
  [/^Em /, /\bescreveu ?:$/],
  [/^Op /, /\b(?:schreef\b|geschreven ?:$)/],
  [/^(?:Den|På) /, /\bskrev\b/],
];
const WROTE: Form[] = [
  [/^\S/, /\Wwrote(?: on | ?:$)/],
  [/^\S/, /\Wschrieb(?: am | ?:$)/],
  // Yandex, Zoho and others: a date and an address, in whatever language.
  [/\b20\d\d\b/, /<[^\s<>@]+@[^\s<>@]+> ?:$/],
  [/^In data /, /\bha scritto ?:$/],
];
const ORIGINAL =
  /^-{2,20} ?(?:original message|ursprüngliche nachricht|originalnachricht|message d['’]origine|mensaje original|messaggio originale|mensagem original|oorspronkelijk bericht|oprindelig besked|ursprungligt meddelande) ?-{0,20}$/i;

const FROM = /^\*?(?:From|Von|De|Da|Van|Fra|Från) ?:\*? *\S/;
const REST_OF_BLOCK = [
  /^\*?(?:Sent|Date|Gesendet|Datum|Envoyé(?: le)?|Enviad[oa](?: el)?|Fecha|Inviato|Data|Verzonden|Sendt|Skickat) ?:/i,
  /^\*?(?:To|An|À|A|Para|Aan|Til|Till) ?:/i,
  /^\*?(?:Subject|Betreff|Objet|Asunto|Oggetto|Assunto|Onderwerp|Emne|Ämne) ?:/i,
];

/** How many lines from `at` are the header of a quote; 0 if none begins there. */
export function quoteHeader(lines: readonly string[], at: number): number {
  const first = unquoted(lines[at]);
  if (first === '' || first.length > LINE) return 0;
  if (ORIGINAL.test(first) || isBlock(lines, at)) return 1;
  if (isAttribution(first, WROTE, lines, at + 1)) return 1;
  if (!OPENING.test(first)) return 0;
  let header = first;
  for (let end = at + 1; end <= at + WRAPPED; end++) {
    if (isAttribution(header, OPENED, lines, end)) return end - at;
    const next = unquoted(lines[end]);
    if (next === '' || next.length > LINE || OPENING.test(next)) return 0;
    header += ` ${next}`;
  }
  return 0;
}

export function isQuoted(line: string | undefined): boolean {
  return line?.trimStart().startsWith('>') ?? false;
}

function unquoted(line = ''): string {
  return line.replace(/^[>\s]+/, '').trimEnd();
}

/**
 * With an address, or with a quote behind it: else it may be the customer's own words, as in
 * `On 3 May at 10:15 your colleague wrote:`.
 */
function isAttribution(
  header: string,
  forms: readonly Form[],
  lines: readonly string[],
  end: number,
): boolean {
  const isForm = ([start, later]: Form) => start.test(header) && later.test(header);
  if (!header.endsWith(':') || !forms.some(isForm)) return false;
  return header.includes('@') || isQuoted(lines.slice(end, end + 3).find((line) => line.trim()));
}

/** Sender, date, receiver and subject: with fewer it may be what a contact form sends. */
function isBlock(lines: readonly string[], at: number): boolean {
  if (!FROM.test(unquoted(lines[at]))) return false;
  const block = lines.slice(at + 1, at + BLOCK).map((line) => unquoted(line.slice(0, LINE)));
  return REST_OF_BLOCK.every((part) => block.some((line) => part.test(line)));
}

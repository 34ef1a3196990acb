// A mail's text in; what its writer added, without the replies it quotes and its signature, out.
import { isQuoted, quoteHeader } from './quote-header.ts';

/** With fewer letters and digits left (`Yes, please do.`), the quote says what it is about. */
const LEAST_LETTERS = 40;
/** A smaller part of the text is sooner our mistake than a short answer to a long thread. */
const LEAST_SHARE = 1 / 50;

/** Words by which a writer sends the reader on to the quote, or has answered inside it. */
const POINTS_BELOW =
  /\b(?:below|inline|in-line|in (?:red|blue|green)|unten|untenstehend\w*|im text|in (?:rot|blau)|ci-dessous|en rouge|más abajo|abajo|en rojo)\b/i;

/** As Outlook and the others put it before a subject, also behind a `Re:` or a ticket's number. */
const FORWARDED = /(?:^|[\s\]:])(?:fwd?|wg|tr|rv|enc|doorst|vb|vs)\s?:/i;

/** The line that mail programs put above what is forwarded, and how people say it themselves. */
const FORWARD_MARK =
  /\bforward(?:ed|ing) (?:this|the|you|an? )?\s?(?:e-?mail|message|mail|it|below)|forwarded message|weitergeleitete[nr]? (?:nachricht|e-?mail|mail)|message (?:transféré|réexpédié|transmis)|mensaje reenviado|messaggio inoltrato|mensagem (?:re)?encaminhada|doorgestuurd bericht|vidarebefordrat|videresendt/i;

const RULE = /^\s*[_-]{5,}\s*$/;
/** RFC 3676: two dashes and a space; the space gets lost on the way. */
const SIGNATURE = /^-- ?$/;
/** More or longer lines, or a question, are text that somebody set off with two dashes. */
const SIGNATURE_LINES = 8;
const SIGNATURE_LINE = 80;
const DEVICE =
  /^(?:Sent from (?:my|Mail|Outlook|Yahoo|Gmail|Samsung|the all-new) ?.{0,60}|Sent via .{2,60}|Get Outlook for .{2,60}|Von meinem .{2,40} gesendet|Gesendet (?:von|mit|über) .{2,60}|Outlook für (?:iOS|Android) .{0,60}|Envoyé (?:de mon|depuis|à partir de) .{2,60}|(?:Télécharger|Obtenir) Outlook pour .{2,60}|Enviado (?:desde|do meu) .{2,60}|Obtener Outlook para .{2,60}|Inviato da .{2,60}|Ver(?:zonden|stuurd) vanaf .{2,60})$/i;

/**
 * The body as it is where it is forwarded, where answers stand between its quotes, where the writer
 * points to the quote, and where too little would be left. Takes time in proportion to the length.
 */
export function cutQuotes(subject: string, body: string): string {
  if (isForwarded(subject, body)) return body;
  const lines = body.split('\n');
  const own = withoutQuotes(lines);
  const left = (own ?? lines.slice(0, endOfText(lines))).join('\n').trim();
  if (own !== null && POINTS_BELOW.test(left)) return body;
  return isTooLittle(left, body) ? body : left;
}

/** Whether the writer means the mail below his own words: then nothing of it is a mere quote. */
function isForwarded(subject: string, body: string): boolean {
  return FORWARDED.test(subject) || FORWARD_MARK.test(body);
}

/** Null where there are none, or where they can't be told from the answers. */
function withoutQuotes(lines: readonly string[]): string[] | null {
  const own: string[] = [];
  let quotes = 0;
  for (let at = 0; at < lines.length;) {
    const header = quoteHeader(lines, at);
    // A second one without a header of its own: what stands before it is an answer to the first.
    if (quotes > 0 && isQuoted(lines[at])) return null;
    if (header === 0) {
      own.push(lines[at] ?? '');
      at += 1;
      continue;
    }
    quotes += 1;
    own.length = endOfText(own);
    at = endOfQuote(lines, at, header);
  }
  own.length = endOfText(own);
  return quotes > 0 ? own : null;
}

/** Of the lines with a `>`; of a quote without any, the end of all. */
function endOfQuote(lines: readonly string[], at: number, header: number): number {
  let end = isQuoted(lines[at]) ? at + header : lines.length;
  for (let next = at + header; next < lines.length; next++) {
    if (isQuoted(lines[next])) end = next + 1;
    else if (lines[next]?.trim() !== '') break;
  }
  return end;
}

/** How many lines there are before blank ones, rules, a device's line and a signature. */
function endOfText(lines: readonly string[]): number {
  const end = beforeDevice(lines, lines.length);
  const most = Math.max(0, end - 2 * SIGNATURE_LINES);
  const start = lines.slice(most, end).findLastIndex((line) => SIGNATURE.test(line));
  if (start < 0) return end;
  const signature = lines.slice(most + start + 1, end).filter((line) => line.trim() !== '');
  const isOne =
    signature.length <= SIGNATURE_LINES &&
    signature.every((line) => line.length <= SIGNATURE_LINE && !/[?!]\s*$/.test(line));
  return isOne ? beforeDevice(lines, most + start) : end;
}

function beforeDevice(lines: readonly string[], end: number): number {
  const last = lastLine(lines, end);
  return DEVICE.test(lines[last]?.trim() ?? '') ? lastLine(lines, last) + 1 : last + 1;
}

/** The last line before `end` that says something; -1 if none does. */
function lastLine(lines: readonly string[], end: number): number {
  let last = end - 1;
  while (last >= 0 && (lines[last]?.trim() === '' || RULE.test(lines[last] ?? ''))) last -= 1;
  return last;
}

function isTooLittle(left: string, body: string): boolean {
  const letters = left.match(/[\p{L}\p{N}]/gu)?.length ?? 0;
  return letters < LEAST_LETTERS || left.length < body.length * LEAST_SHARE;
}

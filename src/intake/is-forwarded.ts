/** As Outlook and the others put it before a subject, also behind a `Re:` or a ticket's number. */
const SUBJECT = /(?:^|[\s\]:])(?:fwd?|wg|tr|rv|enc|doorst|vb|vs)\s?:/i;

/** The line that mail programs put above what is forwarded, and how people say it themselves. */
const MARK =
  /\bforward(?:ed|ing) (?:this|the|you|an? )?\s?(?:e-?mail|message|mail|it|below)|forwarded message|weitergeleitete[nr]? (?:nachricht|e-?mail|mail)|message (?:transféré|réexpédié|transmis)|mensaje reenviado|messaggio inoltrato|mensagem (?:re)?encaminhada|doorgestuurd bericht|vidarebefordrat|videresendt/i;

/** Whether the writer means the mail below his own words: then nothing of it is a mere quote. */
export function isForwarded(subject: string, body: string): boolean {
  return SUBJECT.test(subject) || MARK.test(body);
}

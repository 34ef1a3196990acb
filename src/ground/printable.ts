// Text of files, servers and playbooks in; what a terminal may be given of it out.

const BREAKS = /\r\n|[\t\n\v\f\r\u0085\u2028\u2029]/g;
/** They move the cursor, paint, name the window, or turn letters round. */
const COMMANDS = /[\p{Cc}\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069]/gu;

/** One line, whatever the text holds. */
export function printable(text: string): string {
  return text.replace(BREAKS, ' ').replace(COMMANDS, '');
}

/** Lines, each of them one: what is to be several must be given as such. */
export function printed(...lines: readonly string[]): string {
  return lines.map((line) => `${printable(line)}\n`).join('');
}

/** The same JSON to a program, and harmless to a terminal. */
export function printedJson(value: unknown): string {
  const text = JSON.stringify(value, null, 2).replace(
    /[\u007F-\u009F\u061C\u200E\u200F\u2028-\u202E\u2066-\u2069]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  return `${text}\n`;
}

import { printable } from './printable.ts';

/** A word as it must be typed in a POSIX shell; of what can't be shown, by its number. */
export function shellWord(word: string): string {
  if (/^[\w@%+=:,./-]+$/.test(word)) return word;
  if (printable(word) === word) return `'${word.replaceAll("'", `'\\''`)}'`;
  const shown = word.replace(/./gsu, (character) => {
    if (character === "'" || character === '\\') return `\\${character}`;
    if (character === printable(character)) return character;
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
  return `$'${shown}'`;
}

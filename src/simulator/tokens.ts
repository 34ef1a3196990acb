/** Tokens of a text of so many UTF-8 bytes: four bytes are one, a started one counts whole. */
export function countTokens(bytes: number, density: 10 | 13): number {
  return Math.ceil((bytes * density) / 40);
}

export function tokensOf(text: string, density: 10 | 13): number {
  return countTokens(Buffer.byteLength(text), density);
}

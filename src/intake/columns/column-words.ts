// A column's name or dotted path → its words, without case, accents and signs.

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

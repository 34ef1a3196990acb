/** Text in an encoding that Node only decodes, by trying all its bytes. */
export function encode(label: string, text: string): Buffer {
  const known = tables.get(label) ?? tableOf(label);
  tables.set(label, known);
  return Buffer.concat(
    Array.from(text, (sign) => {
      const bytes = known.get(sign);
      if (!bytes) throw new Error(`${label} has no ${sign}`);
      return bytes;
    }),
  );
}

const tables = new Map<string, Map<string, Buffer>>();

function tableOf(label: string): Map<string, Buffer> {
  const table = new Map<string, Buffer>();
  const tryBytes = (...bytes: number[]) => {
    try {
      // Asked for a whole text at once, Node's decoder spoils € and ’ of Windows-1252.
      const decoder = new TextDecoder(label, { fatal: true });
      const sign = decoder.decode(Buffer.from(bytes), { stream: true });
      if (Array.from(sign).length === 1 && !table.has(sign)) table.set(sign, Buffer.from(bytes));
    } catch {
      // None of its characters.
    }
  };
  for (let first = 0; first < 256; first++) tryBytes(first);
  if (table.size > 200) return table;
  for (let first = 0x81; first < 255; first++) {
    for (let second = 0x40; second < 255; second++) tryBytes(first, second);
  }
  return table;
}

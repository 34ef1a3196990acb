// Raw bytes, perhaps compressed, in whatever encoding → bytes of UTF-8.
import { Readable } from 'node:stream';
import { TextDecoder } from 'node:util';
import { createGunzip } from 'node:zlib';
import { failures } from '../ground/errors.ts';
import { readHead } from './head.ts';
import { refuseOtherFormats } from './other-formats.ts';
import type { Source } from './source.ts';

export interface Decoded {
  chunks: AsyncIterable<Buffer>;
  /** Bytes of UTF-8 for each byte of the source, so far. */
  ratio: () => number;
}

/** A byte order mark, or a magic number. */
const MARK_BYTES = 4;

/**
 * @param encoding a label such as `windows-1252`; null: UTF-16 by its mark, else UTF-8
 * @throws Failure if these are no text of tickets, or the label is not known
 */
export async function decode(source: Source, encoding: string | null): Promise<Decoded> {
  const count = { raw: 0, text: 0 };
  const raw = await readHead(counted(source.chunks, count, 'raw'), hasMark);
  const isGzip = raw.head[0] === 0x1f && raw.head[1] === 0x8b;
  const whole = isGzip ? await readHead(unzipped(source.name, raw.chunks), hasMark) : raw;
  refuseOtherFormats(source.name, whole.head, encoding);
  const label = encoding ?? markedEncoding(whole.head);
  const text = label === null ? whole.chunks : transcoded(whole.chunks, decoderFor(label));
  return {
    chunks: counted(text, count, 'text'),
    ratio: () => (count.raw > 0 && count.text > 0 ? count.text / count.raw : 1),
  };
}

function hasMark(head: Buffer): boolean {
  return head.length >= MARK_BYTES;
}

async function* counted(
  chunks: AsyncIterable<Buffer>,
  count: { raw: number; text: number },
  which: 'raw' | 'text',
): AsyncGenerator<Buffer> {
  for await (const chunk of chunks) {
    count[which] += chunk.length;
    yield chunk;
  }
}

async function* unzipped(name: string, chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const source = Readable.from(chunks);
  const gunzip = source.pipe(createGunzip());
  source.on('error', (error) => gunzip.destroy(error));
  try {
    yield* gunzip;
  } catch (error) {
    if (!(error instanceof Error) || !('code' in error) || !String(error.code).startsWith('Z_')) {
      throw error;
    }
    throw failures.inputFormat(
      name,
      `is a damaged or cut-off gzip file (${error.message}).`,
      'Fetch it again; rows before the damage are written.',
    );
  }
}

/** The mark itself stays, as that of UTF-8. */
function markedEncoding(head: Buffer): string | null {
  if (head[0] === 0xff && head[1] === 0xfe) return 'utf-16le';
  return head[0] === 0xfe && head[1] === 0xff ? 'utf-16be' : null;
}

function decoderFor(label: string): TextDecoder {
  try {
    return new TextDecoder(label, { ignoreBOM: true });
  } catch {
    throw failures.usage(
      `--encoding ${label}: there is no such encoding.`,
      'Known are utf-8, utf-16le, windows-1252, iso-8859-15, shift_jis and the others of the WHATWG standard.',
    );
  }
}

/** Chunk by chunk: asked for a whole text at once, Node's decoder spoils € and ’ of Windows-1252. */
async function* transcoded(
  chunks: AsyncIterable<Buffer>,
  decoder: TextDecoder,
): AsyncGenerator<Buffer> {
  for await (const chunk of chunks) {
    const text = decoder.decode(chunk, { stream: true });
    if (text) yield Buffer.from(text);
  }
  const rest = decoder.decode();
  if (rest) yield Buffer.from(rest);
}

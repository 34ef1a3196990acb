// Raw bytes, perhaps compressed, in whatever encoding → bytes of UTF-8, and none where they are damaged.
import { Readable } from 'node:stream';
import { TextDecoder } from 'node:util';
import { createGunzip } from 'node:zlib';
import { failures } from '../ground/errors.ts';
import { readHead } from './head.ts';
import { refuseOtherFormats } from './other-formats.ts';
import type { Source } from './source.ts';

export interface Decoded {
  /** As given, or by its mark; null: UTF-8. */
  encoding: string | null;
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
  const decoder = label === null ? null : decoderFor(label);
  const isUtf8 = decoder === null || decoder.encoding === 'utf-8';
  const text = isUtf8 ? whole.chunks : transcoded(whole.chunks, decoder);
  return {
    encoding: label,
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

/** No byte of UTF-8: marks, in what was another encoding, bytes that are none of it. */
const DAMAGE = Buffer.from([0xff]);

/** Encodings that have the sign which stands for damage among their own, and its bytes. */
const OWN_SIGN: Record<string, Buffer> = {
  'utf-16le': Buffer.from([0xfd, 0xff]),
  'utf-16be': Buffer.from([0xff, 0xfd]),
  gb18030: Buffer.from([0x84, 0x31, 0xa4, 0x37]),
};

/** Chunk by chunk: asked for a whole text at once, Node's decoder spoils € and ’ of Windows-1252. */
async function* transcoded(
  chunks: AsyncIterable<Buffer>,
  decoder: TextDecoder,
): AsyncGenerator<Buffer> {
  const ownSign = OWN_SIGN[decoder.encoding];
  for await (const chunk of chunks) {
    const text = decoder.decode(chunk, { stream: true });
    const isOwn = ownSign !== undefined && chunk.includes(ownSign);
    if (text) yield isOwn ? Buffer.from(text) : withDamage(text);
  }
  const rest = decoder.decode();
  if (rest) yield withDamage(rest);
}

function withDamage(text: string): Buffer {
  if (!text.includes('\uFFFD')) return Buffer.from(text);
  const parts = text.split('\uFFFD').flatMap((part) => [DAMAGE, Buffer.from(part)]);
  return Buffer.concat(parts.slice(1));
}

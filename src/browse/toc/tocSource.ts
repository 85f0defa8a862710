import { matchesDigest } from '../../oci/contentDigest.ts';
import { promisify } from 'node:util';
import { gunzip, zstdDecompress } from 'node:zlib';
import { TarReader } from '../../layers/tar/tarReader.ts';
import type { Descriptor } from '../../oci/descriptor.ts';
import { isDigest, type Digest } from '../../oci/digest.ts';
import type { TocFormat } from './toc.ts';

/** Bytes [start, end) of a blob; `undefined` where parts of it cannot be had. */
export type ReadRange = (start: number, end: number, signal: AbortSignal) => Promise<Uint8Array | undefined>;

/** A table of contents as it was in the blob, verified by the digest that the image's manifest has for it. */
export interface FoundToc {
  readonly format: TocFormat;
  readonly text: Buffer;
  /** Offset in the blob behind the last content. */
  readonly end: number;
}

const FOOTER = 51;
/** Compressed, and unpacked: a million files. */
const MAX_TOC = 128 << 20;
const MAX_TEXT = 1 << 30;

/**
 * Fetches a layer's own table of contents by one or two ranges. Only one whose digest is in the manifest's annotations is taken: any other would be the word of whoever
 * sends the bytes. `undefined` when there is none, or it is not what it should be: the layer is read as a whole then, and verified as a whole.
 */
export async function findToc(
  layer: Descriptor,
  readRange: ReadRange,
  signal: AbortSignal,
): Promise<FoundToc | undefined> {
  const { annotations = {}, size } = layer;
  try {
    const prefix = PREFIXES.find(name => annotations[`${name}.manifest-position`] !== undefined);
    const checksum = annotations[`${prefix}.manifest-checksum`];
    // First, for the tool of eStargz gives its own annotation to zstd:chunked, too.
    if (prefix !== undefined && isDigest(checksum))
      return await zstdToc(annotations[`${prefix}.manifest-position`] ?? '', checksum, readRange, signal);
    const estargz = annotations['containerd.io/snapshot/stargz/toc.digest'];
    if (!isDigest(estargz) || size <= FOOTER) return undefined;
    return await estargzToc(size, estargz, readRange, signal);
  } catch (error) {
    if (isOfZlib(error)) return undefined;
    throw error;
  }
}

const PREFIXES = ['io.github.containers.zstd-chunked', 'io.containers.zstd-chunked'];

async function estargzToc(
  size: number,
  digest: Digest,
  readRange: ReadRange,
  signal: AbortSignal,
): Promise<FoundToc | undefined> {
  const footer = await readRange(size - FOOTER, size, signal);
  // An empty gzip stream whose header has the field `SG`, 22 bytes long: the offset and a magic word.
  const match = /^SG..([0-9a-f]{16})STARGZ/s.exec(Buffer.from(footer ?? []).toString('latin1', 12));
  const end = Number.parseInt(match?.[1] ?? '', 16);
  if (!(end > 0 && end < size - FOOTER && size - end <= MAX_TOC)) return undefined;
  const packed = await readRange(end, size - FOOTER, signal);
  if (!packed) return undefined;
  const text = fileOfTar(await promisify(gunzip)(packed, { maxOutputLength: MAX_TEXT }), 'stargz.index.json');
  return text && matchesDigest(text, digest) ? { format: 'estargz', text, end } : undefined;
}

async function zstdToc(
  position: string,
  checksum: Digest,
  readRange: ReadRange,
  signal: AbortSignal,
): Promise<FoundToc | undefined> {
  const [offset = 0, length = 0, , type] = position.split(':').map(Number);
  if (!(Number.isSafeInteger(offset) && offset > 0 && length > 0 && length <= MAX_TOC && type === 1)) return undefined;
  const packed = await readRange(offset, offset + length, signal);
  if (!packed || !matchesDigest(packed, checksum)) return undefined;
  const text = await promisify(zstdDecompress)(packed, { maxOutputLength: MAX_TEXT });
  return { format: 'zstd:chunked', text, end: offset };
}

function fileOfTar(tar: Buffer, name: string): Buffer | undefined {
  const chunks: Buffer[] = [];
  let wanted = false;
  const reader = new TarReader({
    entry: ({ path }) => {
      wanted = path === name;
    },
    data: chunk => {
      if (wanted) chunks.push(Buffer.from(chunk));
    },
    endEntry: () => undefined,
  });
  reader.write(tar);
  return chunks.length > 0 ? Buffer.concat(chunks) : undefined;
}

/** What is compressed wrongly is no table; what the network says goes on to the caller. */
export function isOfZlib(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return /^(Z_|ZSTD_|ERR_BUFFER_TOO_LARGE|ERR_ZSTD)/.test(code);
}

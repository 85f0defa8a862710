import { matchesDigest } from '../../oci/contentDigest.ts';
import { promisify } from 'node:util';
import { gunzip, zstdDecompress } from 'node:zlib';
import { InvalidLayerError } from '../../layers/errors.ts';
import { TarReader } from '../../layers/tar/tarReader.ts';
import type { Descriptor } from '../../oci/descriptor.ts';
import { isDigest, type Digest } from '../../oci/digest.ts';
import type { TocFormat } from './toc.ts';

/** Reads the bytes [start, end) of a blob; `undefined` if its source has no ranges. */
export type ReadRange = (start: number, end: number, signal: AbortSignal) => Promise<Uint8Array | undefined>;

/** A table of contents as found in the blob, verified by the digest in the image's manifest. */
export interface FoundToc {
  readonly format: TocFormat;
  readonly text: Buffer;
  /** Blob offset after the last content. */
  readonly end: number;
}

const FOOTER = 51;
/** Bytes compressed and uncompressed, enough for a million files. */
const MAX_TOC = 128 << 20;
const MAX_TEXT = 1 << 30;

/**
 * Fetches a layer's own table of contents with one or two range requests. Accepts only one whose
 * digest is in the manifest's annotations. Returns `undefined` if there is no valid one.
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
    // First, since the eStargz converter adds its own annotation to zstd:chunked too.
    if (prefix !== undefined && isDigest(checksum))
      return await zstdToc(annotations[`${prefix}.manifest-position`] ?? '', size, checksum, readRange, signal);
    const estargz = annotations['containerd.io/snapshot/stargz/toc.digest'];
    if (!isDigest(estargz) || size <= FOOTER) return undefined;
    return await estargzToc(size, estargz, readRange, signal);
  } catch (error) {
    if (isOfZlib(error) || error instanceof InvalidLayerError) return undefined;
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
  // An empty gzip stream with the extra field `SG`: the offset and a magic word, 22 bytes.
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
  size: number,
  checksum: Digest,
  readRange: ReadRange,
  signal: AbortSignal,
): Promise<FoundToc | undefined> {
  const [offset = 0, length = 0, , type] = position.split(':').map(Number);
  const fits =
    Number.isInteger(offset) && Number.isInteger(length) && offset > 0 && length > 0 && offset + length <= size;
  if (!fits || length > MAX_TOC || type !== 1) return undefined;
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

/** Returns whether an error means damaged compressed data, as opposed to a failed request. */
export function isOfZlib(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return /^(Z_|ZSTD_|ERR_BUFFER_TOO_LARGE|ERR_ZSTD)/.test(code);
}

import { sniffCompression } from '../../layers/compression/decompress.ts';
import { InvalidLayerError, LimitExceededError, UnsupportedCompressionError } from '../../layers/errors.ts';
import type { UnpackLimits } from '../../layers/unpack/layerVisitor.ts';
import { TarReader } from '../../layers/tar/tarReader.ts';
import type { Descriptor } from '../../oci/descriptor.ts';
import { bareMediaType } from '../../oci/mediaTypes.ts';
import { ListingBuilder, listingEntry } from '../listing/listingBuilder.ts';
import type { ReadRange } from './tocSource.ts';

/** Smaller layers download as quickly. */
const SMALLEST = 4 << 20;
/** Bytes per request: after a hop, and where small files follow one another. */
const SHORT = 256 << 10;
const LONG = 1 << 20;
/** The cost of a request besides its bytes, as the bytes that could arrive in the same time. */
const REQUEST = 512 << 10;
/** Bytes after which hopping has to have paid off. */
const TRIAL = 32 << 20;

/**
 * Lists an uncompressed layer by hopping from header to header, and returns the listing's file.
 * Small files are read in windows, large ones are skipped. The result is unverified, since a part
 * of an archive has no digest. Returns `undefined` if this is not possible or costs more than half
 * the layer.
 * @throws {LimitExceededError}
 */
export async function hopTar(
  layer: Descriptor,
  limits: UnpackLimits,
  readRange: ReadRange,
  signal: AbortSignal,
): Promise<Buffer | undefined> {
  const { digest, size, mediaType } = layer;
  if (size < SMALLEST || size > limits.maxBytes || !bareMediaType(mediaType).endsWith('.tar')) return undefined;
  const builder = new ListingBuilder();
  try {
    const whole = await hop(builder, size, limits.maxEntries, readRange, signal);
    return whole ? builder.finish({ digest, kind: 'parts', verified: false }) : undefined;
  } catch (error) {
    // Reading and verifying the whole layer reports what is wrong.
    if (error instanceof InvalidLayerError || error instanceof UnsupportedCompressionError) return undefined;
    throw error;
  }
}

/** Returns false if hopping is not possible or does not pay off. */
async function hop(
  builder: ListingBuilder,
  size: number,
  maxEntries: number,
  readRange: ReadRange,
  signal: AbortSignal,
): Promise<boolean> {
  const reader = new TarReader({
    entry(entry) {
      if (builder.count >= maxEntries) throw new LimitExceededError('entries', maxEntries);
      builder.add(listingEntry(entry, reader.position));
    },
    data() {},
    endEntry() {},
  });
  const trial = Math.min(TRIAL, size / 8);
  let cost = 0;
  for (let window = SHORT; !reader.ended && reader.position < size;) {
    const start = reader.position;
    if (cost > trial && cost > start / 2) return false;
    const end = Math.min(size, start + window);
    const bytes = Buffer.from((await readRange(start, end, signal)) ?? []);
    if (bytes.length !== end - start || (start === 0 && sniffCompression(bytes) !== 'none')) return false;
    cost += bytes.length + REQUEST;
    reader.write(bytes);
    window = reader.ahead > 0 ? SHORT : Math.min(2 * window, LONG);
    reader.skip();
  }
  // An entry that reaches beyond the end means damage; `end` detects a header that is cut short.
  if (reader.position > size) return false;
  reader.end();
  return true;
}

import { sniffCompression } from '../../layers/compression/decompress.ts';
import { InvalidLayerError, LimitExceededError, UnsupportedCompressionError } from '../../layers/errors.ts';
import type { UnpackLimits } from '../../layers/unpack/layerVisitor.ts';
import { TarReader } from '../../layers/tar/tarReader.ts';
import type { Descriptor } from '../../oci/descriptor.ts';
import { bareMediaType } from '../../oci/mediaTypes.ts';
import { ListingBuilder } from '../listing/listingBuilder.ts';
import { listingEntry } from '../listing/layerListing.ts';
import type { ReadRange } from './tocSource.ts';

/** Smaller layers come whole as quickly. */
const SMALLEST = 4 << 20;
/** Bytes that are read at once: after a hop, and where one small file follows the other. */
const SHORT = 256 << 10;
const LONG = 1 << 20;
/** What a request costs beside its bytes: as many could have come in the time that it takes. */
const REQUEST = 512 << 10;
/** So much is tried before it is judged whether hopping pays. */
const TRIAL = 32 << 20;

/**
 * Lists an uncompressed layer by hopping from header to header: small files are read over in windows, the content of large ones is left out. Gives the listing file.
 * `undefined` where that cannot be done, or costs more than half of the layer: it is read as a whole then. Nothing of what is listed was verified, for a part of an archive has no digest.
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
    // What is no archive, or a damaged one, is told by who reads and verifies all of it.
    if (error instanceof InvalidLayerError || error instanceof UnsupportedCompressionError) return undefined;
    throw error;
  }
}

/** False where it does not pay or cannot be done. */
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
  // An entry that reaches beyond the end is damage, and so is a header that is cut.
  if (reader.position > size) return false;
  reader.end();
  return true;
}

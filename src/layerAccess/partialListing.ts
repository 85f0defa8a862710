import { hopTar } from '../browse/toc/tarHops.ts';
import { readZtoc } from '../browse/toc/ztoc.ts';
import { LimitExceededError } from '../layers/errors.ts';
import { InflateEngine } from '../layers/compression/inflate/engine.ts';
import { bareMediaType, isForeignLayer } from '../oci/mediaTypes.ts';
import type { BlobRanges } from './blobRanges.ts';
import type { BrowseRequest } from './layerPass.ts';
import type { LayerWork } from '../workers/layerWork.ts';

/** The listing of a layer that was not read as a whole. */
export interface PartialListing {
  readonly listing: Buffer;
  /** Of a layer with a SOCI index. */
  readonly spans?: Buffer;
  /** Whether a digest in the image's manifest covers it. */
  readonly verified: boolean;
}

/** Smaller layers download as quickly; SOCI's tools skip those below 10 MiB by default. */
const SMALLEST_WITH_SOCI = 4 << 20;

/**
 * Lists a layer without reading all of it: by the image's SOCI index, or by hopping through an
 * uncompressed archive. Returns `undefined` if neither works; after a failure too, since the pass
 * over the whole layer then reports what is wrong.
 * @throws {LimitExceededError}
 */
export async function partialListing(
  work: LayerWork,
  request: BrowseRequest,
  ranges: BlobRanges,
  signal: AbortSignal,
): Promise<PartialListing | undefined> {
  const { descriptor } = request.layer;
  if (isForeignLayer(descriptor.mediaType)) return undefined;
  try {
    const soci = await sociIndex(request, signal);
    if (soci && (soci.verified || !request.verifiedOnly)) return soci;
    if (request.verifiedOnly) return undefined;
    const listing = await hopTar(descriptor, request.limits, (...range) => ranges.read(...range), signal);
    return listing && { listing, verified: false };
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof LimitExceededError) throw error;
    work.logger.debug(
      `Layer ${descriptor.digest} is read as a whole, since reading parts of it failed: ${String(error)}`,
    );
    return undefined;
  }
}

async function sociIndex(request: BrowseRequest, signal: AbortSignal): Promise<PartialListing | undefined> {
  const { digest, size, mediaType } = request.layer.descriptor;
  const gzip = /[+.]gzip$/.test(bareMediaType(mediaType));
  if (!request.soci || !gzip || size < SMALLEST_WITH_SOCI || !InflateEngine.load()) return undefined;
  const found = await request.soci.ztoc(digest, signal);
  if (!found) return undefined;
  const { verified } = found;
  const files = readZtoc(Buffer.from(found.bytes), { digest, size, limits: request.limits, verified });
  return files && { ...files, verified };
}

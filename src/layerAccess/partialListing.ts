import { hopTar } from '../browse/toc/tarHops.ts';
import { readZtoc } from '../browse/toc/ztoc.ts';
import { LimitExceededError } from '../layers/errors.ts';
import { InflateEngine } from '../layers/compression/inflate/engine.ts';
import { bareMediaType, isForeignLayer } from '../oci/mediaTypes.ts';
import type { BlobRanges } from './blobRanges.ts';
import type { BrowseRequest } from './layerPass.ts';
import type { LayerWork } from '../workers/layerWork.ts';

/** An listing of a layer that was not read as a whole. */
export interface PartialListing {
  readonly listing: Buffer;
  /** Of a layer with a SOCI index. */
  readonly spans?: Buffer;
  /** The image's manifest vouches for it. */
  readonly verified: boolean;
}

/** Smaller layers are read whole as quickly; the tools of SOCI leave those below 10 MiB out by default. */
const SMALLEST_WITH_SOCI = 4 << 20;

/**
 * Lists a layer without reading all of it: by the image's SOCI index, or by hopping through an archive that is not compressed. `undefined` where neither can be done; a failure on the way is
 * none, for the pass that comes then tells what is wrong.
 * @throws {LimitExceededError}
 */
export async function partialListing(
  puller: LayerWork,
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
    puller.logger.debug(
      `Layer ${descriptor.digest} is read as a whole, for reading parts of it failed: ${String(error)}`,
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

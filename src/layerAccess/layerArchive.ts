import { LayerListing } from '../browse/listing/layerListing.ts';
import type { Compression } from '../oci/compression.ts';
import { ListingLostError } from './openLayer.ts';
import { downloadedBlob, layerCachePaths, runPass, type BrowseRequest, type LayerCachePaths } from './layerPass.ts';
import type { LayerWork } from '../workers/layerWork.ts';

/** A layer's whole archive, as it lies on the disk. */
export interface LayerArchive {
  /** The file of its blob. */
  readonly blob: string;
  readonly compression: Compression;
  /** The file of its restart points; it may be missing. */
  readonly restartPoints: string;
  /** Where in the archive each file's content lies, with a checksum of it. */
  readonly listing: LayerListing;
}

/**
 * Makes all of a layer readable at once: brings its blob into the cache, and reads through it where nobody has done so yet, even where files could be fetched one by one. @throws what a layer job throws
 */
export async function layerArchive(
  puller: LayerWork,
  request: BrowseRequest,
  signal: AbortSignal,
): Promise<LayerArchive> {
  const listing = await archiveListing(puller, request, signal);
  const { digest, kind } = listing.facts;
  if (kind !== 'gzip' && kind !== 'zstd' && kind !== 'none') throw new ListingLostError(digest);
  const { restartPoints } = layerCachePaths(puller.store, digest);
  return { blob: await downloadedBlob(puller, request, signal), compression: kind, restartPoints, listing };
}

/** What a layer's whole archive holds, with a checksum of each file's content: as it is cached, else by one pass over the blob. @throws what a layer job throws */
export async function archiveListing(
  puller: LayerWork,
  request: BrowseRequest,
  signal: AbortSignal,
): Promise<LayerListing> {
  const { digest } = request.layer.descriptor;
  const paths = layerCachePaths(puller.store, digest);
  const cached = await LayerListing.open(paths.listing, digest);
  // A table of contents, from which files are fetched one by one, is cached for the next look at a single file.
  const archive: LayerCachePaths =
    cached?.facts.kind === 'toc' ? { ...paths, listing: `${paths.listing}.archive` } : paths;
  let listing = archive === paths ? cached : await LayerListing.open(archive.listing, digest);
  if (!listing?.checksums) {
    await runPass(puller, request, signal, archive);
    listing = await LayerListing.open(archive.listing, digest);
  }
  if (!listing?.checksums) throw new ListingLostError(digest);
  return listing;
}

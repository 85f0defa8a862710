import { LayerListing } from '../browse/listing/layerListing.ts';
import type { LayerArchive } from '../browse/pieces/layerPieces.ts';
import { ListingLostError } from './openLayer.ts';
import { downloadedBlob, layerCachePaths, readBlob, type BrowseRequest, type LayerCachePaths } from './layerPass.ts';
import type { LayerWork } from '../workers/layerWork.ts';

/** Makes a whole layer readable, even one whose files could be fetched one by one. */
export async function layerArchive(
  work: LayerWork,
  request: BrowseRequest,
  signal: AbortSignal,
): Promise<LayerArchive> {
  const listing = await archiveListing(work, request, signal);
  const { digest, kind } = listing.facts;
  if (kind !== 'gzip' && kind !== 'zstd' && kind !== 'none') throw new ListingLostError(digest);
  const { restartPoints } = layerCachePaths(work.store, digest);
  return { blob: await downloadedBlob(work, request, signal), compression: kind, restartPoints, listing };
}

/** Returns a listing with checksums, cached or made by a pass over the blob. */
export async function archiveListing(
  work: LayerWork,
  request: BrowseRequest,
  signal: AbortSignal,
): Promise<LayerListing> {
  const { digest } = request.layer.descriptor;
  const paths = layerCachePaths(work.store, digest);
  const cached = await LayerListing.open(paths.listing, digest);
  // Keep a listing made from a table of contents: it is what single files are read through.
  const archive: LayerCachePaths =
    cached?.facts.kind === 'toc' ? { ...paths, listing: `${paths.listing}.archive` } : paths;
  let listing = archive === paths ? cached : await LayerListing.open(archive.listing, digest);
  if (!listing?.checksums) {
    await readBlob(work, request, signal, archive);
    listing = await LayerListing.open(archive.listing, digest);
  }
  if (!listing?.checksums) throw new ListingLostError(digest);
  return listing;
}

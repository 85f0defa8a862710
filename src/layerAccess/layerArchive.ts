import { LayerIndex } from '../browse/listing/layerListing.ts';
import type { Compression } from '../oci/compression.ts';
import { IndexLostError } from './openLayer.ts';
import { fetchedBlob, indexPaths, runPass, type BrowseRequest, type IndexPaths } from './layerPass.ts';
import type { Puller } from '../workers/puller.ts';

/** A layer's whole archive, as it lies on the disk. */
export interface LayerArchive {
  /** The file of its blob. */
  readonly blob: string;
  readonly compression: Compression;
  /** The file of its restart points; it may be missing. */
  readonly points: string;
  /** Where in the archive each file's content lies, with a checksum of it. */
  readonly index: LayerIndex;
}

/**
 * Makes all of a layer readable at once: brings its blob into the cache, and reads through it where nobody has done so yet, even where files could be fetched one by one. @throws what a layer job throws
 */
export async function layerArchive(puller: Puller, request: BrowseRequest, signal: AbortSignal): Promise<LayerArchive> {
  const index = await archiveIndex(puller, request, signal);
  const { digest, kind } = index.facts;
  if (kind !== 'gzip' && kind !== 'zstd' && kind !== 'none') throw new IndexLostError(digest);
  const { points } = indexPaths(puller.store, digest);
  return { blob: await fetchedBlob(puller, request, signal), compression: kind, points, index };
}

/** What a layer's whole archive holds, with a checksum of each file's content: as it is kept, else by one pass over the blob. @throws what a layer job throws */
export async function archiveIndex(puller: Puller, request: BrowseRequest, signal: AbortSignal): Promise<LayerIndex> {
  const { digest } = request.layer.descriptor;
  const paths = indexPaths(puller.store, digest);
  const kept = await LayerIndex.open(paths.index, digest);
  // A table of contents, from which files are fetched one by one, is kept for the next look at a single file.
  const archive: IndexPaths = kept?.facts.kind === 'toc' ? { ...paths, index: `${paths.index}.archive` } : paths;
  let index = archive === paths ? kept : await LayerIndex.open(archive.index, digest);
  if (!index?.checksums) {
    await runPass(puller, request, signal, archive);
    index = await LayerIndex.open(archive.index, digest);
  }
  if (!index?.checksums) throw new IndexLostError(digest);
  return index;
}

import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { BlobStore } from '../blobs/store.ts';
import type { UnpackLimits } from '../layers/unpack/unpack.ts';
import type { BlobSource } from '../oci/byteSource.ts';
import { digestAlgorithm, digestHex, type Digest } from '../oci/digest.ts';
import type { Layer } from '../oci/layer.ts';
import type { LayerProgress } from '../workers/layerJob.ts';
import { fetchLayer, type LayerWork } from '../workers/layerWork.ts';
import type { Origin } from '../registry/origin.ts';
import type { SociIndexes } from '../resolve/sociIndexes.ts';

/** A layer to open, where to get it, and how much it may hold. */
export interface BrowseRequest {
  readonly layer: Pick<Layer, 'descriptor' | 'diffId'>;
  readonly repository: string;
  /** Source of ranges of the layer. */
  readonly blobs: () => Promise<BlobSource>;
  readonly origin: () => Promise<Origin>;
  readonly limits: UnpackLimits;
  /** Of the layer's image; if absent, no SOCI index is looked for. */
  readonly soci?: SociIndexes;
  /** Reads the layer as a whole rather than accept an unverified listing. */
  readonly verifiedOnly?: boolean;
  readonly onProgress: (progress: LayerProgress) => void;
  /** Whether progress includes the entries found. */
  readonly followed?: boolean;
}

/** Files cached for a layer that was browsed. */
export interface LayerCachePaths {
  readonly toc: string;
  readonly listing: string;
  readonly restartPoints: string;
  readonly copy: string;
  readonly spans: string;
}

/** Returns paths next to the blobs, so that cleaning the cache removes them too. */
export function layerCachePaths(store: BlobStore, digest: Digest): LayerCachePaths {
  return pathsOf(join(store.root, 'indexes', digestAlgorithm(digest), digestHex(digest)));
}

/**
 * Returns paths for unverified listings. They are separate for each repository, so that one
 * registry cannot make up the layers of another.
 */
export async function unverifiedPaths(store: BlobStore, request: BrowseRequest): Promise<LayerCachePaths> {
  const { registry } = await request.origin();
  const { digest } = request.layer.descriptor;
  const place = createHash('sha256')
    .update(JSON.stringify([registry.url, request.repository]))
    .digest('hex');
  const folder = join(store.root, 'indexes', 'unverified', place.slice(0, 32));
  return pathsOf(join(folder, digestAlgorithm(digest), digestHex(digest)));
}

function pathsOf(stem: string): LayerCachePaths {
  return {
    toc: `${stem}.toc`,
    listing: `${stem}.index`,
    restartPoints: `${stem}.points`,
    copy: `${stem}.copy`,
    spans: `${stem}.spans`,
  };
}

/** Downloads the blob unless it is cached, and returns its path. */
export async function downloadedBlob(work: LayerWork, request: BrowseRequest, signal: AbortSignal): Promise<string> {
  const { digest, size } = request.layer.descriptor;
  if (!(await work.store.has(digest, size))) await readBlob(work, request, signal);
  return work.store.path(digest);
}

/** Reads the blob once and lists it; without `paths` it is only downloaded. */
export async function readBlob(
  work: LayerWork,
  request: BrowseRequest,
  signal: AbortSignal,
  paths?: LayerCachePaths,
): Promise<void> {
  const { layer, repository, limits, onProgress, followed = false } = request;
  const listing = paths && {
    path: paths.listing,
    pointsPath: paths.restartPoints,
    copyPath: paths.copy,
    limits,
    followed,
    diffId: layer.diffId,
  };
  const origin = await request.origin();
  await fetchLayer(work, { layer, repository, origin, listing, onProgress, signal });
}

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

/** Where a layer is to be had, and how much it may hold. */
export interface BrowseRequest {
  readonly layer: Pick<Layer, 'descriptor' | 'diffId'>;
  readonly repository: string;
  /** Where parts of the layer can be had. */
  readonly blobs: () => Promise<BlobSource>;
  readonly origin: () => Promise<Origin>;
  readonly limits: UnpackLimits;
  /** Of the image whose layer it is; absent: no SOCI index is looked for. */
  readonly soci?: SociIndexes;
  /** Takes no listing that nothing vouches for: such a layer is read as a whole. */
  readonly verifiedOnly?: boolean;
  readonly onProgress: (progress: LayerProgress) => void;
  /** The progress is also to tell what is found. */
  readonly followed?: boolean;
}

/** The files that are cached of a layer that was browsed. */
export interface LayerCachePaths {
  readonly toc: string;
  readonly listing: string;
  readonly restartPoints: string;
  readonly copy: string;
  readonly spans: string;
}

/** Beside the blobs, so that cleaning the cache takes them too. */
export function layerCachePaths(store: BlobStore, digest: Digest): LayerCachePaths {
  return pathsOf(join(store.root, 'indexes', digestAlgorithm(digest), digestHex(digest)));
}

/** Of what nothing vouches for: it is cached for each place that it came from by itself, so that one registry cannot tell what is in the layers of another. */
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

/** Brings the blob into the cache, if it is there no more, and tells where it lies. */
export async function downloadedBlob(puller: LayerWork, request: BrowseRequest, signal: AbortSignal): Promise<string> {
  const { digest, size } = request.layer.descriptor;
  if (!(await puller.store.has(digest, size))) await runPass(puller, request, signal);
  return puller.store.path(digest);
}

/** One pass over the blob. Without `paths` it is only brought into the cache. */
export async function runPass(
  puller: LayerWork,
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
  await fetchLayer(puller, { layer, repository, origin, listing, onProgress, signal });
}

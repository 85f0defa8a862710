import { BlobLayer } from '../browse/sources/blobLayer.ts';
import type { LayerFiles } from '../browse/sources/layerFiles.ts';
import { LayerListing } from '../browse/listing/layerListing.ts';
import { PartsLayer } from '../browse/sources/partsLayer.ts';
import { RestartPoints } from '../browse/formats/restartPoints.ts';
import { SpanLayer } from '../browse/sources/spanLayer.ts';
import { ZstdRestartPoints } from '../browse/formats/zstdRestartPoints.ts';
import { Spans } from '../browse/formats/spans.ts';
import { writeWholeFile } from '../blobs/wholeFile.ts';
import { InflateEngine } from '../layers/compression/inflate/engine.ts';
import type { Digest } from '../oci/digest.ts';
import { BlobRanges } from './blobRanges.ts';
import { partialListing } from './partialListing.ts';
import { CachedToc } from './cachedToc.ts';
import {
  unverifiedPaths,
  downloadedBlob,
  layerCachePaths,
  runPass,
  type BrowseRequest,
  type LayerCachePaths,
} from './layerPass.ts';
import type { LayerWork } from '../workers/layerWork.ts';

/**
 * Opens one layer for browsing, the cheapest way first: by the index that was cached when it was opened before, without any request; by the layer's own table of contents; by a SOCI index; by the
 * headers of a plain archive, of which files are then fetched one by one; else by one pass over its blob in a thread, which verifies it and keeps blob and listing. What the listing says of itself by
 * `verified` tells whether the image's digest vouches for it. @throws what a layer job throws
 */
export async function openLayer(puller: LayerWork, request: BrowseRequest, signal: AbortSignal): Promise<LayerFiles> {
  return await new LayerOpener(puller, request).open(signal);
}

/** The listing was written and could not be read again. */
export class ListingLostError extends Error {
  constructor(digest: Digest) {
    super(
      `The listing of layer ${digest} was made, but cannot be read. Another program may have emptied the cache; try again.`,
    );
    this.name = 'ListingLostError';
  }
}

class LayerOpener {
  readonly #puller: LayerWork;
  readonly #request: BrowseRequest;
  readonly #paths: LayerCachePaths;
  readonly #ranges: BlobRanges;
  readonly #tocs: CachedToc;

  constructor(puller: LayerWork, request: BrowseRequest) {
    this.#puller = puller;
    this.#request = request;
    this.#paths = layerCachePaths(puller.store, request.layer.descriptor.digest);
    this.#ranges = new BlobRanges(puller, request);
    this.#tocs = new CachedToc(this.#ranges, request, this.#paths.toc);
  }

  async open(signal: AbortSignal): Promise<LayerFiles> {
    const cached = await this.#cached();
    if (cached) return cached;
    if (!(await this.#listPartially(signal))) return await this.#whole(signal);
    return (await this.#cached()) ?? (await this.#whole(signal));
  }

  async #cached(): Promise<LayerFiles | undefined> {
    const verified = await this.#read(this.#paths);
    // A blob that is there costs nothing to be read and verified.
    if (verified || this.#request.verifiedOnly || (await this.#hasBlob())) return verified;
    return this.#read(await unverifiedPaths(this.#puller.store, this.#request));
  }

  async #read(paths: LayerCachePaths): Promise<LayerFiles | undefined> {
    const listing = await LayerListing.open(paths.listing, this.#request.layer.descriptor.digest);
    return listing && (await this.#layer(listing, paths));
  }

  /** `undefined` where a file that belongs to the listing is lost: all is made anew then. */
  async #layer(listing: LayerListing, paths: LayerCachePaths): Promise<LayerFiles | undefined> {
    const readRange: BlobRanges['readOrDownload'] = (start, end, signal) =>
      this.#ranges.readOrDownload(start, end, signal);
    const { kind } = listing.facts;
    if (kind === 'toc') return await this.#tocs.layer(listing);
    if (kind === 'parts') return new PartsLayer(listing, readRange);
    if (kind === 'soci') {
      const spans = await Spans.read(paths.spans);
      const engine = InflateEngine.load();
      return (
        spans && engine && new SpanLayer({ listing, spans, readRange, engine, whole: signal => this.#whole(signal) })
      );
    }
    return new BlobLayer({
      listing,
      blob: signal => downloadedBlob(this.#puller, this.#request, signal),
      restartPoints: () => RestartPoints.read(paths.restartPoints),
      frames: () => ZstdRestartPoints.read(paths.restartPoints, paths.copy),
    });
  }

  async #whole(signal: AbortSignal): Promise<LayerFiles> {
    await runPass(this.#puller, this.#request, signal, this.#paths);
    const made = await this.#read(this.#paths);
    if (!made) throw new ListingLostError(this.#request.layer.descriptor.digest);
    return made;
  }

  /** False where there is no cheaper way than to read all of it. */
  async #listPartially(signal: AbortSignal): Promise<boolean> {
    const toc = await this.#tocs.makeListing(signal);
    if (toc) await writeWholeFile(this.#paths.listing, toc);
    if (toc || (await this.#hasBlob())) return toc !== undefined;
    const cheap = await partialListing(this.#puller, this.#request, this.#ranges, signal);
    if (!cheap) return false;
    const paths = cheap.verified ? this.#paths : await unverifiedPaths(this.#puller.store, this.#request);
    if (cheap.spans) await writeWholeFile(paths.spans, cheap.spans);
    await writeWholeFile(paths.listing, cheap.listing);
    return true;
  }

  #hasBlob(): Promise<boolean> {
    const { digest, size } = this.#request.layer.descriptor;
    return this.#puller.store.has(digest, size);
  }
}

import { BlobLayer } from '../browse/sources/blobLayer.ts';
import type { LayerFiles } from '../browse/sources/layerFiles.ts';
import { LayerListing } from '../browse/listing/layerListing.ts';
import { PartsLayer } from '../browse/sources/partsLayer.ts';
import { RestartPoints } from '../browse/formats/restartPoints.ts';
import { SpanLayer } from '../browse/sources/spanLayer.ts';
import { ZstdRestartPoints } from '../browse/formats/zstdRestartPoints.ts';
import { readSpans } from '../browse/formats/spans.ts';
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
  readBlob,
  type BrowseRequest,
  type LayerCachePaths,
} from './layerPass.ts';
import type { LayerWork } from '../workers/layerWork.ts';

/**
 * Opens one layer for browsing in the cheapest way: by its cached listing, without any request; by
 * its own table of contents; by a SOCI index; by the headers of an uncompressed archive; or by a
 * pass over its blob in a worker, which verifies and caches it. `facts.verified` of the listing
 * says whether the image's digest covers it. @throws what a layer job throws
 */
export async function openLayer(work: LayerWork, request: BrowseRequest, signal: AbortSignal): Promise<LayerFiles> {
  return await new LayerOpener(work, request).open(signal);
}

/** A listing was written but could not be read back. */
export class ListingLostError extends Error {
  constructor(digest: Digest) {
    super(
      `The file list of layer ${digest} could not be read from the cache. Another program may have emptied it. Try again.`,
    );
    this.name = 'ListingLostError';
  }
}

class LayerOpener {
  readonly #work: LayerWork;
  readonly #request: BrowseRequest;
  readonly #paths: LayerCachePaths;
  readonly #ranges: BlobRanges;
  readonly #tocs: CachedToc;

  constructor(work: LayerWork, request: BrowseRequest) {
    this.#work = work;
    this.#request = request;
    this.#paths = layerCachePaths(work.store, request.layer.descriptor.digest);
    this.#ranges = new BlobRanges(work, request);
    this.#tocs = new CachedToc(this.#ranges, request, this.#paths.toc);
  }

  async open(signal: AbortSignal): Promise<LayerFiles> {
    const cached = await this.#openCached();
    if (cached) return cached;
    if (!(await this.#listPartially(signal))) return await this.#whole(signal);
    return (await this.#openCached()) ?? (await this.#whole(signal));
  }

  async #openCached(): Promise<LayerFiles | undefined> {
    const verified = await this.#read(this.#paths);
    // A cached blob can be read and verified at no cost.
    if (verified || this.#request.verifiedOnly || (await this.#hasBlob())) return verified;
    return this.#read(await unverifiedPaths(this.#work.store, this.#request));
  }

  async #read(paths: LayerCachePaths): Promise<LayerFiles | undefined> {
    const listing = await LayerListing.open(paths.listing, this.#request.layer.descriptor.digest);
    return listing && (await this.#layer(listing, paths));
  }

  /** Returns `undefined` if a file that belongs to the listing is missing. */
  async #layer(listing: LayerListing, paths: LayerCachePaths): Promise<LayerFiles | undefined> {
    const readRange: BlobRanges['readOrDownload'] = (start, end, signal) =>
      this.#ranges.readOrDownload(start, end, signal);
    const { kind } = listing.facts;
    if (kind === 'toc') return await this.#tocs.layer(listing);
    if (kind === 'parts') return new PartsLayer(listing, readRange);
    if (kind === 'soci') {
      const spans = await readSpans(paths.spans);
      const engine = InflateEngine.load();
      return (
        spans && engine && new SpanLayer({ listing, spans, readRange, engine, whole: signal => this.#whole(signal) })
      );
    }
    return new BlobLayer({
      listing,
      blob: signal => downloadedBlob(this.#work, this.#request, signal),
      restartPoints: () => RestartPoints.read(paths.restartPoints),
      frames: () => ZstdRestartPoints.read(paths.restartPoints, paths.copy),
    });
  }

  async #whole(signal: AbortSignal): Promise<LayerFiles> {
    await readBlob(this.#work, this.#request, signal, this.#paths);
    const made = await this.#read(this.#paths);
    if (!made) throw new ListingLostError(this.#request.layer.descriptor.digest);
    return made;
  }

  /** Writes a listing without reading the whole layer. Returns false if that is not possible. */
  async #listPartially(signal: AbortSignal): Promise<boolean> {
    const toc = await this.#tocs.makeListing(signal);
    if (toc) await writeWholeFile(this.#paths.listing, toc);
    if (toc || (await this.#hasBlob())) return toc !== undefined;
    const partial = await partialListing(this.#work, this.#request, this.#ranges, signal);
    if (!partial) return false;
    const paths = partial.verified ? this.#paths : await unverifiedPaths(this.#work.store, this.#request);
    if (partial.spans) await writeWholeFile(paths.spans, partial.spans);
    await writeWholeFile(paths.listing, partial.listing);
    return true;
  }

  #hasBlob(): Promise<boolean> {
    const { digest, size } = this.#request.layer.descriptor;
    return this.#work.store.has(digest, size);
  }
}

import { BlobLayer } from '../browse/sources/blobLayer.ts';
import type { LayerFiles } from '../browse/sources/layerFiles.ts';
import { LayerIndex } from '../browse/listing/layerListing.ts';
import { PartsLayer } from '../browse/sources/partsLayer.ts';
import { RestartPoints } from '../browse/formats/restartPoints.ts';
import { SpanLayer } from '../browse/sources/spanLayer.ts';
import { ZstdPlaces } from '../browse/formats/zstdRestartPoints.ts';
import { Spans } from '../browse/formats/spans.ts';
import { writeWhole } from '../blobs/store.ts';
import { InflateEngine } from '../layers/compression/inflate/engine.ts';
import type { Digest } from '../oci/digest.ts';
import { BlobParts } from './blobRanges.ts';
import { cheapIndex } from './partialListing.ts';
import { KeptToc } from './cachedToc.ts';
import { doubtfulPaths, fetchedBlob, indexPaths, runPass, type BrowseRequest, type IndexPaths } from './layerPass.ts';
import type { Puller } from '../workers/puller.ts';

/**
 * Opens one layer for browsing, the cheapest way first: by the index that was kept when it was opened before, without any request; by the layer's own table of contents; by a SOCI index; by the
 * headers of a plain archive, of which files are then fetched one by one; else by one pass over its blob in a thread, which verifies it and keeps blob and index. What the index says of itself by
 * `verified` tells whether the image's digest vouches for it. @throws what a layer job throws
 */
export async function browseLayer(puller: Puller, request: BrowseRequest, signal: AbortSignal): Promise<LayerFiles> {
  return await new LayerOpener(puller, request).open(signal);
}

/** The index was written and could not be read again. */
export class IndexLostError extends Error {
  constructor(digest: Digest) {
    super(
      `The index of layer ${digest} was made, but cannot be read. Another program may have emptied the cache; try again.`,
    );
    this.name = 'IndexLostError';
  }
}

class LayerOpener {
  readonly #puller: Puller;
  readonly #request: BrowseRequest;
  readonly #paths: IndexPaths;
  readonly #parts: BlobParts;
  readonly #tocs: KeptToc;

  constructor(puller: Puller, request: BrowseRequest) {
    this.#puller = puller;
    this.#request = request;
    this.#paths = indexPaths(puller.store, request.layer.descriptor.digest);
    this.#parts = new BlobParts(puller, request);
    this.#tocs = new KeptToc(this.#parts, request, this.#paths.toc);
  }

  async open(signal: AbortSignal): Promise<LayerFiles> {
    const kept = await this.#kept();
    if (kept) return kept;
    if (!(await this.#makeCheap(signal))) return await this.#whole(signal);
    return (await this.#kept()) ?? (await this.#whole(signal));
  }

  async #kept(): Promise<LayerFiles | undefined> {
    const verified = await this.#read(this.#paths);
    // A blob that is there costs nothing to be read and verified.
    if (verified || this.#request.verifiedOnly || (await this.#hasBlob())) return verified;
    return this.#read(await doubtfulPaths(this.#puller.store, this.#request));
  }

  async #read(paths: IndexPaths): Promise<LayerFiles | undefined> {
    const index = await LayerIndex.open(paths.index, this.#request.layer.descriptor.digest);
    return index && (await this.#layer(index, paths));
  }

  /** `undefined` where a file that belongs to the index is lost: all is made anew then. */
  async #layer(index: LayerIndex, paths: IndexPaths): Promise<LayerFiles | undefined> {
    const readRange: BlobParts['always'] = (start, end, signal) => this.#parts.always(start, end, signal);
    const { kind } = index.facts;
    if (kind === 'toc') return await this.#tocs.layer(index);
    if (kind === 'parts') return new PartsLayer(index, readRange);
    if (kind === 'soci') {
      const spans = await Spans.read(paths.spans);
      const engine = InflateEngine.load();
      return (
        spans && engine && new SpanLayer({ index, spans, readRange, engine, whole: signal => this.#whole(signal) })
      );
    }
    return new BlobLayer({
      index,
      blob: signal => fetchedBlob(this.#puller, this.#request, signal),
      points: () => RestartPoints.read(paths.points),
      frames: () => ZstdPlaces.read(paths.points, paths.copy),
    });
  }

  async #whole(signal: AbortSignal): Promise<LayerFiles> {
    await runPass(this.#puller, this.#request, signal, this.#paths);
    const made = await this.#read(this.#paths);
    if (!made) throw new IndexLostError(this.#request.layer.descriptor.digest);
    return made;
  }

  /** False where there is no cheaper way than to read all of it. */
  async #makeCheap(signal: AbortSignal): Promise<boolean> {
    const toc = await this.#tocs.makeIndex(signal);
    if (toc) await writeWhole(this.#paths.index, toc);
    if (toc || (await this.#hasBlob())) return toc !== undefined;
    const cheap = await cheapIndex(this.#puller, this.#request, this.#parts, signal);
    if (!cheap) return false;
    const paths = cheap.verified ? this.#paths : await doubtfulPaths(this.#puller.store, this.#request);
    if (cheap.spans) await writeWhole(paths.spans, cheap.spans);
    await writeWhole(paths.index, cheap.index);
    return true;
  }

  #hasBlob(): Promise<boolean> {
    const { digest, size } = this.#request.layer.descriptor;
    return this.#puller.store.has(digest, size);
  }
}

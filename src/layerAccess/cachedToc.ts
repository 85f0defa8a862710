import { gunzipSync, gzipSync } from 'node:zlib';
import { pack, readContainer } from '../browse/formats/container.ts';
import type { LayerListing } from '../browse/listing/layerListing.ts';
import { Toc, type TocFormat } from '../browse/toc/toc.ts';
import { TocLayer } from '../browse/sources/tocLayer.ts';
import { findToc } from '../browse/toc/tocSource.ts';
import { writeWholeFile } from '../blobs/wholeFile.ts';
import type { BlobRanges } from './blobRanges.ts';
import type { BrowseRequest } from './layerPass.ts';

const MAGIC = 'PLT1';

interface Parsed {
  readonly toc: Toc;
  readonly format: TocFormat;
}

/** A layer's own table of contents, cached next to its listing. */
export class CachedToc {
  readonly #ranges: BlobRanges;
  readonly #request: BrowseRequest;
  readonly #path: string;
  #parsed: Promise<Parsed> | undefined;

  constructor(ranges: BlobRanges, request: BrowseRequest, path: string) {
    this.#ranges = ranges;
    this.#request = request;
    this.#path = path;
  }

  /** Returns the file of a listing made from the table, if the layer has a usable one. */
  async makeListing(signal: AbortSignal): Promise<Buffer | undefined> {
    const parsed = await this.#fetch(signal);
    if (!parsed) return undefined;
    this.#parsed = Promise.resolve(parsed);
    return parsed.toc.listing(this.#request.layer.descriptor.digest, this.#request.limits.maxEntries);
  }

  async layer(listing: LayerListing): Promise<TocLayer> {
    const container = await readContainer(this.#path, MAGIC);
    const format = container?.header['format'] === 'zstd:chunked' ? 'zstd:chunked' : 'estargz';
    return new TocLayer({
      listing,
      format,
      toc: async signal => (await this.#get(signal)).toc,
      readRange: (start, end, signal) => this.#ranges.readOrDownload(start, end, signal),
    });
  }

  async #get(signal: AbortSignal): Promise<Parsed> {
    this.#parsed ??= this.#load(signal);
    try {
      return await this.#parsed;
    } catch (error) {
      this.#parsed = undefined;
      throw error;
    }
  }

  async #load(signal: AbortSignal): Promise<Parsed> {
    const container = await readContainer(this.#path, MAGIC);
    const [text] = container?.parts ?? [];
    const { format, end } = container?.header ?? {};
    if (text && (format === 'estargz' || format === 'zstd:chunked')) {
      const toc = Toc.parse(gunzipSync(text).toString('utf8'), Number(end));
      if (toc) return { toc, format };
    }
    const fetched = await this.#fetch(signal);
    if (!fetched) throw new TocGoneError();
    return fetched;
  }

  async #fetch(signal: AbortSignal): Promise<Parsed | undefined> {
    const { descriptor } = this.#request.layer;
    const found = await findToc(descriptor, (start, end, reading) => this.#ranges.read(start, end, reading), signal);
    const toc = found && Toc.parse(found.text.toString('utf8'), found.end);
    if (!toc) return undefined;
    const { format, end } = found;
    await writeWholeFile(this.#path, pack(MAGIC, { format, end }, [gzipSync(found.text, { level: 1 })]));
    return { toc, format };
  }
}

/** A layer's table of contents, from which its listing was made, is no longer available. */
export class TocGoneError extends Error {
  constructor() {
    super("The layer's table of contents is no longer available from the registry. Clear the cache and try again.");
    this.name = 'TocGoneError';
  }
}

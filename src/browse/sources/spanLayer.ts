import { matchesDigest } from '../../oci/contentDigest.ts';
import { setImmediate } from 'node:timers/promises';
import { InvalidLayerError, TruncatedLayerError } from '../../layers/errors.ts';
import type { InflateEngine } from '../../layers/compression/inflate/engine.ts';
import { TarReader } from '../../layers/tar/tarReader.ts';
import { wasmGzip } from '../../layers/compression/wasmGzip.ts';
import type { Sink } from '../../oci/byteSource.ts';
import { FileDamagedError } from '../errors.ts';
import { withHoles } from './holes.ts';
import type { LayerFiles } from './layerFiles.ts';
import type { LayerListing } from '../listing/layerListing.ts';
import type { ListingEntry } from '../listing/layerEntries.ts';
import type { Span, Spans } from '../formats/spans.ts';

const BLOCK = 512;
/** Bytes inflated between two turns of the event loop. */
const CHUNK = 1 << 17;
/** Largest span to remember, in bytes: the next file often lies in it too. */
const REMEMBERED = 16 << 20;

export interface SpanLayerOptions {
  readonly listing: LayerListing;
  readonly spans: Spans;
  readonly readRange: (start: number, end: number, signal: AbortSignal) => Promise<Uint8Array>;
  readonly engine: InflateEngine;
  /** Reads and verifies the whole layer. */
  readonly whole: (signal: AbortSignal) => Promise<LayerFiles>;
}

/**
 * A gzip layer with a SOCI index. A file costs the spans it lies in. Each span is verified by its
 * digest before it is inflated, and the file's header in the archive must match the listing. If
 * either fails, the layer is read as a whole.
 */
export class SpanLayer implements LayerFiles {
  readonly listing: LayerListing;
  readonly #options: SpanLayerOptions;
  #last: { readonly at: number; readonly bytes: Uint8Array } | undefined;

  constructor(options: SpanLayerOptions) {
    this.listing = options.listing;
    this.#options = options;
  }

  async read(at: number, sink: Sink, signal: AbortSignal): Promise<void> {
    let begun = false;
    const write = (chunk: Uint8Array): void => {
      begun = true;
      sink.write(chunk);
    };
    try {
      await this.#read(at, { write }, signal);
    } catch (error) {
      // Bytes that were already handed out cannot be taken back.
      if (begun || !(error instanceof FileDamagedError)) throw error;
      await this.#readWhole(this.listing.path(at), sink, signal, error);
    }
  }

  async #readWhole(path: string, sink: Sink, signal: AbortSignal, error: FileDamagedError): Promise<void> {
    const layer = await this.#options.whole(signal);
    for (let at = layer.listing.count - 1; at >= 0; at--) {
      if (layer.listing.type(at) === 'file' && layer.listing.path(at) === path) return layer.read(at, sink, signal);
    }
    throw error;
  }

  async #read(at: number, sink: Sink, signal: AbortSignal): Promise<void> {
    const entry = this.listing.entry(at);
    if (entry.size === 0) return;
    const before = at === 0 ? undefined : this.listing.entry(at - 1);
    const start = before ? Math.ceil((before.offset + before.storedSize) / BLOCK) * BLOCK : 0;
    const file = new FileOfTar(entry, sink);
    try {
      await this.#inflate(start, file, entry.path, signal);
    } catch (error) {
      if (!(error instanceof InvalidLayerError || error instanceof TruncatedLayerError)) throw error;
      throw new FileDamagedError(entry.path, { cause: error });
    }
    if (!file.done) throw new FileDamagedError(entry.path);
  }

  /** Writes the archive from an offset on to `file`, until it has enough. */
  async #inflate(start: number, file: FileOfTar, path: string, signal: AbortSignal): Promise<void> {
    const { spans, engine } = this.#options;
    let at = Math.max(0, spans.numberAt(start));
    const from = spans.get(at);
    if (!from) return;
    let skip = start - from.out;
    const write = (chunk: Uint8Array): void => {
      const used = Math.min(skip, chunk.length);
      skip -= used;
      if (used < chunk.length && !file.done) file.write(chunk.subarray(used));
    };
    const decoder = wasmGzip(engine, { checksum: false, from })({ write });
    try {
      let fed = 0;
      for (let span: Span | undefined = from; span && !file.done; span = spans.get(++at)) {
        const first = Math.floor(span.in / 8);
        const bytes = await this.#span(at, span, path, signal);
        // Two spans may share the byte where one ends and the other starts.
        fed = (await feed(decoder, bytes, Math.max(0, fed - first), file, signal)) + first;
      }
    } finally {
      decoder.close();
    }
  }

  /** Reads and verifies a span. */
  async #span(at: number, span: Span, path: string, signal: AbortSignal): Promise<Uint8Array> {
    if (this.#last?.at === at) return this.#last.bytes;
    const bytes = await this.#options.readRange(Math.floor(span.in / 8), span.end, signal);
    // Whether the shared byte also belongs to the first span depends on the version of the tool.
    const short = bytes.subarray(0, -1);
    const verified = [bytes, short].find(part => matchesDigest(part, span.digest));
    if (!verified) throw new FileDamagedError(path);
    this.#last = verified.length <= REMEMBERED ? { at, bytes: verified } : undefined;
    return verified;
  }
}

/** Returns how many bytes it fed. */
async function feed(
  decoder: Sink,
  bytes: Uint8Array,
  from: number,
  file: FileOfTar,
  signal: AbortSignal,
): Promise<number> {
  for (let at = from; at < bytes.length && !file.done; at += CHUNK) {
    decoder.write(bytes.subarray(at, at + CHUNK));
    await setImmediate();
    signal.throwIfAborted();
  }
  return bytes.length;
}

/** Reads an archive from a header on, and passes on the content of its first entry. */
class FileOfTar implements Sink {
  readonly #reader: TarReader;
  #content: (Sink & { end(): void }) | undefined;
  #done = false;

  /** Writing throws {@link FileDamagedError} if the entry is not the wanted one. */
  constructor(wanted: ListingEntry, sink: Sink) {
    this.#reader = new TarReader({
      entry: entry => {
        if (this.#done) return;
        const same = entry.path === wanted.path && entry.type === 'file' && entry.size === wanted.size;
        if (!same) throw new FileDamagedError(wanted.path);
        this.#content = withHoles(entry, sink);
      },
      data: chunk => {
        if (!this.#done) this.#content?.write(chunk);
      },
      endEntry: () => {
        if (!this.#done) this.#content?.end();
        this.#done = true;
      },
    });
  }

  get done(): boolean {
    return this.#done;
  }

  write(chunk: Uint8Array): void {
    this.#reader.write(chunk);
  }
}

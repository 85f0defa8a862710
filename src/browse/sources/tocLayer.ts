import { matchesDigest } from '../../oci/contentDigest.ts';
import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { gunzip, zstdDecompress } from 'node:zlib';
import type { Sink } from '../../oci/byteSource.ts';
import { digestAlgorithm } from '../../oci/digest.ts';
import { FileDamagedError } from '../errors.ts';
import { withHoles } from './holes.ts';
import type { LayerFiles } from './layerFiles.ts';
import type { LayerListing } from '../listing/layerListing.ts';
import type { Toc, TocFormat, TocPiece } from '../toc/toc.ts';
import { isOfZlib, type ReadRange } from '../toc/tocSource.ts';

/** In eStargz, a stream also holds the headers of the entries after a file's content. */
const SLACK = 16 << 20;

export interface TocLayerOptions {
  readonly listing: LayerListing;
  readonly format: TocFormat;
  readonly toc: (signal: AbortSignal) => Promise<Toc>;
  readonly readRange: ReadRange;
}

/** A layer with a table of contents. A file costs its own ranges, verified by the table. */
export class TocLayer implements LayerFiles {
  readonly listing: LayerListing;
  readonly #options: TocLayerOptions;

  constructor(options: TocLayerOptions) {
    this.listing = options.listing;
    this.#options = options;
  }

  async read(at: number, sink: Sink, signal: AbortSignal): Promise<void> {
    const { path, offset, size } = this.listing.entry(at);
    const { pieces, digest } = (await this.#options.toc(signal)).file(offset);
    const hash = digest && createHash(digestAlgorithm(digest));
    let left = size;
    const write = (chunk: Uint8Array): void => {
      left -= chunk.length;
      if (left < 0) throw new FileDamagedError(path);
      hash?.update(chunk);
      sink.write(chunk);
    };
    for (const piece of pieces) {
      // Content without a digest is not shown.
      if (!digest && !piece.digest && !piece.zeros) throw new FileDamagedError(path);
      if (piece.zeros) withHoles({ size: Math.min(piece.size, left), sparse: [] }, { write }).end();
      else write(await this.#piece(piece, path, signal));
    }
    const actual = hash && digest && `${digestAlgorithm(digest)}:${hash.digest('hex')}`;
    if (left !== 0 || actual !== digest) throw new FileDamagedError(path);
  }

  async #piece(piece: TocPiece, path: string, signal: AbortSignal): Promise<Uint8Array> {
    const { start, end, inner, size, digest } = piece;
    const packed = await this.#options.readRange(start, end, signal);
    try {
      const unpack = this.#options.format === 'estargz' ? promisify(gunzip) : promisify(zstdDecompress);
      const bytes = await unpack(packed ?? Buffer.alloc(0), { maxOutputLength: inner + size + SLACK });
      const content = bytes.subarray(inner, inner + size);
      if (content.length !== size || (digest && !matchesDigest(content, digest))) throw new FileDamagedError(path);
      return content;
    } catch (error) {
      throw isOfZlib(error) ? new FileDamagedError(path, { cause: error }) : error;
    }
  }
}

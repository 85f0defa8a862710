import { deflateRawSync, inflateRawSync } from 'node:zlib';
import type { GzipPoint } from '../../layers/compression/inflate/inflate.ts';
import { isDigest, type Digest } from '../../oci/digest.ts';
import { pack, readContainer } from './container.ts';

/** A piece of a gzip layer that can be inflated by itself, and verified. */
export interface Span extends GzipPoint {
  /** Offset in the blob behind its last byte, which the next span may begin with. */
  readonly end: number;
  /** Of the bytes from the one that holds bit `in`. */
  readonly digest: Digest;
}

const MAGIC = 'PLS1';

/** The file in which a layer's spans are kept, each with its window compressed. */
export function packSpans(spans: readonly Span[]): Buffer {
  const places = spans.map(({ in: bits, out, end, digest }) => [bits, out, end, digest]);
  return pack(
    MAGIC,
    { places },
    spans.map(({ window }) => deflateRawSync(window, { level: 1 })),
  );
}

/** The spans of a layer, in the order of the archive. */
export class Spans {
  readonly #places: readonly Omit<Span, 'window'>[];
  readonly #windows: readonly Buffer[];

  private constructor(places: readonly Omit<Span, 'window'>[], windows: readonly Buffer[]) {
    this.#places = places;
    this.#windows = windows;
  }

  /** `undefined` when the file is missing or damaged. */
  static async read(path: string): Promise<Spans | undefined> {
    const container = await readContainer(path, MAGIC);
    const places = container?.header['places'];
    if (!container || !Array.isArray(places) || places.length !== container.parts.length) return undefined;
    const known = places.flatMap((place: unknown) => placeOf(place) ?? []);
    return known.length === places.length ? new Spans(known, container.parts) : undefined;
  }

  /** The number of the span in which a byte of the archive lies. */
  numberAt(offset: number): number {
    return Math.max(
      0,
      this.#places.findLastIndex(({ out }) => out <= offset),
    );
  }

  /** `undefined` behind the last one. */
  get(at: number): Span | undefined {
    const place = this.#places[at];
    const window = this.#windows[at];
    return place && window && { ...place, window: inflateRawSync(window) };
  }
}

function placeOf(place: unknown): Omit<Span, 'window'> | undefined {
  const [bits, out, end, digest]: readonly unknown[] = Array.isArray(place) ? place : [];
  return isDigest(digest) ? { in: Number(bits), out: Number(out), end: Number(end), digest } : undefined;
}

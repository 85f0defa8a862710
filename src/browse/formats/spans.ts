import { inflateRawSync } from 'node:zlib';
import type { GzipPoint } from '../../layers/compression/inflate/inflate.ts';
import { isDigest, type Digest } from '../../oci/digest.ts';
import { pack } from './container.ts';
import { packWindow, readPlaces } from './restartPoints.ts';

/** A piece of a gzip layer that can be verified and inflated on its own. */
export interface Span extends GzipPoint {
  /** Blob offset after its last byte, which the next span may share. */
  readonly end: number;
  /** Covers the bytes from the one that holds bit `in`. */
  readonly digest: Digest;
}

const MAGIC = 'PLS1';

/** Returns the content of a file for {@link Spans.read}. */
export function packSpans(spans: readonly Span[]): Buffer {
  const places = spans.map(({ in: bits, out, end, digest }) => [bits, out, end, digest]);
  return pack(
    MAGIC,
    { places },
    spans.map(({ window }) => packWindow(window)),
  );
}

/** A layer's spans in archive order. */
export class Spans {
  readonly #places: readonly Omit<Span, 'window'>[];
  readonly #windows: readonly Buffer[];

  private constructor(places: readonly Omit<Span, 'window'>[], windows: readonly Buffer[]) {
    this.#places = places;
    this.#windows = windows;
  }

  /** Returns `undefined` if the file is missing or damaged. */
  static async read(path: string): Promise<Spans | undefined> {
    const file = await readPlaces(path, MAGIC);
    const places = file?.places.flatMap(place => toPlace(place) ?? []);
    return file && places?.length === file.places.length ? new Spans(places, file.windows) : undefined;
  }

  /** Returns the number of the span that holds an archive offset. */
  numberAt(offset: number): number {
    return Math.max(
      0,
      this.#places.findLastIndex(({ out }) => out <= offset),
    );
  }

  /** Returns `undefined` after the last span. */
  get(at: number): Span | undefined {
    const place = this.#places[at];
    const window = this.#windows[at];
    return place && window && { ...place, window: inflateRawSync(window) };
  }
}

function toPlace(place: unknown): Omit<Span, 'window'> | undefined {
  const [bits, out, end, digest]: readonly unknown[] = Array.isArray(place) ? place : [];
  return isDigest(digest) ? { in: Number(bits), out: Number(out), end: Number(end), digest } : undefined;
}

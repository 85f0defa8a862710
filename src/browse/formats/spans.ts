import { isDigest, type Digest } from '../../oci/digest.ts';
import type { GzipPoint } from '../../layers/compression/inflate/inflate.ts';
import { pack } from './container.ts';
import { packWindow, RestartPoints, toPlace } from './restartPoints.ts';

/** A piece of a gzip layer that can be verified and inflated on its own. */
export interface Span extends GzipPoint {
  /** Blob offset after its last byte, which the next span may share. */
  readonly end: number;
  /** Covers the bytes from the one that holds bit `in`. */
  readonly digest: Digest;
}

/** A layer's spans in archive order. */
export type Spans = RestartPoints<Omit<Span, 'window'>>;

const MAGIC = 'PLS1';

/** Returns the content of a file for {@link readSpans}. */
export function packSpans(spans: readonly Span[]): Buffer {
  const places = spans.map(({ in: bits, out, end, digest }) => [bits, out, end, digest]);
  return pack(
    MAGIC,
    { places },
    spans.map(({ window }) => packWindow(window)),
  );
}

/** Returns `undefined` if the file is missing or damaged. */
export function readSpans(path: string): Promise<Spans | undefined> {
  return RestartPoints.readAs(path, MAGIC, place => {
    const [, , end, digest]: readonly unknown[] = Array.isArray(place) ? place : [];
    return isDigest(digest) ? { ...toPlace(place), end: Number(end), digest } : undefined;
  });
}

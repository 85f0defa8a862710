import type { Sink } from '../../oci/byteSource.ts';
import type { ListingEntry } from '../listing/layerEntries.ts';

const ZEROS = Buffer.alloc(1 << 16);

/** Fills the holes of a sparse file with zeros as its stored pieces are written. */
export function withHoles({ size, sparse }: Pick<ListingEntry, 'size' | 'sparse'>, out: Sink): Sink & { end(): void } {
  if (!sparse) return { write: chunk => out.write(chunk), end: () => undefined };
  let position = 0;
  let segment = 0;
  let used = 0;
  const fillTo = (end: number): void => {
    for (; position < end; position += Math.min(ZEROS.length, end - position))
      out.write(ZEROS.subarray(0, Math.min(ZEROS.length, end - position)));
  };
  return {
    write(chunk) {
      for (let at = 0; at < chunk.length;) {
        const piece = sparse[segment];
        if (!piece) return;
        fillTo(piece.offset + used);
        const count = Math.min(piece.length - used, chunk.length - at);
        out.write(chunk.subarray(at, at + count));
        at += count;
        used += count;
        position += count;
        if (used < piece.length) continue;
        segment += 1;
        used = 0;
      }
    },
    end: () => fillTo(size),
  };
}

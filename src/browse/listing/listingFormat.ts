import { crc32 } from 'node:zlib';
import type { JsonObject } from '../../oci/json.ts';
import { pack } from '../formats/container.ts';
import { NARROW_BYTES, type PageBytes, WIDE_BYTES } from './listingPage.ts';

/*
 * The file of a layer's index: a container, and behind it all entries' 64-bit fields, all their 32-bit fields, and all names, so that what is needed of a few entries can be read by itself. They are read
 * in pages. The container has the facts of the layer, a checksum for each page and where its names begin, and the tree, if it is kept.
 */

export const INDEX_MAGIC = 'PLI3';

/** Entries that are read at once. */
export const PAGE = 256;

export function pageSum({ wide, narrow, names }: PageBytes): number {
  return crc32(names, crc32(narrow, crc32(wide)));
}

/** Makes the file. @param header what it says of the layer @param tree what `packTree` made, or nothing */
export function indexFile(header: JsonObject, count: number, all: PageBytes, tree: readonly Uint8Array[]): Buffer {
  const sums = sumsOf(count, all);
  const parts = [new Uint8Array(sums.buffer), ...tree];
  const container = pack(INDEX_MAGIC, { ...header, count, names: all.names.length }, parts);
  return Buffer.concat([container, all.wide, all.narrow, all.names]);
}

function sumsOf(count: number, { wide, narrow, names }: PageBytes): Uint32Array<ArrayBuffer> {
  const sums = new Uint32Array(2 * Math.ceil(count / PAGE));
  let nameStart = 0;
  for (let page = 0; 2 * page < sums.length; page++) {
    const [first, end] = [page * PAGE, Math.min(count, (page + 1) * PAGE)];
    const nameEnd = narrow.readUInt32LE((end - 1) * NARROW_BYTES + 4);
    sums[2 * page] = pageSum({
      wide: wide.subarray(first * WIDE_BYTES, end * WIDE_BYTES),
      narrow: narrow.subarray(first * NARROW_BYTES, end * NARROW_BYTES),
      names: names.subarray(nameStart, nameEnd),
    });
    sums[2 * page + 1] = nameStart;
    nameStart = nameEnd;
  }
  return sums;
}

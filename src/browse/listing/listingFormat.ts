import { crc32 } from 'node:zlib';
import type { JsonObject } from '../../oci/json.ts';
import { pack } from '../formats/container.ts';
import { NARROW_BYTES, type BlockBytes, WIDE_BYTES } from './listingBlock.ts';

/*
 * The file of a layer's listing: a container, and behind it all entries' 64-bit fields, all their 32-bit fields, and all names, so that what is needed of a few entries can be read by itself. They are read
 * in blocks. The container has the facts of the layer, a checksum for each block and where its names begin, and the tree, if it is kept.
 */

export const LISTING_MAGIC = 'PLI4';

/** Entries that are read at once. */
export const BLOCK_ENTRIES = 256;

export function blockSum({ wide, narrow, names }: BlockBytes): number {
  return crc32(names, crc32(narrow, crc32(wide)));
}

/** Makes the file. @param header what it says of the layer @param tree what `packTree` made, or nothing */
export function listingFile(header: JsonObject, count: number, all: BlockBytes, tree: readonly Uint8Array[]): Buffer {
  const sums = sumsOf(count, all);
  const parts = [new Uint8Array(sums.buffer), ...tree];
  const container = pack(LISTING_MAGIC, { ...header, count, names: all.names.length }, parts);
  return Buffer.concat([container, all.wide, all.narrow, all.names]);
}

function sumsOf(count: number, { wide, narrow, names }: BlockBytes): Uint32Array<ArrayBuffer> {
  const sums = new Uint32Array(2 * Math.ceil(count / BLOCK_ENTRIES));
  let nameStart = 0;
  for (let block = 0; 2 * block < sums.length; block++) {
    const [first, end] = [block * BLOCK_ENTRIES, Math.min(count, (block + 1) * BLOCK_ENTRIES)];
    const nameEnd = narrow.readUInt32LE((end - 1) * NARROW_BYTES + 4);
    sums[2 * block] = blockSum({
      wide: wide.subarray(first * WIDE_BYTES, end * WIDE_BYTES),
      narrow: narrow.subarray(first * NARROW_BYTES, end * NARROW_BYTES),
      names: names.subarray(nameStart, nameEnd),
    });
    sums[2 * block + 1] = nameStart;
    nameStart = nameEnd;
  }
  return sums;
}

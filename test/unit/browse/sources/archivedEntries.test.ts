import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ArchivedEntries } from '../../../../src/browse/sources/archivedEntries.ts';
import { ListingBuilder, listingEntry } from '../../../../src/browse/listing/listingBuilder.ts';
import { LayerListing } from '../../../../src/browse/listing/layerListing.ts';
import { atOnce } from '../../../../src/browse/formats/slices.ts';
import { IMPLICIT_DIRECTORY, type EntryType } from '../../../../src/layers/tar/tarEntry.ts';

const digest = `sha256:${'a'.repeat(64)}` as const;

function listing(
  ...files: readonly (readonly [path: string, crc: number, size?: number, type?: EntryType])[]
): LayerListing {
  const builder = new ListingBuilder();
  for (const [path, crc, size = 1, type = 'file'] of files)
    builder.add({ ...listingEntry({ ...IMPLICIT_DIRECTORY, path, type, size, storedSize: size }, 0), crc });
  const read = LayerListing.read(builder.finish({ digest, kind: 'gzip' }), digest);
  return read ?? assert.fail('no listing');
}

function found(archive: LayerListing, listed: LayerListing): (number | undefined)[] {
  const entries = atOnce(ArchivedEntries.of(archive));
  return Array.from({ length: listed.count }, (_, at) => entries.find(listed, at)?.crc);
}

test('finds a file by its path, in any order and spelling', () => {
  const archive = listing(['./a', 1], ['./b//c', 2], ['landmark', 3], ['d', 4]);
  assert.deepEqual(found(archive, listing(['d', 0], ['b/c', 0], ['a', 0])), [4, 2, 1]);
});

test('finds the last of several entries, or each one in listings of the same order', () => {
  const archive = listing(['a', 1], ['a', 2]);
  assert.deepEqual(found(archive, listing(['a', 0])), [2]);
  assert.deepEqual(found(archive, listing(['a', 0], ['a', 0])), [1, 2]);
});

test('does not find entries that are missing, of another size, or not files', () => {
  const archive = listing(['size', 1, 2], ['link', 2, 1, 'hardlink']);
  assert.deepEqual(found(archive, listing(['none', 0], ['size', 0, 1], ['link', 0])), [
    undefined,
    undefined,
    undefined,
  ]);
});

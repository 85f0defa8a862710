import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ListingBuilder, listingEntry } from '../../../../src/browse/listing/listingBuilder.ts';
import { LayerListing } from '../../../../src/browse/listing/layerListing.ts';
import type { ListingFacts } from '../../../../src/browse/listing/layerEntries.ts';
import { MergedTree, type NumberedLayer } from '../../../../src/browse/tree/mergedTree.ts';
import { atOnce } from '../../../../src/browse/formats/slices.ts';
import { doubtfulPairs } from '../../../../src/insight/compare/doubtfulFiles.ts';
import { IMPLICIT_DIRECTORY, type TarEntry } from '../../../../src/layers/tar/tarEntry.ts';

type Described = Pick<TarEntry, 'path'> & Partial<TarEntry>;

const files: readonly Described[] = [
  { path: 'a', type: 'file', size: 1 },
  { path: 'b', type: 'hardlink', linkname: 'a' },
  { path: 'empty', type: 'file' },
  { path: 'link', type: 'symlink', linkname: 'a' },
  { path: 'other', type: 'file', size: 1 },
];

function treeOf(kind: ListingFacts['kind'], letter: string, entries: readonly Described[]): MergedTree {
  const digest = `sha256:${letter.repeat(64)}` as const;
  const builder = new ListingBuilder();
  for (const entry of entries) builder.add(listingEntry({ ...IMPLICIT_DIRECTORY, ...entry }, 0));
  const listing = LayerListing.read(builder.finish({ digest, kind }), digest) ?? assert.fail('no listing');
  const layer: NumberedLayer = { number: 1, files: { listing, read: () => assert.fail('was read') } };
  return MergedTree.of([layer]);
}

function doubtful(left: MergedTree, right: MergedTree): string[] {
  return atOnce(doubtfulPairs(left, right)).map(([one, other]) => `${one.path} ${other.path}`);
}

test('doubts files of equal path and size, but not empty files and links', () => {
  const grown = files.map(entry => (entry.path === 'other' ? { ...entry, size: 2 } : entry));
  assert.deepEqual(doubtful(treeOf('toc', 'a', files), treeOf('toc', 'b', grown)), ['a a', 'b b']);
});

test('does not doubt the same layer unless it is listed in another way', () => {
  assert.deepEqual(doubtful(treeOf('toc', 'a', files), treeOf('toc', 'a', files)), []);
  assert.deepEqual(doubtful(treeOf('toc', 'a', files), treeOf('gzip', 'a', files)), ['a a', 'b b', 'other other']);
});

test('doubts another entry of the same layer', () => {
  const twice: readonly Described[] = [...files, { path: 'a', type: 'file', size: 1 }];
  const [left, right] = [treeOf('gzip', 'a', files), treeOf('gzip', 'a', twice)];
  assert.deepEqual(doubtful(left, right), ['a a']);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GrowingLayer } from '../../../../src/browse/sources/growingLayer.ts';
import { ListingBuilder } from '../../../../src/browse/listing/listingBuilder.ts';
import { LayerListing } from '../../../../src/browse/listing/layerListing.ts';
import { layerTree } from '../../../../src/browse/listing/layerTree.ts';
import { pathsOf } from '../../browse/browsing.ts';
import type { Layer } from '../../../../src/oci/layer.ts';
import { OpeningTree, type FilesSoFar, type LayerReading } from '../../../../src/vscode/files/openingTree.ts';

const digestOf = (number: number): `sha256:${string}` => `sha256:${String(number).repeat(64)}`;
const layerOf = (number: number, size: number): Layer => ({
  number,
  descriptor: { mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip', digest: digestOf(number), size },
});
const none = (): Promise<never> => Promise.reject(new Error('is not asked for'));

function builderOf(...paths: readonly string[]): ListingBuilder {
  const builder = new ListingBuilder();
  const plain = { size: 0, storedSize: 0, mode: 0o644, uid: 0, gid: 0, mtime: 0, devMajor: 0, devMinor: 0, crc: 0 };
  for (const path of paths) builder.add({ ...plain, path, type: 'file', linkname: '', offset: 0 });
  return builder;
}

function readingOf(number: number, read: number, ...paths: readonly string[]): LayerReading {
  const files = new GrowingLayer(digestOf(number), none);
  files.add({ from: 0, part: builderOf(...paths).part(0) });
  return { files, read };
}

function open(opening: OpeningTree, layer: Layer, ...paths: readonly string[]): void {
  const { digest } = layer.descriptor;
  const listing = LayerListing.read(builderOf(...paths).finish({ digest, kind: 'gzip' }), digest);
  assert.ok(listing);
  opening.opened(layer, { listing, read: none }, layerTree(listing));
}

const told = (soFar: FilesSoFar | undefined): unknown =>
  soFar && [pathsOf(soFar.tree), soFar.found, `${soFar.read} of ${soFar.total}`];

test('reports what is known from the first layer being read until all are open', async () => {
  const [base, middle, top] = [layerOf(1, 100), layerOf(2, 50), layerOf(3, 10)];
  assert.ok(base && middle && top);
  const readings = new Map<number, LayerReading>();
  const opening = new OpeningTree([base, middle, top], ({ number }) => readings.get(number));
  assert.equal(await opening.soFar(), undefined);
  open(opening, top, 'etc/top', 'etc/both');
  assert.equal(await opening.soFar(), undefined, 'a layer that was known needs no reading');
  readings.set(1, readingOf(1, 20, 'etc/both', 'etc/base'));
  assert.deepEqual(told(await opening.soFar()), [['etc', 'etc/base', 'etc/both', 'etc/top'], 4, '30 of 160']);
  assert.deepEqual(told(await opening.soFar(3)), [['etc', 'etc/both', 'etc/top'], 2, '30 of 160']);
  assert.deepEqual(told(await opening.soFar(2)), [[], 0, '30 of 160'], 'its turn has not come');
  readings.clear();
  open(opening, base, 'etc/both', 'etc/base', 'etc/late');
  // Between two layers none is being read.
  assert.deepEqual(told(await opening.soFar()), [
    ['etc', 'etc/base', 'etc/both', 'etc/late', 'etc/top'],
    5,
    '110 of 160',
  ]);
  assert.deepEqual(
    opening.layers.map(({ number }) => number),
    [1, 3],
  );
});

test("reports no total if a layer's size is unknown", async () => {
  const layer = layerOf(1, -1);
  const opening = new OpeningTree([layer], () => readingOf(1, 20, 'a'));
  assert.deepEqual(told(await opening.soFar()), [['a'], 1, '20 of 0']);
});

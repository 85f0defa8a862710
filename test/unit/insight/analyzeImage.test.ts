import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LayerListing } from '../../../src/browse/listing/layerListing.ts';
import { LayerScan } from '../../../src/browse/listing/layerScan.ts';
import { analyzeImage } from '../../../src/insight/analyzeImage.ts';
import { DEFAULT_LIMITS } from '../../support/doubles.ts';
import type { Layer } from '../../../src/oci/layer.ts';
import { file, tar, whiteout, type Entry } from '../../support/tar.ts';

const DIGEST = `sha256:${'a'.repeat(64)}` as const;
const { signal } = new AbortController();

function listingOf(...entries: readonly Entry[]): LayerListing {
  const scan = new LayerScan(DIGEST, { limits: DEFAULT_LIMITS }, undefined);
  scan.write(tar(...entries));
  return LayerListing.read(scan.end().listing, DIGEST) ?? assert.fail('no listing');
}

const layerOf = (number: number): Layer => ({ number, descriptor: { mediaType: 'x', digest: DIGEST, size: 1 } });

test('finds the largest files, wasted space and likely secrets of all layers', async () => {
  const listings = [
    listingOf(
      file('app/.env', 'DB_PASSWORD=hunter2\n'),
      file('app/.env.local', '# none\n'),
      file('big', 'x'.repeat(99)),
    ),
    listingOf(whiteout('app/.env'), file('small', 'x')),
  ];
  const { space, secrets, largest, smaller, byLayer } = await analyzeImage(
    [layerOf(1), layerOf(2)],
    { listings: async layers => layers.map(({ number }) => listings[number - 1] ?? assert.fail('no such layer')) },
    signal,
  );
  assert.deepEqual(secrets, [{ path: 'app/.env', layer: 1, what: 'environment variables', line: 1, hidden: true }]);
  assert.deepEqual(
    largest.map(({ path, layer }) => [path, layer]),
    [
      ['big', 1],
      ['app/.env.local', 1],
      ['small', 2],
    ],
  );
  assert.deepEqual([smaller, space.hiddenBytes], [0, 20]);
  assert.deepEqual(
    byLayer.children.map(({ name, size }) => [name, size]),
    [
      ['Layer 1', 126],
      ['Layer 2', 1],
    ],
  );
});

test('fails if a layer cannot be read', async () => {
  const listings = async (): Promise<never> => Promise.reject(new Error('gone'));
  await assert.rejects(analyzeImage([layerOf(1)], { listings }, signal), /gone/);
});

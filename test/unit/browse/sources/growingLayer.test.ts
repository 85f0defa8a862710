import { setUpPulling } from '../../../support/pulling.ts';
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { GrowingLayer, type FoundEntries } from '../../../../src/browse/sources/growingLayer.ts';
import type { LayerFiles } from '../../../../src/browse/sources/layerFiles.ts';
import { ListingBuilder } from '../../../../src/browse/listing/listingBuilder.ts';
import { LayerListing } from '../../../../src/browse/listing/layerListing.ts';
import { MergedTree } from '../../../../src/browse/tree/mergedTree.ts';
import { DigestMismatchError } from '../../../../src/oci/mismatchErrors.ts';
import { openLayer } from '../../../../src/layerAccess/openLayer.ts';
import { image, layer, type BuiltLayer } from '../../../support/image.ts';
import { corrupt, drip } from '../../../support/registry/faults.ts';
import { directory, file, hardlink, opaque, symlink, whiteout } from '../../../support/tar.ts';

const { registry, pulling } = await setUpPulling();

const { signal } = new AbortController();
const none = (): Promise<never> => Promise.reject(new Error('not expected to be read'));

function pathsOf(files: LayerFiles, directory?: GrowingLayer['directory']): string[] {
  const tree = MergedTree.of([{ number: 1, files, ...(directory ? { directory } : {}) }]);
  return [...tree.walk()].map(node => `${node.path} ${node.facts.type} ${node.facts.size}`).toSorted();
}

/** Opens a layer, and records what was known of it after each report. */
async function follow(built: BuiltLayer): Promise<{ files: LayerFiles; seen: string[][]; found: FoundEntries[] }> {
  registry.store.put('grow', image({ layers: [built] }), 'latest');
  const resolved = await pulling.resolve(`${registry.host}/grow:latest`, 'linux/amd64');
  const [one] = resolved.layers;
  assert.ok(one);
  const growing = new GrowingLayer(built.digest, none);
  const seen: string[][] = [];
  const found: FoundEntries[] = [];
  const files = await openLayer(
    pulling.layerWork,
    {
      ...pulling.layerRequest(resolved, one),
      followed: true,
      onProgress: progress => {
        if (!progress.found) return;
        found.push(progress.found);
        growing.add(progress.found);
        seen.push(pathsOf(growing, growing.directory));
      },
    },
    signal,
  );
  return { files, seen, found };
}

function big(): BuiltLayer {
  const entries = Array.from({ length: 60 }, (_, at) => [
    directory(`d${at}/`),
    file(`d${at}/noise`, randomBytes(20_000)),
    symlink(`d${at}/link`, 'noise'),
  ]);
  return layer(entries.flat());
}

test('reports the files of a layer as a slow pass finds them', async () => {
  const built = big();
  registry.fault({ path: built.digest, method: 'GET' }, drip(16_000, 25));
  const { files, seen } = await follow(built);
  const whole = new Set(pathsOf(files));
  assert.equal(whole.size, 180);
  assert.ok(seen.length >= 3, `reported ${seen.length} times`);
  for (const paths of seen) for (const path of paths) assert.ok(whole.has(path), path);
  const counts = seen.map(paths => paths.length);
  assert.deepEqual(
    counts,
    counts.toSorted((a, b) => a - b),
  );
  assert.ok((counts[0] ?? 0) < 180 && (counts.at(-1) ?? 0) > (counts[0] ?? 0), counts.join());
});

test('drops what a pass reported before it started again', async () => {
  const built = big();
  registry.fault({ path: built.digest, method: 'GET', times: 1 }, corrupt());
  registry.fault({ path: built.digest, method: 'GET' }, drip(16_000, 5));
  const { files, seen, found } = await follow(built);
  assert.equal(found.filter(({ from }) => from === 0).length, 2);
  const whole = new Set(pathsOf(files));
  for (const path of seen.at(-1) ?? []) assert.ok(whole.has(path), path);
});

test('fails for a layer that stays damaged, whatever was reported before', async () => {
  const built = big();
  registry.fault({ path: built.digest, method: 'GET' }, corrupt());
  await assert.rejects(follow(built), DigestMismatchError);
});

test('grows, entry by entry, into the tree of the whole layer', () => {
  const digest = `sha256:${'0'.repeat(64)}` as const;
  const entries = [
    directory('usr/bin/'),
    file('usr/bin/tool', 'tool'),
    symlink('bin', 'usr/bin'),
    file('bin/behind', 'x'),
    file('.wh..wh.plnk/1.2', 'stored'),
    hardlink('one', '.wh..wh.plnk/1.2'),
    whiteout('gone'),
    opaque('var'),
    file('was-file', 'x'),
    directory('was-file/'),
    file('was-file/in', 'y'),
    hardlink('two', '.wh..wh.plnk/1.2'),
    directory('was-folder/'),
    file('was-folder/in', 'x'),
    file('was-folder', 'z'),
    file('n\u00e4me', 'x'),
  ];
  const builder = new ListingBuilder();
  const growing = new GrowingLayer(digest, none);
  let told = 0;
  for (const [at, { path, type = 'file', linkpath = '' }] of entries.entries()) {
    const plain = { size: 0, storedSize: 0, mode: 0o644, uid: 0, gid: 0, mtime: 0, devMajor: 0, devMinor: 0, crc: 0 };
    builder.add({ ...plain, path: String(path), type, linkname: String(linkpath), offset: at });
    // Adds one or two entries at a time.
    if (at % 3 === 1) continue;
    growing.add({ from: told, part: builder.part(told) });
    told = builder.count;
    assert.equal(growing.listing.count, told);
    assert.equal(growing.directory.children.has('.wh..wh.plnk'), false);
  }
  const listing = LayerListing.read(builder.finish({ digest, kind: 'none' }), digest);
  assert.ok(listing);
  const whole = { listing, read: none };
  assert.deepEqual(pathsOf(growing, growing.directory), pathsOf(whole));
  assert.deepEqual([...growing.directory.whiteouts], ['gone']);
  for (let at = 0; at < listing.count; at++) assert.deepEqual(growing.listing.entry(at), listing.entry(at));
});

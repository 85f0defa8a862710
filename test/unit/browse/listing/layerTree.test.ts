import assert from 'node:assert/strict';
import { lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { crc32 } from 'node:zlib';
import { LayerListing } from '../../../../src/browse/listing/layerListing.ts';
import { LayerScan } from '../../../../src/browse/listing/layerScan.ts';
import type { LayerDirectory } from '../../../../src/browse/listing/layerEntries.ts';
import { layerTree, LayerTreeBuilder } from '../../../../src/browse/listing/layerTree.ts';
import { DEFAULT_LIMITS } from '../../../support/doubles.ts';
import { directory, type Entry, file, hardlink, symlink, tar, whiteout } from '../../../support/tar.ts';
import { scratch, unpack } from '../../layers/unpacking.ts';

const DIGEST = `sha256:${'0'.repeat(64)}` as const;

function listingOf(entries: readonly Entry[]): LayerListing {
  const scan = new LayerScan(DIGEST, { limits: DEFAULT_LIMITS }, undefined);
  scan.write(tar(...entries));
  const listing = LayerListing.read(scan.end().listing, DIGEST);
  assert.ok(listing);
  return listing;
}

/** Returns the type of each path of a tree, without dangling hard links. */
function listed(listing: LayerListing, root: LayerDirectory = layerTree(listing), path = ''): Map<string, string> {
  const all = new Map<string, string>();
  for (const [name, node] of root.children) {
    const child = `${path}${name}`;
    if (node.kind === 'directory') {
      all.set(child, 'directory');
      for (const [below, kind] of listed(listing, node, `${child}/`)) all.set(below, kind);
    } else if (node.content !== undefined) all.set(child, listing.type(node.content));
  }
  return all;
}

/** Returns the same for a folder on disk. */
function found(folder: string, path = ''): Map<string, string> {
  const all = new Map<string, string>();
  for (const name of readdirSync(join(folder, path))) {
    const child = `${path}${name}`;
    const stat = lstatSync(join(folder, child));
    if (stat.isDirectory()) {
      all.set(child, 'directory');
      for (const [below, kind] of found(folder, `${child}/`)) all.set(below, kind);
    } else if (!stat.isCharacterDevice()) all.set(child, stat.isSymbolicLink() ? 'symlink' : 'file');
  }
  return all;
}

const sorted = (all: ReadonlyMap<string, string>): [string, string][] =>
  [...all].toSorted(([one], [other]) => (one < other ? -1 : 1));

/** Returns a random generator that repeats itself for the same seed. */
function chance(seed: number): (below: number) => number {
  let state = seed;
  return below => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/**
 * Returns entries with few names, so that files, directories and links replace and cross each
 * other.
 */
function wildEntries(seed: number): Entry[] {
  const next = chance(seed);
  const pick = <T>(values: readonly T[]): T => values[next(values.length)] as T;
  const path = (): string =>
    Array.from({ length: 1 + next(3) }, () => pick(['a', 'b', 'c', 'a', 'b', '.d', '..', '.'])).join('/');
  return Array.from({ length: 4 + next(12) }, () => {
    const name = `${pick(['', '', './', '/'])}${path()}`;
    switch (next(8)) {
      case 0:
      case 1:
        return directory(`${name}/`);
      case 2:
        return symlink(name, pick(['..', '.', 'a', '/b', 'b/c', '../a', 'c']));
      case 3:
        return hardlink(name, path());
      case 4:
        return whiteout(`${path()}/c`);
      default:
        return file(name, 'content');
    }
  });
}

test('builds the tree that extraction creates', t => {
  const place = scratch(t);
  let compared = 0;
  for (let seed = 1; seed <= 400; seed++) {
    const entries = wildEntries(seed);
    const folder = join(place, String(seed));
    let unpacked: string;
    try {
      unpacked = unpack(entries, folder).folder;
    } catch {
      continue; // Extraction refuses the whole archive.
    }
    const listing = listingOf(entries);
    const names = entries.map(entry => `${entry.type ?? 'file'} ${String(entry.path)} ${String(entry.linkpath ?? '')}`);
    assert.deepEqual(sorted(listed(listing)), sorted(found(unpacked)), `seed ${seed}:\n${names.join('\n')}`);
    // Reading the tree while it grows does not change the result.
    const builder = new LayerTreeBuilder(listing);
    for (let upTo = 0; upTo <= listing.count; upTo++) listed(listing, builder.grow(upTo));
    assert.deepEqual(sorted(listed(listing, builder.finish())), sorted(found(unpacked)), `seed ${seed}, growing`);
    compared += 1;
  }
  assert.ok(compared > 200, `only ${compared} archives could be compared`);
});

test('resolves chains of hard links that come before their file, in any order', () => {
  const links = Array.from({ length: 5000 }, (_, at) => hardlink(`link-${at}`, at < 4999 ? `link-${at + 1}` : 'file'));
  const mixed = links.toSorted((one, other) => crc32(String(one.path)) - crc32(String(other.path)));
  for (const order of [links, links.toReversed(), mixed])
    assert.equal(listed(listingOf([...order, file('file', 'content')])).size, 5001);
  assert.deepEqual([...listed(listingOf([hardlink('one', 'two'), hardlink('two', 'one')]))], []);
});

test('leaves out the entries that extraction leaves out', t => {
  const entries = [
    file('shown', 'x'),
    directory('folder/'),
    file('n'.repeat(256), 'x'),
    file('é'.repeat(128), 'x'),
    file('n'.repeat(255), 'x'),
    directory(`folder/${'d/'.repeat(6000)}`),
    file(`folder/${'n'.repeat(256)}/below`, 'x'),
    symlink('empty-target', ''),
    symlink('long-target', 'x'.repeat(4096)),
  ];
  const unpacked = unpack(entries, join(scratch(t), 'layer'));
  assert.deepEqual(sorted(listed(listingOf(entries))), sorted(found(unpacked.folder)));
});

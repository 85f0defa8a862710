import assert from 'node:assert/strict';
import { lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { LayerListing } from '../../../../src/browse/listing/layerListing.ts';
import { LayerScan } from '../../../../src/browse/listing/layerScan.ts';
import type { LayerDirectory } from '../../../../src/browse/listing/layerEntries.ts';
import { layerTree, LayerTreeBuilder } from '../../../../src/browse/listing/layerTree.ts';
import { DEFAULT_LIMITS } from '../../../../src/layers/unpack/unpack.ts';
import { directory, type Entry, file, hardlink, symlink, tar, whiteout } from '../../../support/tar.ts';
import { scratch, unpack } from '../../layers/unpacking.ts';

const DIGEST = `sha256:${'0'.repeat(64)}` as const;

function indexOf(entries: readonly Entry[]): LayerListing {
  const scan = new LayerScan(DIGEST, { limits: DEFAULT_LIMITS }, undefined);
  scan.write(tar(...entries));
  const listing = LayerListing.read(scan.end().listing, DIGEST);
  assert.ok(listing);
  return listing;
}

/** Every path of a tree with what is there. Hard links to nothing are nothing. */
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

/** The same of a folder on the disk. */
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

/** The same numbers for the same seed. */
function chance(seed: number): (below: number) => number {
  let state = seed;
  return below => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/** Archives in which few names meet in every way: files in the place of folders, folders in that of files, links on the way, detours. */
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

test('the tree of a layer is the one that extraction makes', t => {
  const place = scratch(t);
  let compared = 0;
  for (let seed = 1; seed <= 400; seed++) {
    const entries = wildEntries(seed);
    const folder = join(place, String(seed));
    let unpacked: string;
    try {
      unpacked = unpack(entries, folder).folder;
    } catch {
      continue; // What extraction refuses as a whole has no tree.
    }
    const listing = indexOf(entries);
    const names = entries.map(entry => `${entry.type ?? 'file'} ${String(entry.path)} ${String(entry.linkpath ?? '')}`);
    assert.deepEqual(sorted(listed(listing)), sorted(found(unpacked)), `seed ${seed}:\n${names.join('\n')}`);
    // Who looks while it grows sees the same in the end.
    const builder = new LayerTreeBuilder(listing);
    for (let upTo = 0; upTo <= listing.count; upTo++) listed(listing, builder.grow(upTo));
    assert.deepEqual(sorted(listed(listing, builder.finish())), sorted(found(unpacked)), `seed ${seed}, growing`);
    compared += 1;
  }
  assert.ok(compared > 200, `only ${compared} archives were fit to be compared`);
});

test('hard links that stand before their file are tied, as far back as extraction does it', t => {
  // Each links to the one behind it, and only the last one to a file.
  const links = Array.from({ length: 40 }, (_, at) => hardlink(`link-${at}`, at < 39 ? `link-${at + 1}` : 'file'));
  const entries = [...links, file('file', 'content')];
  const tied = found(unpack(entries, join(scratch(t), 'layer')).folder);
  assert.ok(tied.has('link-39') && !tied.has('link-0'));
  assert.deepEqual(sorted(listed(indexOf(entries))), sorted(tied));
});

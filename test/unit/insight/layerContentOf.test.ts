import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crc32 } from 'node:zlib';
import { LayerListing } from '../../../src/browse/listing/layerListing.ts';
import { LayerScan } from '../../../src/browse/listing/layerScan.ts';
import { atOnce } from '../../../src/browse/formats/slices.ts';
import type { LayerContent } from '../../../src/insight/layerContent.ts';
import { layerContentOf } from '../../../src/insight/layerContentOf.ts';
import { DEFAULT_LIMITS } from '../../support/doubles.ts';
import { directory, file, hardlink, opaque, symlink, tar, whiteout, type Entry } from '../../support/tar.ts';

const DIGEST = `sha256:${'a'.repeat(64)}` as const;

function contentOf(...entries: readonly Entry[]): LayerContent {
  const scan = new LayerScan(DIGEST, { limits: DEFAULT_LIMITS }, undefined);
  scan.write(tar(...entries));
  const listing = LayerListing.read(scan.end().listing, DIGEST);
  assert.ok(listing);
  return atOnce(layerContentOf(listing, 3));
}

test('lists files, folders and links with plain paths, their layer and content checksum', () => {
  const { number, entries } = contentOf(
    directory('./etc/', { mode: 0o750, uid: 1, gid: 2 }),
    file('/etc/motd', 'hello', { mode: 0o600 }),
    symlink('link', '/etc/motd'),
    hardlink('etc/same', 'etc/motd'),
  );
  assert.equal(number, 3);
  const found = new Map(entries.map(({ path, ...rest }) => [path, rest]));
  assert.deepEqual([...found.keys()].sort(), ['etc', 'etc/motd', 'etc/same', 'link']);
  assert.deepEqual(found.get('etc'), {
    type: 'directory',
    size: 0,
    mode: 0o750,
    uid: 1,
    gid: 2,
    linkname: '',
    layer: 3,
  });
  assert.equal(found.get('etc/motd')?.content, `crc32:${crc32('hello')}`);
  assert.equal(found.get('etc/motd')?.size, 5);
  assert.equal(found.get('etc/same')?.type, 'hardlink');
  assert.equal(found.get('etc/same')?.linkname, 'etc/motd');
  assert.equal(found.get('link')?.linkname, '/etc/motd');
});

test('lists deletions by what they delete', () => {
  const {
    entries,
    deleted,
    opaque: cleared,
  } = contentOf(whiteout('a/b'), whiteout('c'), opaque('d'), file('d/new', 'x'));
  assert.deepEqual([...deleted].sort(), ['a/b', 'c']);
  assert.deepEqual(cleared, ['d']);
  assert.deepEqual(
    entries.map(({ path }) => path),
    ['d/new'],
  );
});

test('follows links of the layer, and omits what leaves the image', () => {
  const { entries } = contentOf(
    directory('usr/lib/'),
    symlink('lib', 'usr/lib'),
    file('lib/a', 'x'),
    file('../out', 'x'),
  );
  assert.deepEqual(entries.map(({ path }) => path).sort(), ['lib', 'usr/lib', 'usr/lib/a']);
});

test('keeps a hard link to a file of a lower layer', () => {
  const { entries } = contentOf(hardlink('a', 'below'));
  assert.deepEqual(
    entries.map(({ path, type, linkname }) => [path, type, linkname]),
    [['a', 'hardlink', 'below']],
  );
});

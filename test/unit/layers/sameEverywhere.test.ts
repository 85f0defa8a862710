import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import test, { suite, type TestContext } from 'node:test';
import { LayerListing } from '../../../src/browse/listing/layerListing.ts';
import { LayerScan } from '../../../src/browse/listing/layerScan.ts';
import { MergedTree } from '../../../src/browse/tree/mergedTree.ts';
import { writeRootfsTar } from '../../../src/export/rootfsTar.ts';
import { fixAcrossLayers } from '../../../src/layers/unpack/fixAcrossLayers.ts';
import { mergeLayers } from '../../../src/layers/unpack/merge.ts';
import type { BlobSource } from '../../../src/oci/byteSource.ts';
import type { Layer } from '../../../src/oci/layer.ts';
import { image, layer } from '../../support/image.ts';
import { writeLayout } from '../../support/layout.ts';
import { device, directory, type Entry, fifo, file, hardlink, opaque, symlink, whiteout } from '../../support/tar.ts';
import { firstOf, requireRoot, requireTool } from '../../support/tools.ts';
import { type EntryFacts, readTree } from '../../support/tree.ts';
import { LIMITS, scratch, unpack } from './unpacking.ts';

/** Each path with its kind, and what tells contents apart: a file's size, a link's target. */
type View = Readonly<Record<string, string>>;
type Layers = readonly (readonly Entry[])[];

let made = 0;
/** A file of its own size, by which it is known again. */
function content(path: string, more: Partial<Entry> = {}): Entry {
  return file(path, 'x'.repeat(++made), more);
}

function viewOf(tree: ReadonlyMap<string, EntryFacts>): View {
  const lines = [...tree].filter(([path]) => path !== '.').map(([path, facts]) => [path, shown(facts)] as const);
  return Object.fromEntries(lines);
}

function shown({ type, size, linkname }: Pick<EntryFacts, 'type' | 'size' | 'linkname'>): string {
  if (type === 'file') return `file ${size}`;
  return type === 'symlink' ? `symlink ${linkname}` : type;
}

function mounted(layers: Layers, place: string): { readonly view: View; readonly warnings: readonly string[] } {
  const folders = layers.map((entries, index) => unpack(entries, join(place, String(index + 1))).folder);
  const files = folders.map(folder => ({ folder, sidecar: `${folder}.json` }));
  const warnings = fixAcrossLayers(files);
  assert.deepEqual(fixAcrossLayers(files), [], 'a second time there is nothing to do');
  for (const name of ['empty', 'mounted', 'seen']) mkdirSync(join(place, name));
  const lower = [...folders.toReversed(), join(place, 'empty')].join(':');
  const script =
    'mount -t overlay overlay -o "userxattr,lowerdir=$1" "$2" && tar --xattrs -cf "$3" -C "$2" . && tar -xpf "$3" -C "$4"';
  const [at, copy, seen] = ['mounted', 'copy.tar', 'seen'].map(name => join(place, name));
  const command = ['--mount', '--propagation', 'private', 'sh', '-ec', script, 'sh', lower];
  execFileSync('unshare', [...command, at, copy, seen].map(String));
  return { view: viewOf(readTree(join(place, 'seen'))), warnings };
}

function imageOf(layers: Layers): {
  readonly source: BlobSource;
  readonly layers: Layer[];
  write(folder: string): void;
} {
  const built = image({ layers: layers.map(entries => layer(entries)) });
  const blobs = new Map(built.blobs.map((blob, index) => [index, blob]));
  return {
    source: {
      read: async ({ digest }, from, sink) => {
        const blob = built.layers.find(item => item.digest === digest)?.blob ?? blobs.get(0);
        sink.write((blob ?? Buffer.alloc(0)).subarray(from));
      },
      readRange: async () => undefined,
    },
    layers: built.layers.map(({ digest, diffId, blob }, index) => ({
      number: index + 1,
      diffId,
      descriptor: { mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip', digest, size: blob.length },
    })),
    write: folder => writeLayout(folder, built, 'latest'),
  };
}

async function merged(layers: Layers, folder: string): Promise<View> {
  const { source, layers: list } = imageOf(layers);
  await mergeLayers(source, list, { folder, limits: LIMITS }, AbortSignal.timeout(60_000));
  return viewOf(readTree(folder));
}

async function flat(layers: Layers, place: string): Promise<View> {
  const { source, layers: list } = imageOf(layers);
  const archive = join(place, 'flat.tar');
  await writeRootfsTar(source, list, { file: archive, limits: LIMITS }, AbortSignal.timeout(60_000));
  const folder = join(place, 'flat');
  mkdirSync(folder);
  execFileSync('tar', ['-xpf', archive, '-C', folder]);
  return viewOf(readTree(folder));
}

/** @param keep whether the tree is read from what the listing stores, or made from its entries */
function listed(layers: Layers, keep: boolean): View {
  const digest = `sha256:${'0'.repeat(64)}` as const;
  const numbered = layers.map((entries, index) => {
    const scan = new LayerScan(digest, { limits: LIMITS }, undefined);
    scan.write(layer(entries).tar);
    const listing = LayerListing.read(scan.end().listing, digest) ?? assert.fail();
    assert.ok(listing.tree);
    const made = keep
      ? listing
      : new Proxy(listing, { get: (of, key) => (key === 'tree' ? undefined : bound(of, key)) });
    return { number: index + 1, files: { listing: made, read: async () => assert.fail() } };
  });
  const tree = MergedTree.of(numbered);
  const lines = [...tree.walk()].map(node => {
    const { type, size, linkname } = node.facts;
    return [node.path, shown({ type, size, ...(linkname === undefined ? {} : { linkname }) })] as const;
  });
  return Object.fromEntries(lines);
}

function bound(of: object, key: string | symbol): unknown {
  const value: unknown = Reflect.get(of, key, of);
  return typeof value === 'function' ? value.bind(of) : value;
}

function umoci(layers: Layers, place: string): View {
  const layout = join(place, 'layout');
  imageOf(layers).write(layout);
  execFileSync('umoci', ['raw', 'unpack', '--image', `${layout}:latest`, join(place, 'umoci')], { stdio: 'pipe' });
  return viewOf(readTree(join(place, 'umoci')));
}

async function checkSame(t: TestContext, layers: Layers, options: { readonly umoci: boolean }): Promise<View> {
  const place = scratch(t);
  const expected = options.umoci ? umoci(layers, place) : await flat(layers, place);
  if (options.umoci) assert.deepEqual(await flat(layers, place), expected, 'flat tar');
  assert.deepEqual(listed(layers, true), expected, 'listing');
  assert.deepEqual(listed(layers, false), expected, 'tree made from a listing');
  const mount = mounted(layers, place);
  // Devices exist only once root has restored them.
  const shows = Object.entries(expected).filter(([, kind]) => kind !== 'char' && kind !== 'block');
  assert.deepEqual(mount.view, Object.fromEntries(shows), 'mount');
  assert.deepEqual(await merged(layers, join(place, 'merged')), Object.fromEntries(shows), 'merged folder');
  if (options.umoci) assert.deepEqual(mount.warnings, []);
  return expected;
}

const BASE: readonly Entry[] = [
  content('f'),
  content('d/f'),
  symlink('s', 'd/f'),
  symlink('sd', 'd'),
  fifo('pipe'),
  device('null', 'char', 1, 3),
  device('disk', 'block', 8, 1),
];

/** Images that umoci unpacks. */
const AS_UMOCI: Readonly<Record<string, Layers>> = {
  'links to files, symlinks, FIFOs and devices of lower layers': [
    BASE,
    [hardlink('a', 'f'), hardlink('b', 's'), hardlink('c', 'pipe'), hardlink('e', 'null'), hardlink('g', 'disk')],
  ],
  'links to FIFOs and devices of the same layer': [[...BASE, hardlink('c', 'pipe'), hardlink('e', 'null')]],
  'links through a directory symlink of a lower layer': [BASE, [hardlink('new/a', 'sd/f')]],
  'links through a directory symlink of the same layer': [BASE, [symlink('to', 'd'), hardlink('a', 'to/f')]],
  'links to links into lower layers': [BASE, [hardlink('a', 'f'), hardlink('b', 'a'), hardlink('d/c', 'b')]],
  'links to links to FIFOs and devices of lower layers': [
    BASE,
    [hardlink('a', 'pipe'), hardlink('b', 'a'), hardlink('x', 'null'), hardlink('y', 'x')],
  ],
  'chains of links over many layers': [
    BASE,
    [hardlink('a', 'f')],
    [hardlink('b', 'a')],
    [hardlink('c', 'b'), hardlink('e', 'c')],
    [hardlink('z', 'e')],
  ],
  'long chains of links': [BASE, [hardlink('l0', 'f'), ...chain(40)]],
  'a link whose target comes later in its layer, too': [[content('t')], [hardlink('a', 't'), content('t')]],
  'links to links whose target comes later in their layer, too': [
    [content('t')],
    [hardlink('a', 't'), hardlink('b', 'a'), content('t'), hardlink('c', 'b'), hardlink('e', 't')],
  ],
  'links between files of lower layers that are replaced': [
    [content('a'), content('b')],
    [hardlink('c', 'a'), content('a'), hardlink('b', 'a')],
  ],
  'a link whose target comes later in its layer as a symlink': [
    [content('t'), content('x')],
    [hardlink('a', 't'), symlink('t', 'x')],
  ],
  'links in reverse order whose targets are in a lower layer, too': [
    [content('l0'), content('l1'), content('l2')],
    [hardlink('l3', 'l2'), hardlink('l2', 'l1'), hardlink('l1', 'l0')],
  ],
  'a link over a file of a lower layer': [[content('a'), content('b')], [hardlink('a', 'b')]],
  'a link over a directory of a lower layer': [BASE, [hardlink('d', 'f')]],
  'a link to a file that a higher layer deletes': [BASE, [hardlink('a', 'd/f')], [whiteout('d')]],
  'a link to a file that its layer deletes afterwards': [BASE, [hardlink('a', 'd/f'), whiteout('d/f')]],
  'directories that no layer describes': [
    [content('a/b/c')],
    [content('a/b/d')],
    [whiteout('a/b/c'), content('a/e/f')],
  ],
};

function chain(length: number): Entry[] {
  return Array.from({ length }, (_, index) => hardlink(`l${index + 1}`, `l${index}`));
}

/** Images that umoci refuses, or unpacks unlike overlayfs: the mount's answer counts. */
const AS_MOUNTED: Readonly<Record<string, readonly [Layers, ...string[]]>> = {
  'a file below a symlink of a lower layer': [
    [[content('usr/lib/a'), symlink('lib', 'usr/lib')], [content('lib/x')]],
    'lib directory',
    'lib/x file',
    'usr directory',
    'usr/lib directory',
    'usr/lib/a file',
  ],
  'a file below a symlink of its layer': [
    [[content('usr/lib/a')], [symlink('lib', 'usr/lib'), content('lib/x')]],
    'lib symlink',
    'usr directory',
    'usr/lib directory',
    'usr/lib/a file',
    'usr/lib/x file',
  ],
  'deletions below a symlink of a lower layer': [
    [[content('usr/lib/a'), symlink('lib', 'usr/lib')], [whiteout('lib/a')]],
    'lib directory',
    'usr directory',
    'usr/lib directory',
    'usr/lib/a file',
  ],
  'a deletion in a directory that does not exist': [[[content('a')], [whiteout('b/c')]], 'a file', 'b directory'],
  'a chain of links in reverse order': [[[...chain(40).reverse(), content('l0')]], ...names(41)],
  'a chain of links in reverse order into a lower layer': [[[content('l0')], chain(40).reverse()], ...names(41)],
  'a chain of links in reverse order, one name of which is in a lower layer, too': [
    [[content('l0'), content('l20')], chain(40).reverse()],
    ...names(41),
  ],
  'a chain of links in reverse order to a file of its layer, one name of which is in a lower layer, too': [
    [[content('l20')], [...chain(40).reverse(), content('l0')]],
    ...names(41),
  ],
  'links in a circle': [[[content('f')], [hardlink('a', 'b'), hardlink('b', 'c'), hardlink('c', 'a')]], 'f file'],
  'a link to nothing, over a file': [[[content('a')], [hardlink('a', 'nothing')]]],
  'a link to a file that its layer deleted before': [
    [
      [content('a'), content('b')],
      [whiteout('a'), hardlink('b', 'a')],
    ],
  ],
  'a link into a directory that its layer emptied before': [
    [[content('d/a')], [opaque('d'), hardlink('b', 'd/a'), content('d/c')]],
    'd directory',
    'd/c file',
  ],
  'a link whose target comes in a higher layer': [
    [[content('a')], [hardlink('l', 't')], [content('t')]],
    'a file',
    't file',
  ],
  'a file that becomes a directory within a layer': [
    [[content('d/a')], [content('d'), content('d/b')]],
    'd directory',
    'd/b file',
  ],
  'a file that becomes a described directory within a layer': [
    [[content('d/a')], [content('d'), directory('d/'), content('d/b')]],
    'd directory',
    'd/b file',
  ],
};

function names(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `l${index} file`).toSorted();
}

const skip = firstOf(requireRoot(), requireTool('tar', 'getfattr', 'mount', 'unshare', 'mknod'));

suite('mount, merged folder, flat tar and listing show the same', { skip }, () => {
  for (const [name, layers] of Object.entries(AS_UMOCI)) {
    test(`as umoci unpacks: ${name}`, { skip: requireTool('umoci') }, async t => {
      await checkSame(t, layers, { umoci: true });
    });
  }
  for (const [name, [layers, ...expected]] of Object.entries(AS_MOUNTED)) {
    test(name, async t => {
      const seen = await checkSame(t, layers, { umoci: false });
      const kinds = Object.entries(seen).map(([path, kind]) => `${path} ${kind.split(' ')[0]}`);
      assert.deepEqual(kinds, expected);
    });
  }
});
